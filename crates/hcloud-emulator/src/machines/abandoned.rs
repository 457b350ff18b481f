//! What a killed run left on this host whose cache directory nobody uses any more, or has moved or deleted.
//!
//! The next run on the same directory removes leftovers by itself; without that directory there is no such run.

use std::path::Path;

use super::{
    leftovers,
    place::{Place, RUN},
};

/// Removes what every other place left whose owner is gone. What cannot be removed is told in the log: it is not the
/// caller's, and must not keep the caller from its own work.
pub(super) async fn clear_all(own: &Place) {
    for entry in std::fs::read_dir(RUN).into_iter().flatten().flatten() {
        let Some(place) = Place::of_run(&entry.path()).filter(|place| place.run != own.run) else { continue };
        if let Err(error) = clear(&place).await {
            tracing::warn!(%error, run = %place.run.display(), "what an abandoned run left could not be removed");
        }
    }
}

async fn clear(place: &Place) -> Result<(), super::MachineError> {
    if may_exist(&place.cache) {
        // The lock tells whether the owner lives, and keeps a new one out meanwhile.
        match place.try_lock() {
            Some(_lock) => leftovers::clear(place).await,
            None => Ok(()),
        }
    } else if leftovers::engines_of(&place.data()).is_empty() {
        leftovers::clear(place).await
    } else {
        // The directory was moved under a run that goes on: an engine never outlives its owner.
        Ok(())
    }
}

/// Whether a path exists, or cannot be looked at.
fn may_exist(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}
