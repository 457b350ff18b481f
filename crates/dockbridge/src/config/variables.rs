//! Every key of the configuration as an environment variable: `hetzner.server_type` is `DOCKBRIDGE_HETZNER_SERVER_TYPE`.

use std::{fmt::Display, str::FromStr};

use super::{ConfigError, raw::RawConfig};
use crate::environment::Environment;

/// What all of our variables start with.
const PREFIX: &str = "DOCKBRIDGE_";

/// Reads a value into its place.
type Apply = fn(&mut RawConfig, &str) -> Result<(), String>;

/// One variable that sets one key.
struct Variable {
    name: &'static str,
    key: &'static str,
    apply: Apply,
}

/// Parses `text` into a setting.
fn set<T: FromStr<Err: Display>>(place: &mut Option<T>, text: &str) -> Result<(), String> {
    *place = Some(text.parse().map_err(|error: T::Err| error.to_string())?);
    Ok(())
}

macro_rules! variables {
    ($($name:literal => $section:ident . $key:ident),+ $(,)?) => {
        /// Later rows win over earlier ones, so our own names stand last. `HETZNER_API_TOKEN` is the design's name,
        /// `HCLOUD_TOKEN` and `HCLOUD_ENDPOINT` are what Hetzner's own tools read.
        const VARIABLES: &[Variable] = &[$(Variable {
            name: $name,
            key: concat!(stringify!($section), ".", stringify!($key)),
            apply: |raw, text| set(&mut raw.$section.$key, text),
        }),+];
    };
}

variables! {
    "HCLOUD_TOKEN" => hetzner.api_token,
    "HETZNER_API_TOKEN" => hetzner.api_token,
    "DOCKBRIDGE_HETZNER_API_TOKEN" => hetzner.api_token,
    "HCLOUD_ENDPOINT" => hetzner.endpoint,
    "DOCKBRIDGE_HETZNER_ENDPOINT" => hetzner.endpoint,
    "DOCKBRIDGE_HETZNER_SERVER_TYPE" => hetzner.server_type,
    "DOCKBRIDGE_HETZNER_LOCATION" => hetzner.location,
    "DOCKBRIDGE_HETZNER_IMAGE" => hetzner.image,
    "DOCKBRIDGE_HETZNER_VOLUME_SIZE" => hetzner.volume_size,
    "DOCKBRIDGE_DOCKER_SOCKET_PATH" => docker.socket_path,
    "DOCKBRIDGE_ACTIVITY_IDLE_TIMEOUT" => activity.idle_timeout,
    "DOCKBRIDGE_ACTIVITY_CONNECTION_TIMEOUT" => activity.connection_timeout,
    "DOCKBRIDGE_ACTIVITY_GRACE_PERIOD" => activity.grace_period,
    "DOCKBRIDGE_ACTIVITY_RUNNING_CONTAINERS" => activity.running_containers,
    "DOCKBRIDGE_ACTIVITY_BUSY_CPU" => activity.busy_cpu,
    "DOCKBRIDGE_ACTIVITY_KEEP_PAID_HOUR" => activity.keep_paid_hour,
    "DOCKBRIDGE_ACTIVITY_PAID_HOUR_MARGIN" => activity.paid_hour_margin,
    "DOCKBRIDGE_ACTIVITY_MAX_LIFETIME" => activity.max_lifetime,
    "DOCKBRIDGE_KEEPALIVE_INTERVAL" => keepalive.interval,
    "DOCKBRIDGE_KEEPALIVE_TIMEOUT" => keepalive.timeout,
    "DOCKBRIDGE_KEEPALIVE_BOOT_TIMEOUT" => keepalive.boot_timeout,
    "DOCKBRIDGE_KEEPALIVE_SELF_DESTRUCT" => keepalive.self_destruct,
    "DOCKBRIDGE_LOCK_ENABLED" => lock.enabled,
    "DOCKBRIDGE_LOCK_IDLE_TIMEOUT" => lock.idle_timeout,
    "DOCKBRIDGE_SSH_KEY_TYPE" => ssh.key_type,
    "DOCKBRIDGE_SSH_KEY_PATH" => ssh.key_path,
    "DOCKBRIDGE_LOGGING_LEVEL" => logging.level,
    "DOCKBRIDGE_LOGGING_FORMAT" => logging.format,
}

/// The variables that are read, as pairs of variable and key, weakest first.
pub fn documented_variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    VARIABLES.iter().map(|variable| (variable.name, variable.key))
}

/// Puts what the environment sets over what the file says.
pub(super) fn apply(raw: &mut RawConfig, environment: &Environment) -> Result<(), ConfigError> {
    for variable in VARIABLES {
        if let Some(text) = environment.var(variable.name) {
            (variable.apply)(raw, text)
                .map_err(|reason| ConfigError::Variable { name: variable.name.to_owned(), reason })?;
        }
    }
    // A misspelt variable would otherwise be ignored in silence, and the setting it was meant for with it.
    for name in environment.names_with_prefix(PREFIX) {
        if !VARIABLES.iter().any(|variable| variable.name == name) {
            let allowed: Vec<_> = VARIABLES.iter().map(|v| v.name).filter(|n| n.starts_with(PREFIX)).collect();
            return Err(ConfigError::Variable {
                name: name.to_owned(),
                reason: format!("there is no such setting; known are {}", allowed.join(", ")),
            });
        }
    }
    Ok(())
}
