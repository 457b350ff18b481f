//! Finds, reads and validates the configuration.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Activity, Config, ConfigError, Docker, Hetzner, KeepAlive, KeyType, Limit, Lock, LogFormat, LogLevel, Logging,
    RunningContainers, SelfDestruct, ServerTypeChoice, Span, Ssh,
    raw::{RawActivity, RawConfig},
    variables,
};
use crate::environment::Environment;

/// The file's name, in the configuration directory as in the working directory.
const FILE_NAME: &str = "dockbridge.yaml";
/// Hetzner Cloud's own address, from the API's documentation.
const ENDPOINT: &str = "https://api.hetzner.cloud/v1";
/// What stopping the engine and deleting the server typically takes; it must fit into the hour that is paid for.
const STOP_TIME: Duration = Duration::from_mins(1);
/// Nearly the whole paid hour: with more, an hour would never be used.
const LONGEST_MARGIN: Span = Span(Duration::from_mins(55));
/// The shortest lease that can be set: as long as the pause between two looks of the server's monitor.
const SHORTEST_LEASE: Duration = Duration::from_secs(10);
/// The shortest life that can be set as a limit.
const SHORTEST_LIFE: Duration = Duration::from_mins(1);
/// The limits of a volume's size in GB, from the API's documentation of `POST /volumes`.
const VOLUME_SIZES: std::ops::RangeInclusive<u32> = 10..=10_240;

pub(super) fn load(environment: &Environment, explicit: Option<&Path>) -> Result<Config, ConfigError> {
    let (mut raw, source) = match find(environment, explicit)? {
        Some((path, text)) => (parse(&path, &text)?, Some(path)),
        None => (RawConfig::default(), None),
    };
    variables::apply(&mut raw, environment)?;
    validate(raw, source, environment)
}

/// The first file that exists, with its text. Only one named explicitly must exist.
fn find(environment: &Environment, explicit: Option<&Path>) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let read = |path: PathBuf| match fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && explicit.is_none() => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { path, source }),
    };
    if let Some(path) = explicit {
        return read(environment.working_dir().join(environment.expand(path)));
    }
    let places = environment.config_dir().into_iter().chain([environment.working_dir().to_owned()]);
    for folder in places {
        if let Some(found) = read(folder.join(FILE_NAME))? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn parse(path: &Path, text: &str) -> Result<RawConfig, ConfigError> {
    let raw: RawConfig = if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        RawConfig::default()
    } else {
        // The snippet that the parser can show is left out, since the line at fault may hold the token.
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| ConfigError::Invalid { path: path.to_owned(), reason: reason(text, &error) })?
    };
    if raw.hetzner.api_token.is_some() {
        let metadata =
            fs::metadata(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(ConfigError::TokenExposed { path: path.to_owned(), mode });
        }
    }
    Ok(raw)
}

/// The parser's message, which has line and column, with the key of that line. The line's value is left out: it may be the
/// token.
fn reason(text: &str, error: &serde_saphyr::Error) -> String {
    let line = error.location().and_then(|place| usize::try_from(place.line()).ok()?.checked_sub(1));
    let key = line.and_then(|line| text.lines().nth(line)?.split_once(':')).map(|(key, _)| key.trim());
    match key.filter(|key| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) {
        Some(key) => format!("{key}: {error}"),
        None => error.to_string(),
    }
}

