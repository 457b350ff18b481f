//! Servers.

mod create;
mod order;
mod power;
mod read;
mod update;
mod wire;

pub(super) use self::{
    create::create,
    power::{power_off, power_on, reboot, reset, shut_down},
    read::{get, list},
    update::{change_protection, delete, update},
};
use super::error::ApiError;
use crate::state::{Resource, State as Project};

/// Whether this is a host name by RFC 1123: dot-separated parts of letters, digits and inner dashes.
fn is_host_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|part| {
            (1..=63).contains(&part.len())
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

fn require_free_name(project: &Project, name: &str, own: Option<u64>) -> Result<(), ApiError> {
    if project.servers.values().any(|each| each.name.eq_ignore_ascii_case(name) && Some(each.id) != own) {
        return Err(ApiError::not_unique("name", "server name is already used"));
    }
    Ok(())
}

/// A server that is there, and that no running action keeps to itself.
pub(super) fn require_unlocked(project: &Project, id: u64) -> Result<(), ApiError> {
    if !project.servers.contains_key(&id) {
        return Err(ApiError::not_found("server", id));
    }
    if project.actions.locked(Resource::server(id)) {
        return Err(ApiError::locked("server"));
    }
    Ok(())
}
