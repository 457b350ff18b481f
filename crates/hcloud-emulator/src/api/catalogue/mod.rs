//! Server types, locations, images and prices: what can only be read.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::{
    error::ApiError,
    listing::{Listing, SortKey},
    parameters::{Id, Parameters},
    reply::{self, Reply},
};
use crate::{
    app::App,
    catalogue::{Image, Location, ServerType},
};

type Shared = State<Arc<App>>;

const LOCATION_ORDER: [SortKey<Location>; 2] =
    [("id", |one, two| one.id.cmp(&two.id)), ("name", |one, two| one.name.cmp(&two.name))];

/// The API documents no order for server types, but clients ask for one by id, and are answered.
const SERVER_TYPE_ORDER: [SortKey<ServerType>; 2] =
    [("id", |one, two| one.id.cmp(&two.id)), ("name", |one, two| one.name.cmp(&two.name))];

const IMAGE_ORDER: [SortKey<Image>; 3] = [
    ("id", |one, two| one.id.cmp(&two.id)),
    ("name", |one, two| one.name.cmp(&two.name)),
    ("created", |one, two| one.created.cmp(&two.created)),
];

pub(super) async fn list_server_types(State(app): Shared, parameters: Parameters) -> Reply {
    Listing::new(&app.catalogue.server_types, &parameters)
        .matching("name", |each| &each.name)
        .sorted(&SERVER_TYPE_ORDER)?
        .reply("server_types", Clone::clone)
}

pub(super) async fn get_server_type(State(app): Shared, Id(id): Id) -> Reply {
    let found = app.catalogue.server_types.iter().find(|each| each.id == id);
    reply::ok(&json!({"server_type": found.ok_or_else(|| ApiError::not_found("server type", id))?}))
}

pub(super) async fn list_locations(State(app): Shared, parameters: Parameters) -> Reply {
    Listing::new(&app.catalogue.locations, &parameters)
        .matching("name", |each| &each.name)
        .sorted(&LOCATION_ORDER)?
        .reply("locations", Clone::clone)
}

pub(super) async fn get_location(State(app): Shared, Id(id): Id) -> Reply {
    let found = app.catalogue.locations.iter().find(|each| each.id == id);
    reply::ok(&json!({"location": found.ok_or_else(|| ApiError::not_found("location", id))?}))
}

pub(super) async fn list_images(State(app): Shared, parameters: Parameters) -> Reply {
    Listing::new(&app.catalogue.images, &parameters)
        .matching("name", |each| &each.name)
        .matching("type", |each| &each.kind)
        .matching("status", |each| each.status)
        .matching("architecture", |each| &each.architecture)
        .labelled(|each| &each.labels)?
        .sorted(&IMAGE_ORDER)?
        .reply("images", Clone::clone)
}

pub(super) async fn get_image(State(app): Shared, Id(id): Id) -> Reply {
    let found = app.catalogue.images.iter().find(|each| each.id == id);
    reply::ok(&json!({"image": found.ok_or_else(|| ApiError::not_found("image", id))?}))
}

pub(super) async fn pricing(State(app): Shared) -> Reply {
    reply::ok(&json!({"pricing": app.catalogue.pricing}))
}
