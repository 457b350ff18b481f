//! The HTTP side: routes, what every request passes through, and a folder for each resource.

mod actions;
pub(crate) mod auth;
mod catalogue;
mod error;
pub(crate) mod faults;
mod firewalls;
mod input;
mod listing;
mod paging;
mod parameters;
pub(crate) mod pipeline;
mod primary_ips;
pub(crate) mod rate_limit;
mod reply;
pub(crate) mod requests;
pub(crate) mod router;
mod servers;
mod ssh_keys;
mod volumes;
