//! The directory for the sockets of SSH connections: short, private, and cleared of what a killed run has left in it.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{StateError, StateLock, files::failed};

/// A private directory outside the state directory, since the path of a Unix socket holds 107 bytes at most (`unix(7)`).
/// It is removed when dropped.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Creates `dockbridge-<client_id>` in `base`, in place of what a killed run has left there. Nobody else uses it: it is
    /// named after this installation, of which the lock lets only one run.
    pub fn claim(base: &Path, client_id: &str, _lock: &StateLock) -> Result<Self, StateError> {
        let path = base.join(format!("dockbridge-{client_id}"));
        if is_there(&path)? {
            fs::remove_dir_all(&path).map_err(failed("remove", &path))?;
        }
        create(&path)?;
        Ok(Self { path })
    }

    /// Creates the directory again if it has vanished: temporary directories are cleared of what looks old, and
    /// `XDG_RUNTIME_DIR` goes when its user logs out.
    pub fn restore(path: &Path) -> Result<(), StateError> {
        if is_there(path)? { Ok(()) } else { create(path) }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether there is a directory of ours. Anything else in its place is an error: it could be a trap.
fn is_there(path: &Path) -> Result<bool, StateError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() => Ok(true),
        Ok(_) => {
            let reason = io::Error::new(io::ErrorKind::AlreadyExists, "it is not a directory of yours");
            Err(failed("create", path)(reason))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("read", path)(error)),
    }
}

fn create(path: &Path) -> Result<(), StateError> {
    fs::DirBuilder::new().mode(0o700).create(path).map_err(failed("create", path))
}

impl Drop for RunDir {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next run.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::state::StateDir;

    #[test]
    fn it_is_private_cleared_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let lock = StateDir::open(&folder.path().join("state")).unwrap().lock().unwrap();
        let left = folder.path().join("dockbridge-0123456789ab/left");
        fs::create_dir_all(&left).unwrap();
        let run_dir = RunDir::claim(folder.path(), "0123456789ab", &lock).unwrap();
        assert!(!left.exists());
        assert_eq!(fs::metadata(run_dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let path = run_dir.path().to_owned();
        fs::remove_dir(&path).unwrap();
        RunDir::restore(&path).unwrap();
        assert!(path.exists());
        RunDir::restore(&path).unwrap();
        drop(run_dir);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let lock = StateDir::open(&folder.path().join("state")).unwrap().lock().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join("dockbridge-0123456789ab")).unwrap();
        let error = RunDir::claim(folder.path(), "0123456789ab", &lock).unwrap_err();
        assert!(error.to_string().contains("not a directory of yours"), "{error}");
        assert!(elsewhere.exists());
    }
}
