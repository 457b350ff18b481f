//! The user data of a server.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

/// The largest user data that the API takes, in bytes: "This field is limited to 32KiB" (`POST /servers`).
pub const USER_DATA_MAX_BYTES: usize = 32 * 1024;

/// What cloud-init on a new server gets to read. It may hold secrets, such as a private host key, so it is wiped from
/// memory when dropped and `Debug` shows its length alone.
#[derive(Clone)]
pub struct UserData(SecretString);

impl UserData {
    /// The length in bytes, to compare with [`USER_DATA_MAX_BYTES`].
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.expose_secret().len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.expose_secret().is_empty()
    }
}

impl From<String> for UserData {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

impl From<&str> for UserData {
    fn from(text: &str) -> Self {
        Self(SecretString::from(text))
    }
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserData(<redacted, {} bytes>)", self.len())
    }
}

impl Serialize for UserData {
    /// Writes the text itself, since this is how it reaches the API.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}
