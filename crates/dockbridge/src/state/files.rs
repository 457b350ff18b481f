//! Files that survive a crash at any moment: written beside, flushed to the disk, put in place by a rename.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use tempfile::{NamedTempFile, PersistError};

use super::StateError;

/// Turns a failure of the system into ours.
pub(super) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StateError {
    let path = path.to_owned();
    move |source| StateError::Io { doing, path, source }
}

/// The file's text; `None` where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<String>, StateError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// The file's value; `None` where there is no file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    let Some(text) = read(path)? else { return Ok(None) };
    let damaged = |error: serde_json::Error| StateError::Damaged { path: path.to_owned(), reason: error.to_string() };
    serde_json::from_str(&text).map(Some).map_err(damaged)
}

/// Writes a value so that it is there after a crash of the machine.
pub(super) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), StateError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| StateError::Damaged { path: path.to_owned(), reason: error.to_string() })?;
    write_durably(path, &text)
}

/// Replaces a file by one of mode 0600 such that a crash leaves the old one or the new one, whole.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    put(path, bytes, |file| file.persist(path).map(drop)).map_err(failed("write", path))
}

/// Writes a file of mode 0600 where there is none. One that is there already, perhaps for a moment only, is left as it is.
pub(super) fn write_once(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    match put(path, bytes, |file| file.persist_noclobber(path).map(drop)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed("write", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a file beside `path`, has it put in place, and returns when both would survive a crash.
fn put(
    path: &Path,
    bytes: &[u8],
    place: impl FnOnce(NamedTempFile) -> Result<(), PersistError>,
) -> Result<(), io::Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new.").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    place(file).map_err(|error| error.error)?;
    // The rename itself is only durable once the folder is.
    File::open(folder)?.sync_all()
}

/// Removes a file; one that is missing already is as good as removed.
pub(super) fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The paths of everything in a folder.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, StateError> {
    let entries = fs::read_dir(folder).map_err(failed("read", folder))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed("read", folder))).collect()
}

/// `bytes` random bytes of the kernel's in hexadecimal.
pub(super) fn random_hex(bytes: usize) -> Result<String, StateError> {
    let source = Path::new("/dev/urandom");
    let mut buffer = vec![0; bytes];
    File::open(source).and_then(|mut file| file.read_exact(&mut buffer)).map_err(failed("read", source))?;
    Ok(buffer.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}
