//! SSH keys.

use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{
    error::ApiError,
    input::Input,
    listing::{Listing, SortKey},
    parameters::{Id, Parameters},
    reply::{self, Reply},
};
use crate::{
    app::App,
    labels::Labels,
    ssh_key,
    state::{SshKey, State as Project, now},
};

type Shared = State<Arc<App>>;

const ORDER: [SortKey<SshKey>; 3] = [
    ("id", |one, two| one.id.cmp(&two.id)),
    ("name", |one, two| one.name.cmp(&two.name)),
    ("created", |one, two| one.created.cmp(&two.created)),
];

#[derive(Serialize)]
struct Wire<'a> {
    id: u64,
    name: &'a str,
    fingerprint: &'a str,
    public_key: &'a str,
    labels: &'a Labels,
    created: Timestamp,
}

impl<'a> From<&'a SshKey> for Wire<'a> {
    fn from(key: &'a SshKey) -> Self {
        Self {
            id: key.id,
            name: &key.name,
            fingerprint: &key.fingerprint,
            public_key: &key.public_key,
            labels: &key.labels,
            created: key.created,
        }
    }
}

pub(super) async fn list(State(app): Shared, parameters: Parameters) -> Reply {
    app.with(|state| {
        Listing::new(state.ssh_keys.values(), &parameters)
            .matching("name", |each| &each.name)
            .matching("fingerprint", |each| &each.fingerprint)
            .labelled(|each| &each.labels)?
            .sorted(&ORDER)?
            .reply("ssh_keys", |each| json!(Wire::from(each)))
    })
}

pub(super) async fn get(State(app): Shared, Id(id): Id) -> Reply {
    app.with(|state| {
        let key = state.ssh_keys.get(&id).ok_or_else(|| ApiError::not_found("SSH key", id))?;
        reply::ok(&json!({"ssh_key": Wire::from(key)}))
    })
}

pub(super) async fn create(State(app): Shared, mut input: Input) -> Reply {
    let name = input.required("name", Input::text);
    let public_key = input.required("public_key", Input::text);
    let labels = input.labels().unwrap_or_default();
    let fingerprint = ssh_key::fingerprint(&public_key);
    if fingerprint.is_none() && !public_key.is_empty() {
        input.fault("public_key", "the SSH key is not valid");
    }
    input.finish()?;
    let fingerprint = fingerprint.ok_or_else(|| ApiError::invalid_field("public_key", "the SSH key is not valid"))?;
    app.with(|state| {
        require_free_name(state, &name, None)?;
        if state.ssh_keys.values().any(|each| each.fingerprint == fingerprint) {
            return Err(ApiError::not_unique("public_key", "SSH key not unique"));
        }
        let id = state.ids.ssh_key();
        let key = SshKey { id, name, fingerprint, public_key: public_key.trim().to_owned(), labels, created: now() };
        let reply = reply::created(&json!({"ssh_key": Wire::from(&key)}));
        state.ssh_keys.insert(id, key);
        reply
    })
}

fn require_free_name(state: &Project, name: &str, own: Option<u64>) -> Result<(), ApiError> {
    if state.ssh_keys.values().any(|each| each.name == name && Some(each.id) != own) {
        return Err(ApiError::not_unique("name", "SSH key name is already used"));
    }
    Ok(())
}

pub(super) async fn update(State(app): Shared, Id(id): Id, mut input: Input) -> Reply {
    let name = input.text("name");
    let labels = input.labels();
    input.finish()?;
    app.with(|state| {
        if let Some(name) = &name {
            require_free_name(state, name, Some(id))?;
        }
        let key = state.ssh_keys.get_mut(&id).ok_or_else(|| ApiError::not_found("SSH key", id))?;
        key.name = name.unwrap_or_else(|| std::mem::take(&mut key.name));
        key.labels = labels.unwrap_or_else(|| std::mem::take(&mut key.labels));
        reply::ok(&json!({"ssh_key": Wire::from(&*key)}))
    })
}

pub(super) async fn delete(State(app): Shared, Id(id): Id) -> Reply {
    app.with(|state| {
        state.ssh_keys.remove(&id).ok_or_else(|| ApiError::not_found("SSH key", id))?;
        reply::no_content()
    })
}
