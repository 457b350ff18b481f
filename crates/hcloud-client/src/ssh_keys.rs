//! SSH keys that new servers can be made to accept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, LabelSelector, Labels, SshKeyId,
    decode::null_as_default,
    error::none_if_not_found,
    paging::{self, add, page},
    transport::{Query, Transport},
};

/// A public SSH key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SshKey {
    /// Identifies it.
    pub id: SshKeyId,
    /// Its unique name.
    pub name: String,
    /// The MD5 sum of the key, as hexadecimal pairs with colons between. Unique as well.
    pub fingerprint: String,
    /// The key as in an `authorized_keys` file.
    pub public_key: String,
    /// Its labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// When it was registered.
    #[serde(default)]
    pub created: Option<Timestamp>,
}

/// Which SSH keys to list; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshKeyFilter {
    /// Of exactly this name.
    pub name: Option<String>,
    /// Of this fingerprint.
    pub fingerprint: Option<String>,
    /// With these labels.
    pub label_selector: Option<LabelSelector>,
}

/// What a new SSH key is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateSshKey {
    /// Its unique name.
    pub name: String,
    /// The key as in an `authorized_keys` file.
    pub public_key: String,
    /// Its labels.
    pub labels: Labels,
}

/// Operations on SSH keys.
#[derive(Clone, Copy)]
pub struct SshKeys<'a> {
    pub(crate) transport: &'a Transport,
}

page!(SshKeyPage, ssh_keys: SshKey);

#[derive(Deserialize)]
struct Created {
    ssh_key: SshKey,
}

impl SshKeys<'_> {
    /// All SSH keys that the filter lets through.
    pub async fn list(&self, filter: &SshKeyFilter) -> Result<Vec<SshKey>, Error> {
        let mut query = Query::new();
        add(&mut query, "name", filter.name.as_ref());
        add(&mut query, "fingerprint", filter.fingerprint.as_ref());
        add(&mut query, "label_selector", filter.label_selector.as_ref());
        paging::all::<SshKeyPage>(self.transport, "/ssh_keys", query).await
    }

    /// Registers an SSH key.
    pub async fn create(&self, key: &CreateSshKey) -> Result<SshKey, Error> {
        let Created { ssh_key } = self.transport.post_json("/ssh_keys", key).await?;
        Ok(ssh_key)
    }

    /// Removes an SSH key; `false` if there was none.
    pub async fn delete(&self, id: SshKeyId) -> Result<bool, Error> {
        let answer = self.transport.delete_without_answer(&format!("/ssh_keys/{id}")).await;
        Ok(none_if_not_found(answer)?.is_some())
    }
}
