//! What a new server is told to do at its first boot, rendered from `user-data.yaml` beside this file.

use minijinja::{Environment, UndefinedBehavior, context};

use super::keys::HostKey;

/// The template, a `#cloud-config` document that a person can read.
const TEMPLATE: &str = include_str!("user-data.yaml");

/// Renders the user-data of a server. Fails only when the template itself is wrong.
pub fn render(server_name: &str, volume_id: u64, host_key: &HostKey) -> Result<String, minijinja::Error> {
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
        },
    )
}

#[cfg(test)]
mod tests;
