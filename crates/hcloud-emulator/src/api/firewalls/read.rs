//! `GET /firewalls` and `GET /firewalls/{id}`.

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
use crate::{app::App, state::Firewall};

const ORDER: [SortKey<Firewall>; 3] = [
    ("id", |one, two| one.id.cmp(&two.id)),
    ("name", |one, two| one.name.cmp(&two.name)),
    ("created", |one, two| one.created.cmp(&two.created)),
];

pub(in crate::api) async fn list(State(app): State<Arc<App>>, parameters: Parameters) -> Reply {
    app.with(|project| {
        Listing::new(project.firewalls.values(), &parameters)
            .matching("name", |each| &each.name)
            .labelled(|each| &each.labels)?
            .sorted(&ORDER)?
            .reply("firewalls", |each| json!(Wire::of(project, each)))
    })
}

pub(in crate::api) async fn get(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    app.with(|project| {
        let firewall = project.firewalls.get(&id).ok_or_else(|| ApiError::not_found("firewall", id))?;
        reply::ok(&json!({"firewall": Wire::of(project, firewall)}))
    })
}
