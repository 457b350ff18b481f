//! Lists in the form that `ioreg -n Root -d1 -a` prints on macOS 14, written by hand and shortened.

use super::*;

const UNLOCKED: &str = include_str!("testdata/unlocked.plist");
const LOCKED: &str = include_str!("testdata/locked.plist");
const TWO_USERS: &str = include_str!("testdata/two_users.plist");
const LOGIN_WINDOW: &str = include_str!("testdata/login_window.plist");

#[test]
fn a_locked_screen_is_told_from_an_open_one() {
    assert_eq!(is_locked(LOCKED, 501), Some(true));
    assert_eq!(is_locked(UNLOCKED, 501), Some(false));
}

#[test]
fn the_time_of_the_lock_is_enough() {
    let with_time = LOCKED.replace("<key>CGSSessionScreenIsLocked</key>\n\t\t\t<true/>\n", "");
    assert_ne!(with_time, LOCKED);
    assert_eq!(is_locked(&with_time, 501), Some(true));
}

#[test]
fn everybody_has_a_lock_of_their_own() {
    // The first has locked the screen and the second has logged in since.
    assert_eq!(is_locked(TWO_USERS, 501), Some(true));
    assert_eq!(is_locked(TWO_USERS, 502), Some(false));
    // Whoever is not at the screen at all sees what is on the console.
    assert_eq!(is_locked(TWO_USERS, 503), Some(false));
}

#[test]
fn nobody_at_the_login_window_has_locked_anything() {
    assert_eq!(is_locked(LOGIN_WINDOW, 501), Some(false));
}

#[test]
fn what_is_no_list_of_sessions_is_not_taken_for_an_open_screen() {
    for text in ["", "<plist><dict></dict></plist>", "<key>IOConsoleUsers</key><string>none</string>", "<<<>>>"] {
        assert_eq!(is_locked(text, 501), None, "{text}");
    }
}

#[test]
fn half_a_list_is_not_taken_for_an_open_screen() {
    let whole = LOCKED.find("</array>").unwrap() + "</array>".len();
    for end in 0..LOCKED.len() {
        assert_eq!(is_locked(&LOCKED[..end], 501), (end >= whole).then_some(true), "cut off at {end}");
    }
}

/// A program that prints the recording and ends with `status`. Another process writes it, since a file that this one had
/// open for writing might not be run: any child that is started at that moment has it open too.
fn program(folder: &tempfile::TempDir, recording: &str, status: u8) -> String {
    let (source, path) = (folder.path().join("source"), folder.path().join("ioreg"));
    let script =
        format!("#!/bin/sh\n[ \"$*\" = '-n Root -d1 -a' ] || exit 64\ncat <<'END'\n{recording}\nEND\nexit {status}\n");
    std::fs::write(&source, script).unwrap();
    let installed = std::process::Command::new("install").args(["-m", "755"]).args([&source, &path]).status().unwrap();
    assert!(installed.success());
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_program_is_run_and_read() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read(&program(&folder, "<plist/>", 0)).await, Err(LockError::IoregUnreadable)));
    assert!(matches!(read(&program(&folder, LOCKED, 1)).await, Err(LockError::IoregFailed(_))));
    let missing = folder.path().join("missing");
    assert!(matches!(read(missing.to_str().unwrap()).await, Err(LockError::Ioreg(_))));
    let own =
        LOCKED.replace("<integer>501</integer>", &format!("<integer>{}</integer>", rustix::process::getuid().as_raw()));
    assert!(read(&program(&folder, &own, 0)).await.unwrap());
}
