//! Which server type and image are ordered: a pure choice from the catalogue of the moment.

use hcloud_client::{Architecture, Image, Location, ServerType};
use jiff::Timestamp;

use super::ServerError;
use crate::config::ServerTypeChoice;

/// The size of the design's default `cpx21`: 3 vCPU and 4 GB of memory.
const AUTO_CORES: u32 = 3;
const AUTO_MEMORY_GB: f64 = 4.0;
/// How many alternatives an error names.
const ALTERNATIVES: usize = 5;

/// Whether a type can be ordered in a location, and if not, why.
fn orderable(server_type: &ServerType, location: &str, now: Timestamp) -> Result<(), &'static str> {
    let entry = server_type.in_location(location).ok_or("is not offered")?;
    if entry.deprecation.as_ref().is_some_and(|deprecation| deprecation.unavailable_after <= now) {
        Err("can no longer be ordered")
    } else if entry.available {
        Ok(())
    } else {
        Err("is sold out")
    }
}

/// The net price of an hour, by which types are compared; one without a price counts as dearest.
fn hourly(server_type: &ServerType, location: &str) -> f64 {
    server_type.price_in(location).map_or(f64::INFINITY, |price| price.price_hourly.net.to_f64())
}

/// The type that is ordered.
pub(super) fn server_type<'a>(
    wanted: &ServerTypeChoice,
    location: &str,
    types: &'a [ServerType],
    now: Timestamp,
) -> Result<&'a ServerType, ServerError> {
    let on_offer = || types.iter().filter(|t| orderable(t, location, now).is_ok());
    let name = match wanted {
        ServerTypeChoice::Auto => {
            return on_offer()
                .filter(|t| t.architecture == Architecture::X86)
                .filter(|t| t.cores >= AUTO_CORES && t.memory_gb >= AUTO_MEMORY_GB)
                .min_by(|a, b| hourly(a, location).total_cmp(&hourly(b, location)))
                .ok_or_else(|| ServerError::NothingOrderable { location: location.to_owned() });
        }
        ServerTypeChoice::Named(name) => name,
    };
    let named = |mut list: Vec<&ServerType>| {
        list.truncate(ALTERNATIVES);
        list.into_iter().map(|t| t.name.clone()).collect::<Vec<_>>()
    };
    let Some(found) = types.iter().find(|t| t.name == *name) else {
        let mut nearest: Vec<_> = on_offer().collect();
        nearest.sort_by_key(|t| strsim::damerau_levenshtein(&t.name, name));
        let location = location.to_owned();
        return Err(ServerError::UnknownServerType { name: name.clone(), location, nearest: named(nearest) });
    };
    orderable(found, location, now).map_err(|reason| {
        let mut nearest: Vec<_> = on_offer()
            .filter(|t| t.architecture == found.architecture)
            .filter(|t| t.cores >= found.cores && t.memory_gb >= found.memory_gb)
            .collect();
        nearest.sort_by(|a, b| hourly(a, location).total_cmp(&hourly(b, location)));
        ServerError::NotOrderable { name: name.clone(), reason, location: location.to_owned(), nearest: named(nearest) }
    })?;
    Ok(found)
}

/// Checks that the location exists.
pub(super) fn location(name: &str, locations: &[Location]) -> Result<(), ServerError> {
    if locations.iter().any(|location| location.name == name) {
        return Ok(());
    }
    let known = locations.iter().map(|location| location.name.clone()).collect();
    Err(ServerError::UnknownLocation { name: name.to_owned(), known })
}

/// The image of that name for that architecture.
pub(super) fn image<'a>(
    name: &str,
    architecture: &Architecture,
    images: &'a [Image],
) -> Result<&'a Image, ServerError> {
    let fitting = || images.iter().filter(|image| image.architecture == *architecture);
    fitting().find(|image| image.name.as_deref() == Some(name)).ok_or_else(|| {
        let mut known: Vec<_> = fitting().filter_map(|image| image.name.clone()).collect();
        known.sort_by_key(|candidate| strsim::damerau_levenshtein(candidate, name));
        known.truncate(ALTERNATIVES);
        ServerError::UnknownImage { name: name.to_owned(), architecture: architecture.to_string(), known }
    })
}

#[cfg(test)]
#[path = "choice_tests.rs"]
mod tests;
