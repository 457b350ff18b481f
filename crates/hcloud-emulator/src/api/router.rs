//! The routes.

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};

use super::{
    actions, catalogue,
    error::ApiError,
    firewalls,
    pipeline::{self, Gate},
    primary_ips, servers, ssh_keys, volumes,
};
use crate::app::App;

/// The API, ready to be served.
pub(crate) fn router(app: Arc<App>, gate: Arc<Gate>) -> Router {
    Router::new()
        .merge(ssh_key_routes())
        .merge(server_routes())
        .merge(volume_routes())
        .merge(firewall_routes())
        .merge(other_routes())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .fallback(async || ApiError::no_route())
        .layer(middleware::from_fn_with_state(gate, pipeline::pass))
        .with_state(app)
}

fn ssh_key_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/ssh_keys", get(ssh_keys::list).post(ssh_keys::create))
        .route("/v1/ssh_keys/{id}", get(ssh_keys::get).put(ssh_keys::update).delete(ssh_keys::delete))
}

fn server_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/servers", get(servers::list).post(servers::create))
        .route("/v1/servers/{id}", get(servers::get).put(servers::update).delete(servers::delete))
        .route("/v1/servers/actions", get(actions::list_of_servers))
        .route("/v1/servers/actions/{action}", get(actions::get_of_servers))
        .route("/v1/servers/{id}/actions", get(actions::list_of_server))
        .route("/v1/servers/{id}/actions/{action}", get(actions::get_of_server))
        .route("/v1/servers/{id}/actions/poweron", post(servers::power_on))
        .route("/v1/servers/{id}/actions/poweroff", post(servers::power_off))
        .route("/v1/servers/{id}/actions/shutdown", post(servers::shut_down))
        .route("/v1/servers/{id}/actions/reboot", post(servers::reboot))
        .route("/v1/servers/{id}/actions/reset", post(servers::reset))
        .route("/v1/servers/{id}/actions/change_protection", post(servers::change_protection))
}

fn volume_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/volumes", get(volumes::list).post(volumes::create))
        .route("/v1/volumes/{id}", get(volumes::get).put(volumes::update).delete(volumes::delete))
        .route("/v1/volumes/actions", get(actions::list_of_volumes))
        .route("/v1/volumes/actions/{action}", get(actions::get_of_volumes))
        .route("/v1/volumes/{id}/actions", get(actions::list_of_volume))
        .route("/v1/volumes/{id}/actions/{action}", get(actions::get_of_volume))
        .route("/v1/volumes/{id}/actions/attach", post(volumes::attach))
        .route("/v1/volumes/{id}/actions/detach", post(volumes::detach))
        .route("/v1/volumes/{id}/actions/resize", post(volumes::resize))
        .route("/v1/volumes/{id}/actions/change_protection", post(volumes::change_protection))
}

fn firewall_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/firewalls", get(firewalls::list).post(firewalls::create))
        .route("/v1/firewalls/{id}", get(firewalls::get).put(firewalls::update).delete(firewalls::delete))
        .route("/v1/firewalls/actions", get(actions::list_of_firewalls))
        .route("/v1/firewalls/actions/{action}", get(actions::get_of_firewalls))
        .route("/v1/firewalls/{id}/actions", get(actions::list_of_firewall))
        .route("/v1/firewalls/{id}/actions/{action}", get(actions::get_of_firewall))
        .route("/v1/firewalls/{id}/actions/set_rules", post(firewalls::set_rules))
        .route("/v1/firewalls/{id}/actions/apply_to_resources", post(firewalls::apply_to_resources))
        .route("/v1/firewalls/{id}/actions/remove_from_resources", post(firewalls::remove_from_resources))
}

fn other_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/actions", get(actions::list))
        .route("/v1/actions/{id}", get(actions::get))
        .route("/v1/primary_ips", get(primary_ips::list))
        .route("/v1/primary_ips/{id}", get(primary_ips::get))
        .route("/v1/server_types", get(catalogue::list_server_types))
        .route("/v1/server_types/{id}", get(catalogue::get_server_type))
        .route("/v1/locations", get(catalogue::list_locations))
        .route("/v1/locations/{id}", get(catalogue::get_location))
        .route("/v1/images", get(catalogue::list_images))
        .route("/v1/images/{id}", get(catalogue::get_image))
        .route("/v1/pricing", get(catalogue::pricing))
        .route("/v1/datacenters", get(removed))
        .route("/v1/datacenters/{id}", get(removed))
}

/// Data centres left the API on 2026-10-01.
async fn removed() -> ApiError {
    ApiError::removed()
}