fn validate(raw: RawConfig, source: Option<PathBuf>, environment: &Environment) -> Result<Config, ConfigError> {
    let seconds = |n| Span(Duration::from_secs(n));
    let path = |path: PathBuf| environment.working_dir().join(environment.expand(&path));

    let volume_size = raw.hetzner.volume_size.unwrap_or(10);
    if !VOLUME_SIZES.contains(&volume_size) {
        let reason = format!("a volume holds 10 to 10240 GB, not {volume_size}");
        return Err(ConfigError::Setting { key: "hetzner.volume_size", reason });
    }
    let server_type = match raw.hetzner.server_type.as_deref() {
        None | Some("auto") => ServerTypeChoice::Auto,
        Some(name) => ServerTypeChoice::Named(name_of("hetzner.server_type", name)?),
    };
    let keepalive = KeepAlive {
        interval: raw.keepalive.interval.unwrap_or(seconds(30)),
        timeout: raw.keepalive.timeout.unwrap_or(seconds(300)),
        boot_timeout: raw.keepalive.boot_timeout.unwrap_or(seconds(900)),
        self_destruct: raw.keepalive.self_destruct.unwrap_or(SelfDestruct::Delete),
    };
    if keepalive.timeout.0 < SHORTEST_LEASE || keepalive.interval.0 < Duration::from_secs(1) {
        let reason = format!(
            "the server looks at its leases every 10 s: write {} at least for the timeout and 1s for the interval, not {} \
             and {}",
            Span(SHORTEST_LEASE),
            keepalive.timeout,
            keepalive.interval
        );
        return Err(ConfigError::Setting { key: "keepalive.timeout", reason });
    }
    if keepalive.boot_timeout.0 < SHORTEST_LIFE {
        let reason = format!("a server needs a minute at least to boot, so {} is too short", keepalive.boot_timeout);
        return Err(ConfigError::Setting { key: "keepalive.boot_timeout", reason });
    }
    if keepalive.timeout.0 < keepalive.interval.0 * 3 {
        let reason = format!(
            "a heartbeat every {} needs a timeout of three times that at least, not {}",
            keepalive.interval, keepalive.timeout
        );
        return Err(ConfigError::Setting { key: "keepalive.timeout", reason });
    }
    let lock =
        Lock { enabled: raw.lock.enabled.unwrap_or(true), idle_timeout: raw.lock.idle_timeout.unwrap_or(seconds(60)) };
    if lock.idle_timeout.0 < Duration::from_secs(1) {
        let reason = "a server that is idle at once is never used: write 1s or more".to_owned();
        return Err(ConfigError::Setting { key: "lock.idle_timeout", reason });
    }
    Ok(Config {
        hetzner: Hetzner {
            api_token: raw.hetzner.api_token,
            endpoint: endpoint(raw.hetzner.endpoint.as_deref().unwrap_or(ENDPOINT))?,
            server_type,
            location: name_of("hetzner.location", raw.hetzner.location.as_deref().unwrap_or("fsn1"))?,
            image: name_of("hetzner.image", raw.hetzner.image.as_deref().unwrap_or("docker-ce"))?,
            volume_size,
        },
        docker: Docker {
            socket_path: path(raw.docker.socket_path.unwrap_or_else(|| PathBuf::from("/tmp/dockbridge.sock"))),
        },
        activity: activity(&raw.activity)?,
        keepalive,
        lock,
        ssh: Ssh { key_type: raw.ssh.key_type.unwrap_or(KeyType::Ed25519), key_path: raw.ssh.key_path.map(path) },
        logging: Logging {
            level: raw.logging.level.unwrap_or(LogLevel::Info),
            format: raw.logging.format.unwrap_or(LogFormat::Text),
        },
        source,
    })
}

fn activity(raw: &RawActivity) -> Result<Activity, ConfigError> {
    let seconds = |n| Span(Duration::from_secs(n));
    let grace_period = raw.grace_period.unwrap_or(seconds(30));
    let least = Span(grace_period.0 + STOP_TIME);
    let activity = Activity {
        idle_timeout: raw.idle_timeout.unwrap_or(seconds(300)),
        connection_timeout: raw.connection_timeout.unwrap_or(seconds(1800)),
        grace_period,
        running_containers: raw.running_containers.unwrap_or(RunningContainers::Busy),
        busy_cpu: raw.busy_cpu.unwrap_or(5),
        keep_paid_hour: raw.keep_paid_hour.unwrap_or(true),
        paid_hour_margin: raw.paid_hour_margin.unwrap_or(seconds(180).max(least)),
        max_lifetime: raw.max_lifetime.unwrap_or(Limit(None)),
    };
    let setting = |key, reason| Err(ConfigError::Setting { key, reason });
    if activity.idle_timeout.0 < Duration::from_secs(1) {
        return setting(
            "activity.idle_timeout",
            "a server that is idle at once is never used: write 1s or more".into(),
        );
    }
    if activity.busy_cpu > 100 {
        let reason =
            format!("{} % of a core is more than a container can be asked for: write 0 to 100", activity.busy_cpu);
        return setting("activity.busy_cpu", reason);
    }
    if activity.keep_paid_hour && !(least..=LONGEST_MARGIN).contains(&activity.paid_hour_margin) {
        let reason = format!(
            "with a grace period of {} the end of the paid hour needs a margin of {least} at least, and {LONGEST_MARGIN} \
             at most, not {}",
            activity.grace_period, activity.paid_hour_margin
        );
        return setting("activity.paid_hour_margin", reason);
    }
    if activity.max_lifetime.duration().is_some_and(|limit| limit < SHORTEST_LIFE) {
        let reason =
            format!("a server that lives less than a minute is of no use, so {} is too short", activity.max_lifetime);
        return setting("activity.max_lifetime", reason);
    }
    Ok(activity)
}

/// Names in the API's catalogue are lower-case words; anything else is a slip that the API would only reject later.
fn name_of(key: &'static str, name: &str) -> Result<String, ConfigError> {
    let valid = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c));
    if valid {
        Ok(name.to_owned())
    } else {
        Err(ConfigError::Setting { key, reason: format!("`{name}` is not a name of Hetzner's catalogue") })
    }
}

/// The token travels with every call, so only TLS will do, unless the other end is this very machine.
fn endpoint(text: &str) -> Result<String, ConfigError> {
    let wrong = |reason| ConfigError::Setting { key: "hetzner.endpoint", reason };
    let parsed: hcloud_client::Endpoint = text.parse().map_err(|error| wrong(format!("`{text}`: {error}")))?;
    if parsed.is_plaintext() && !parsed.is_loopback() {
        return Err(wrong(format!("`{text}` would send the token unencrypted; use https://")));
    }
    Ok(text.trim_end_matches('/').to_owned())
}
