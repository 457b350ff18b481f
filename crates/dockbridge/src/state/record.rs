//! What is written down, as JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The server we use: written as an intent before it is created and completed afterwards, or written when a server that
/// somebody else has ordered is adopted, before anything is done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerRecord {
    /// Its name in the API, unique in the project.
    pub name: String,
    /// When it was decided to create or to adopt it.
    pub intended_at: Timestamp,
    /// Its id, once the API has said so.
    pub id: Option<u64>,
    /// Its public IPv4 address, once known.
    pub ip_address: Option<String>,
    /// The volume that is mounted on it.
    pub volume_id: u64,
    /// Whether it may be in use by others: it was ordered by another installation, or others were seen to hold it. Such a server
    /// is deleted only once its monitor has said that nobody else holds it.
    #[serde(default, alias = "adopted")]
    pub shared: bool,
    /// Whether its end has begun: it was ours alone, and its monitor refuses everybody else since. Whatever fails after that, it
    /// is deleted.
    #[serde(default)]
    pub ending: bool,
}

/// A server that was left running to others, and is on record no more. Where it cannot be asked who uses it, it stays left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftServer {
    /// Its id.
    pub id: u64,
    /// Its name, which is unique in the project.
    pub name: String,
}

/// Something else that is about to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// `volume`, `ssh_key` or `firewall`.
    pub kind: String,
    /// Its name, under which it is found again.
    pub name: String,
    /// When it was decided to create it.
    pub intended_at: Timestamp,
}

impl Intent {
    /// An intent of this moment.
    #[must_use]
    pub fn new(kind: &str, name: &str) -> Self {
        Self { kind: kind.to_owned(), name: name.to_owned(), intended_at: Timestamp::now() }
    }
}

/// What `GET /_ping` said when an engine last ran, so that a client can be told before there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineFacts {
    /// The image that the engine came with; another image has another engine.
    pub image: String,
    /// The headers of the answer that describe the engine, such as `Api-Version`.
    pub ping_headers: Vec<(String, String)>,
}
