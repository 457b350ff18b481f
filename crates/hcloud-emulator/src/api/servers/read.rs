//! `GET /servers` and `GET /servers/{id}`.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::{
    super::{
        error::ApiError,
        listing::{Listing, SortKey},
        parameters::{Id, Parameters},
        reply::{self, Reply},
    },
    wire::Wire,
};
use crate::{app::App, state::Server};

const ORDER: [SortKey<Server>; 3] = [
    ("id", |one, two| one.id.cmp(&two.id)),
    ("name", |one, two| one.name.cmp(&two.name)),
    ("created", |one, two| one.created.cmp(&two.created)),
];

pub(in crate::api) async fn list(State(app): State<Arc<App>>, parameters: Parameters) -> Reply {
    app.with(|project| {
        Listing::new(project.servers.values(), &parameters)
            .matching("name", |each| &each.name)
            .matching("status", |each| each.status.word())
            .labelled(|each| &each.labels)?
            .sorted(&ORDER)?
            .reply("servers", |each| json!(Wire::of(project, each)))
    })
}

pub(in crate::api) async fn get(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    app.with(|project| {
        let server = project.servers.get(&id).ok_or_else(|| ApiError::not_found("server", id))?;
        reply::ok(&json!({"server": Wire::of(project, server)}))
    })
}
