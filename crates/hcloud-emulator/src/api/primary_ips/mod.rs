//! Primary IPs: created and deleted with their server, so they can only be read.

use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{
    error::ApiError,
    listing::{Listing, SortKey},
    parameters::{Id, Parameters},
    reply::{self, Reply},
};
use crate::{app::App, catalogue::Location, labels::Labels, state::PrimaryIp};

const ORDER: [SortKey<PrimaryIp>; 2] =
    [("id", |one, two| one.id.cmp(&two.id)), ("created", |one, two| one.created.cmp(&two.created))];

#[derive(Serialize)]
struct Wire<'a> {
    id: u64,
    name: &'a str,
    labels: &'a Labels,
    created: Timestamp,
    blocked: bool,
    location: &'a Location,
    ip: &'a str,
    dns_ptr: [(); 0],
    protection: Protection,
    #[serde(rename = "type")]
    kind: &'static str,
    auto_delete: bool,
    assignee_type: &'static str,
    assignee_id: u64,
}

#[derive(Serialize)]
struct Protection {
    delete: bool,
}

impl<'a> From<&'a PrimaryIp> for Wire<'a> {
    fn from(ip: &'a PrimaryIp) -> Self {
        Self {
            id: ip.id,
            name: &ip.name,
            labels: &ip.labels,
            created: ip.created,
            blocked: false,
            location: &ip.location,
            ip: &ip.ip,
            dns_ptr: [],
            protection: Protection { delete: false },
            kind: ip.kind,
            auto_delete: true,
            assignee_type: "server",
            assignee_id: ip.server,
        }
    }
}

pub(super) async fn list(State(app): State<Arc<App>>, parameters: Parameters) -> Reply {
    app.with(|state| {
        Listing::new(state.primary_ips.values(), &parameters)
            .matching("name", |each| &each.name)
            .matching("ip", |each| &each.ip)
            .labelled(|each| &each.labels)?
            .sorted(&ORDER)?
            .reply("primary_ips", |each| json!(Wire::from(each)))
    })
}

pub(super) async fn get(State(app): State<Arc<App>>, Id(id): Id) -> Reply {
    app.with(|state| {
        let found = state.primary_ips.get(&id).ok_or_else(|| ApiError::not_found("primary IP", id))?;
        reply::ok(&json!({"primary_ip": Wire::from(found)}))
    })
}
