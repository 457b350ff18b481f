//! Volumes.

mod attach;
mod change;
mod create;
mod read;
mod wire;

pub(super) use self::{
    attach::{attach, detach},
    change::{change_protection, delete, resize, update},
    create::create,
    read::{get, list},
};
use super::error::ApiError;
use crate::state::{Resource, State as Project, Volume};

/// Sizes a volume can have, in GB.
const SIZES: std::ops::RangeInclusive<u64> = 10..=10_240;

/// Volumes that can be attached to one server.
const PER_SERVER: usize = 16;

/// Letters, digits, dashes, underscores and dots, with a letter or a digit at both ends, at most 64 characters.
fn is_volume_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    (1..=64).contains(&bytes.len())
        && [bytes.first(), bytes.last()].into_iter().flatten().all(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn require_free_name(project: &Project, name: &str, own: Option<u64>) -> Result<(), ApiError> {
    if project.volumes.values().any(|each| each.name == name && Some(each.id) != own) {
        return Err(ApiError::not_unique("name", "volume name is already used"));
    }
    Ok(())
}

/// A volume that is there, and that no running action keeps to itself.
fn require_unlocked(project: &Project, id: u64) -> Result<&Volume, ApiError> {
    let volume = project.volumes.get(&id).ok_or_else(|| ApiError::not_found("volume", id))?;
    if project.actions.locked(Resource::volume(id)) {
        return Err(ApiError::locked("volume"));
    }
    Ok(volume)
}
