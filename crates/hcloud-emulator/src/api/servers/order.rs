//! What `POST /servers` is asked for, checked as far as that is possible without the project's other resources.

use super::{
    super::{error::ApiError, input::Input},
    is_host_name,
};
use crate::{
    catalogue::{Catalogue, Image, Location, ServerType},
    labels::Labels,
};

/// Longest user data, in bytes: 32 KiB.
const USER_DATA_LENGTH: usize = 32_768;

/// The fields of the request.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) name: String,
    pub(super) server_type: String,
    pub(super) image: String,
    pub(super) location: Option<String>,
    pub(super) start: bool,
    pub(super) ssh_keys: Vec<String>,
    pub(super) volumes: Vec<u64>,
    pub(super) firewalls: Vec<u64>,
    pub(super) user_data: Option<String>,
    pub(super) labels: Labels,
    pub(super) ipv4: bool,
    pub(super) ipv6: bool,
}

impl Order {
    pub(super) fn read(mut input: Input) -> Result<Self, ApiError> {
        let name = input.required("name", Input::text);
        if !name.is_empty() && !is_host_name(&name) {
            input.fault("name", "must be a valid hostname as per RFC 1123");
        }
        let user_data = input.text("user_data");
        if user_data.as_ref().is_some_and(|text| text.len() > USER_DATA_LENGTH) {
            input.fault("user_data", "Length must be between 0 and 32768.");
        }
        // Mounting is the work of an agent inside the machine; the flag is checked and then has no effect.
        input.flag("automount");
        let (ipv4, ipv6) = read_public_net(&mut input)?;
        if !input.numbers("networks").is_empty() {
            return Err(ApiError::unsupported("a private network"));
        }
        if input.number("placement_group").is_some() {
            return Err(ApiError::unsupported("a placement group"));
        }
        let order = Self {
            name,
            server_type: input.required("server_type", Input::reference),
            image: input.required("image", Input::reference),
            location: input.reference("location"),
            start: input.flag("start_after_create").unwrap_or(true),
            ssh_keys: input.references("ssh_keys"),
            volumes: input.numbers("volumes"),
            firewalls: read_firewalls(&mut input),
            user_data,
            labels: input.labels().unwrap_or_default(),
            ipv4,
            ipv6,
        };
        input.finish()?;
        Ok(order)
    }

    /// Finds type, location and image, and refuses what cannot be ordered. Without a location, the first one in which
    /// the type is to be had is taken.
    pub(super) fn resolve<'a>(
        &self,
        catalogue: &'a Catalogue,
    ) -> Result<(&'a ServerType, &'a Location, &'a Image), ApiError> {
        let unknown =
            |field: &str, value: &str| ApiError::invalid(format!("{} '{value}' not found", field.replace('_', " ")));
        let kind = catalogue.server_type(&self.server_type).ok_or_else(|| unknown("server_type", &self.server_type))?;
        let image = catalogue.image(&self.image, &kind.architecture).ok_or_else(|| unknown("image", &self.image))?;
        if image.architecture != kind.architecture {
            return Err(ApiError::invalid("image and server type have different architectures"));
        }
        let sold_out = || ApiError::unavailable("error during placement");
        let location = match &self.location {
            Some(name) => catalogue.location(name).ok_or_else(|| unknown("location", name))?,
            None => catalogue
                .locations
                .iter()
                .find(|each| kind.offered_in(&each.name).is_some_and(|offer| offer.available))
                .ok_or_else(sold_out)?,
        };
        let offer =
            kind.offered_in(&location.name).ok_or_else(|| ApiError::invalid("unsupported location for server type"))?;
        if !offer.available {
            return Err(sold_out());
        }
        if image.disk_size > kind.disk {
            return Err(ApiError::invalid("image disk is bigger than server type disk"));
        }
        Ok((kind, location, image))
    }
}

fn read_public_net(input: &mut Input) -> Result<(bool, bool), ApiError> {
    let Some(mut net) = input.object("public_net") else {
        return Ok((true, true));
    };
    let ipv4 = net.flag("enable_ipv4").unwrap_or(true);
    let ipv6 = net.flag("enable_ipv6").unwrap_or(true);
    if net.number("ipv4").or_else(|| net.number("ipv6")).is_some() {
        return Err(ApiError::unsupported("an existing primary IP"));
    }
    input.adopt("public_net", net);
    Ok((ipv4, ipv6))
}

fn read_firewalls(input: &mut Input) -> Vec<u64> {
    let items = input.array("firewalls").unwrap_or_default();
    let mut ids = Vec::new();
    for item in items {
        let Some(mut item) = Input::nested(item) else {
            input.fault("firewalls", "Not a valid object.");
            continue;
        };
        ids.push(item.required("firewall", Input::number));
        input.adopt("firewalls", item);
    }
    ids
}
