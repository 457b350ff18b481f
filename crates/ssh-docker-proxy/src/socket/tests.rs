use std::io::Read;

use super::*;

fn place_in(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("d.sock")
}

#[test]
fn the_socket_is_private_and_goes_with_its_owner() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = place_in(&directory);
    let socket = bind(&path).unwrap();
    assert_eq!(std::fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "socket and lock file only: {names:?}");
    let mut client = UnixStream::connect(&path).unwrap();
    drop(socket.listener.accept().unwrap());
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    drop(socket);
    assert!(!path.exists());
}

#[test]
fn a_live_socket_is_left_alone() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = place_in(&directory);
    let first = bind(&path).unwrap();
    assert_eq!(bind(&path).unwrap_err().code(), "socket_locked");
    drop(first);
    let _other = UnixListener::bind(&path).unwrap();
    assert_eq!(bind(&path).unwrap_err().code(), "socket_in_use");
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_stale_socket_is_replaced() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = place_in(&directory);
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let _socket = bind(&path).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn what_is_no_socket_of_ours_is_left_alone() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = place_in(&directory);
    std::fs::write(&path, "precious").unwrap();
    assert_eq!(bind(&path).unwrap_err().code(), "socket_path_taken");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/elsewhere", &path).unwrap();
    assert_eq!(bind(&path).unwrap_err().code(), "socket_path_taken");
    std::fs::remove_file(&path).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    // Only root can make a socket of another user, so the refusal is seen only where the tests run as root.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::lchown(&path, Some(65534), None).unwrap();
        assert_eq!(bind(&path).unwrap_err().code(), "socket_foreign");
        assert!(path.exists());
    }
}

#[test]
fn what_is_no_lock_file_of_ours_is_refused_without_waiting() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = place_in(&directory);
    let lock = directory.path().join("d.sock.lock");
    let made = std::process::Command::new("mkfifo").arg(&lock).status().unwrap();
    assert!(made.success());
    let refused = |path: &Path| bind(path).unwrap_err();
    let (sender, answer) = std::sync::mpsc::channel();
    // Opening a pipe that nobody reads would wait for ever, so it is tried where it can be given up.
    let tried = path.clone();
    std::thread::spawn(move || sender.send(refused(&tried).code()));
    assert_eq!(answer.recv_timeout(std::time::Duration::from_secs(10)), Ok("socket_lock_taken"));
    // With a reader it can be opened, and is still no lock file.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let reader = OpenOptions::new().read(true).custom_flags(flags).open(&lock).unwrap();
    assert_eq!(refused(&path).code(), "socket_lock_taken");
    drop(reader);
    std::fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink("/dev/null", &lock).unwrap();
    assert_eq!(refused(&path).code(), "socket_lock_taken");
    std::fs::remove_file(&lock).unwrap();
    std::fs::write(&lock, "").unwrap();
    // Only root can make a file of another user, so the refusal is seen only where the tests run as root.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::lchown(&lock, Some(65534), None).unwrap();
        let error = refused(&path);
        assert_eq!(error.code(), "socket_lock_foreign");
        assert!(error.to_string().contains("d.sock.lock belongs to another user (uid 65534)"), "{error}");
    }
    assert!(!path.exists());
}

#[test]
fn a_later_socket_at_the_same_path_is_not_removed() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = place_in(&directory);
    let socket = bind(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let _later = UnixListener::bind(&path).unwrap();
    drop(socket);
    UnixStream::connect(&path).unwrap();
}

#[test]
fn bad_paths_are_named() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let missing = directory.path().join("none/d.sock");
    assert_eq!(bind(&missing).unwrap_err().code(), "socket_directory_missing");
    let long = directory.path().join("l".repeat(100));
    let error = bind(&long).unwrap_err();
    assert_eq!(error.code(), "socket_path_too_long");
    assert!(!error.retryable() && error.to_string().contains("at most 107"), "{error}");
}
