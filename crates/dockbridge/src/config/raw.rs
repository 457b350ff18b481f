//! The configuration as it is written down: every key optional, unknown keys refused.

use std::path::PathBuf;

use hcloud_client::ApiToken;
use serde::{Deserialize, Deserializer, de};

use super::{
    Span,
    choice::{KeyType, LogFormat, LogLevel, RunningContainers, SelfDestruct},
    limit::Limit,
};

/// The whole file; a section that is left out is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub(super) hetzner: RawHetzner,
    pub(super) docker: RawDocker,
    pub(super) activity: RawActivity,
    pub(super) keepalive: RawKeepAlive,
    pub(super) lock: RawLock,
    pub(super) ssh: RawSsh,
    pub(super) logging: RawLogging,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHetzner {
    #[serde(deserialize_with = "token")]
    pub(super) api_token: Option<ApiToken>,
    pub(super) endpoint: Option<String>,
    pub(super) server_type: Option<String>,
    pub(super) location: Option<String>,
    pub(super) image: Option<String>,
    pub(super) volume_size: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDocker {
    pub(super) socket_path: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawActivity {
    pub(super) idle_timeout: Option<Span>,
    pub(super) connection_timeout: Option<Span>,
    pub(super) grace_period: Option<Span>,
    pub(super) running_containers: Option<RunningContainers>,
    pub(super) busy_cpu: Option<u32>,
    pub(super) keep_paid_hour: Option<bool>,
    pub(super) paid_hour_margin: Option<Span>,
    pub(super) max_lifetime: Option<Limit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawKeepAlive {
    pub(super) interval: Option<Span>,
    pub(super) timeout: Option<Span>,
    pub(super) boot_timeout: Option<Span>,
    pub(super) self_destruct: Option<SelfDestruct>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLock {
    pub(super) enabled: Option<bool>,
    pub(super) idle_timeout: Option<Span>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSsh {
    pub(super) key_type: Option<KeyType>,
    pub(super) key_path: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLogging {
    pub(super) level: Option<LogLevel>,
    pub(super) format: Option<LogFormat>,
}

/// The token is parsed by its own type, whose error never repeats what it was given.
fn token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ApiToken>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
}
