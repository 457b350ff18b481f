//! What a new server is told to do at its first boot, rendered from `user-data.yaml` beside this file.

use std::time::Duration;

use minijinja::{Environment, UndefinedBehavior, context};

use super::keys::HostKey;
use crate::config::SelfDestruct;

/// The template, a `#cloud-config` document that a person can read.
const TEMPLATE: &str = include_str!("user-data.yaml");

/// The program that ends the server when no client holds a lease on it any more.
const MONITOR: &str = include_str!("monitor.sh");

/// Renders the user-data of a server, which ends itself as `self_destruct` says, also when no client takes a lease within
/// `boot_timeout` of its boot. Fails only when the template itself is wrong.
pub fn render(
    server_name: &str,
    volume_id: u64,
    host_key: &HostKey,
    self_destruct: SelfDestruct,
    boot_timeout: Duration,
) -> Result<String, minijinja::Error> {
    let monitor = match self_destruct {
        SelfDestruct::Delete | SelfDestruct::PowerOff => Some(MONITOR.trim_end()),
        SelfDestruct::Off => None,
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.render_str(
        TEMPLATE,
        context! {
            server_name,
            volume_id,
            host_key_type => host_key.cloud_init_name(),
            host_key_private => host_key.private_key().trim_end(),
            host_key_public => host_key.public_key().trim_end(),
            monitor,
            self_destruct => self_destruct.word(),
            boot_timeout => boot_timeout.as_secs(),
        },
    )
}

#[cfg(test)]
mod monitor_tests;
#[cfg(test)]
mod tests;
