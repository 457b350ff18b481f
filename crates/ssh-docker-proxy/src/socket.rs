//! The local socket: private to the user, never taken over from another user or from a live daemon.

mod error;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

pub use error::SocketError;
use rustix::fs::OFlags;

/// The longest path of a Unix socket in bytes: `sun_path` without its final zero.
pub(crate) const PATH_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// A listening socket of mode 0600. Its path is removed on drop if it is still this socket.
#[derive(Debug)]
pub struct BoundSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode: what tells this socket from a later one at the same path.
    identity: (u64, u64),
    /// Held for as long as the socket lives, so that two starts cannot both find the path free.
    _lock: File,
}

impl BoundSocket {
    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A listener for [`crate::serve`], inside a tokio runtime. Keep `self` for as long as the socket shall exist.
    pub fn listener(&self) -> io::Result<tokio::net::UnixListener> {
        let listener = self.listener.try_clone()?;
        listener.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(listener)
    }
}

impl Drop for BoundSocket {
    fn drop(&mut self) {
        let ours = std::fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.identity);
        if ours && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the socket could not be removed");
        }
    }
}

/// Listens on `path`, with mode 0600 from the first moment on.
///
/// A stale socket of ours is replaced; anything alive, anybody else's and anything that is no socket is refused. A lock file
/// beside it, `<path>.lock`, keeps two starts apart. It stays behind, empty: removing it would let a third one in.
pub fn bind(path: &Path) -> Result<BoundSocket, SocketError> {
    let length = path.as_os_str().len();
    if length > PATH_MAX {
        return Err(SocketError::TooLong { path: path.to_owned(), length, limit: PATH_MAX });
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    if !directory.is_dir() {
        return Err(SocketError::NoDirectory { directory: directory.to_owned() });
    }
    let lock = lock(path)?;
    check_free(path)?;
    let listener = place(directory, path)?;
    let metadata = std::fs::symlink_metadata(path).map_err(io_error("look at", path))?;
    Ok(BoundSocket { listener, path: path.to_owned(), identity: (metadata.dev(), metadata.ino()), _lock: lock })
}

/// Takes the lock file beside `path`.
fn lock(path: &Path) -> Result<File, SocketError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    // In a directory that everybody may write to, somebody else may have put something there: no symbolic link is followed,
    // and a pipe is not waited for until somebody reads from it.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(&name);
    let file = match file {
        Ok(file) => file,
        // Another user's file refuses by its mode, and a pipe that nobody reads refuses to be opened: both are looked at.
        Err(error) => {
            return Err(match std::fs::symlink_metadata(&name) {
                Ok(found) => unfit_lock(&found, &name).unwrap_or_else(|| io_error("open the lock file", &name)(error)),
                Err(_) => io_error("open the lock file", &name)(error),
            });
        }
    };
    if let Some(error) = unfit_lock(&file.metadata().map_err(io_error("look at", &name))?, &name) {
        return Err(error);
    }
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(SocketError::Locked { path: path.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(io_error("lock", &name)(source)),
    }
}

/// Why what is at the lock file's place cannot be the lock file, if it cannot.
fn unfit_lock(found: &std::fs::Metadata, name: &Path) -> Option<SocketError> {
    if !found.is_file() {
        Some(SocketError::NotALock { path: name.to_owned() })
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        Some(SocketError::ForeignLock { path: name.to_owned(), uid: found.uid() })
    } else {
        None
    }
}

/// Makes sure that nothing at `path` would be lost if it were replaced.
fn check_free(path: &Path) -> Result<(), SocketError> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error("look at", path)(error)),
    };
    if !metadata.file_type().is_socket() {
        return Err(SocketError::NotASocket { path: path.to_owned() });
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(SocketError::Foreign { path: path.to_owned(), uid: metadata.uid() });
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // A full queue of a live daemon is an error as well: only a refusal says that nobody listens.
        Ok(_) | Err(_) => Err(SocketError::InUse { path: path.to_owned() }),
    }
}

/// Listens inside a directory that only we may enter, and moves the socket to its place when its mode is right: setting the
/// process's umask instead would change it for other threads, and a socket at its place would be open for a moment.
fn place(directory: &Path, path: &Path) -> Result<UnixListener, SocketError> {
    let private = tempfile::Builder::new().prefix(".s").rand_bytes(4).tempdir_in(directory);
    let private = private.map_err(io_error("make a private directory in", directory))?;
    let hidden = private.path().join("s");
    let listener = match UnixListener::bind(&hidden) {
        // The path itself fits, but not with the private directory in it: its own directory entry is the way around.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            let length = hidden.as_os_str().len();
            return Err(SocketError::TooLong { path: hidden, length, limit: PATH_MAX });
        }
        result => result.map_err(io_error("listen in", directory))?,
    };
    std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o600)).map_err(io_error("restrict", &hidden))?;
    std::fs::rename(&hidden, path).map_err(io_error("put the socket at", path))?;
    Ok(listener)
}

fn io_error(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SocketError {
    move |source| SocketError::Io { step, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
