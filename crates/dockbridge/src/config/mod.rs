//! The configuration: read from a YAML file and the environment, validated once, immutable afterwards.
//!
//! Precedence: environment, then file, then default. The file is the one named by `--config`, else
//! `dockbridge.yaml` in the XDG configuration directory, else `./dockbridge.yaml`, else none.

mod choice;
mod duration;
mod error;
mod limit;
mod load;
mod raw;
mod variables;

use std::path::{Path, PathBuf};

use hcloud_client::ApiToken;

pub use choice::{KeyType, LogFormat, LogLevel, RunningContainers, SelfDestruct};
pub use duration::Span;
pub use error::ConfigError;
pub use limit::Limit;
pub use variables::documented_variables;

use crate::environment::Environment;

/// The validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is ordered from Hetzner Cloud.
    pub hetzner: Hetzner,
    /// The local side.
    pub docker: Docker,
    /// Idle timers.
    pub activity: Activity,
    /// Heartbeats.
    pub keepalive: KeepAlive,
    /// The locked screen.
    pub lock: Lock,
    /// Keys.
    pub ssh: Ssh,
    /// Logs.
    pub logging: Logging,
    /// The file it was read from, if any.
    pub source: Option<PathBuf>,
}

/// Section `hetzner`.
#[derive(Debug, Clone)]
pub struct Hetzner {
    /// The API token of the project; redacted wherever it is shown. `None` where none was given: commands that need
    /// the API call [`Config::token`].
    pub api_token: Option<ApiToken>,
    /// The API's address.
    pub endpoint: String,
    /// Which server is ordered.
    pub server_type: ServerTypeChoice,
    /// The location of volume and server, such as `fsn1`.
    pub location: String,
    /// The name of the image, such as `docker-ce` or `debian-12`.
    pub image: String,
    /// The size of a new volume in GB, 10 to 10240 (the API's limits).
    pub volume_size: u32,
}

/// What `hetzner.server_type` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerTypeChoice {
    /// The cheapest type on offer that has the size of the design's `cpx21` (3 vCPU, 4 GB, x86), chosen at run time.
    Auto,
    /// This type and no other.
    Named(String),
}

/// Section `docker`.
#[derive(Debug, Clone)]
pub struct Docker {
    /// The Unix socket that Docker clients connect to.
    pub socket_path: PathBuf,
}

/// Section `activity`.
#[derive(Debug, Clone, Copy)]
pub struct Activity {
    /// No request and no connection for this long makes the server idle.
    pub idle_timeout: Span,
    /// Connections on which no byte moved for this long count as idle.
    pub connection_timeout: Span,
    /// Time between the decision to destroy the server and its destruction.
    pub grace_period: Span,
    /// What containers that run without a client mean.
    pub running_containers: RunningContainers,
    /// From which share of a core, in per cent, a container counts as busy.
    pub busy_cpu: u32,
    /// Whether an idle server is kept until the hour that is paid for is nearly over.
    pub keep_paid_hour: bool,
    /// How long before the end of that hour it is destroyed.
    pub paid_hour_margin: Span,
    /// How long a server may live, whatever it does.
    pub max_lifetime: Limit,
}

/// Section `keepalive`.
#[derive(Debug, Clone, Copy)]
pub struct KeepAlive {
    /// Time between heartbeats.
    pub interval: Span,
    /// How long the server lives without one.
    pub timeout: Span,
    /// How long a server waits for the first one.
    pub boot_timeout: Span,
    /// What the server does after that.
    pub self_destruct: SelfDestruct,
}

/// Section `lock`.
#[derive(Debug, Clone, Copy)]
pub struct Lock {
    /// Whether a locked screen is taken notice of.
    pub enabled: bool,
    /// The idle timeout while the screen is locked, unless `activity.idle_timeout` is shorter.
    pub idle_timeout: Span,
}

/// Section `ssh`.
#[derive(Debug, Clone)]
pub struct Ssh {
    /// The kind of key pair that is generated.
    pub key_type: KeyType,
    /// A private key of the user's own instead of a generated one.
    pub key_path: Option<PathBuf>,
}

/// Section `logging`.
#[derive(Debug, Clone, Copy)]
pub struct Logging {
    /// How much is logged.
    pub level: LogLevel,
    /// The form of a log line.
    pub format: LogFormat,
}

impl Config {
    /// Reads and validates the configuration; `explicit` is the file named by `--config`.
    pub fn load(environment: &Environment, explicit: Option<&Path>) -> Result<Self, ConfigError> {
        load::load(environment, explicit)
    }

    /// The API token, or the error that says how to give one.
    pub fn token(&self) -> Result<&ApiToken, ConfigError> {
        self.hetzner.api_token.as_ref().ok_or(ConfigError::NoToken)
    }
}

#[cfg(test)]
mod tests;
