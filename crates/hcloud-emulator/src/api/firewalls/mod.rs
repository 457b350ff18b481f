//! Firewalls. Rules are kept, checked and shown; nothing enforces them.

mod apply;
mod change;
mod read;
mod rules;
mod targets;
mod wire;

pub(super) use self::{
    apply::{apply_to_resources, remove_from_resources},
    change::{create, delete, set_rules, update},
    read::{get, list},
    targets::PER_SERVER,
};
use super::error::ApiError;
use crate::state::State as Project;

fn require_free_name(project: &Project, name: &str, own: Option<u64>) -> Result<(), ApiError> {
    if project.firewalls.values().any(|each| each.name == name && Some(each.id) != own) {
        return Err(ApiError::not_unique("name", "firewall name is already used"));
    }
    Ok(())
}
