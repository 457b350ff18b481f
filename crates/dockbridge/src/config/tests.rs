//! Valid and invalid configurations, each with the message that a user reads.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;

fn load_text(text: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dockbridge.yaml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let environment = Environment::from_pairs(pairs.iter().copied(), folder.path());
    Config::load(&environment, None)
}

#[test]
fn the_defaults_are_those_of_the_design() {
    let config = load_text("", &[]).unwrap();
    assert_eq!(config.hetzner.server_type, ServerTypeChoice::Auto);
    assert_eq!(config.hetzner.location, "fsn1");
    assert_eq!(config.hetzner.image, "docker-ce");
    assert_eq!(config.hetzner.volume_size, 10);
    assert_eq!(config.hetzner.endpoint, "https://api.hetzner.cloud/v1");
    assert_eq!(config.docker.socket_path, Path::new("/tmp/dockbridge.sock"));
    assert_eq!(config.activity.idle_timeout.to_string(), "5m");
    assert_eq!(config.activity.connection_timeout.to_string(), "30m");
    assert_eq!(config.activity.grace_period.to_string(), "30s");
    assert_eq!(config.keepalive.interval.to_string(), "30s");
    assert_eq!(config.ssh.key_type, KeyType::Ed25519);
    assert!(matches!(config.token(), Err(ConfigError::NoToken)));
}

#[test]
fn the_example_holds_every_default() {
    let example = include_str!("../../../../dockbridge.example.yaml");
    let from_example = load_text(example, &[]).unwrap();
    let from_nothing = load_text("", &[]).unwrap();
    let shown = |mut config: Config| {
        config.source = None;
        format!("{config:?}")
    };
    assert_eq!(shown(from_example), shown(from_nothing));
    for (_, key) in documented_variables() {
        let (section, name) = key.split_once('.').unwrap();
        assert!(example.contains(&format!("{section}:")) && example.contains(&format!("{name}:")), "{key} is missing");
    }
}

#[test]
fn the_designs_server_type_stays_valid() {
    let config = load_text("hetzner:\n  server_type: cpx21\n", &[]).unwrap();
    assert_eq!(config.hetzner.server_type, ServerTypeChoice::Named("cpx21".to_owned()));
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = load_text(
        "hetzner:\n  location: hel1\n  volume_size: 20\n",
        &[("DOCKBRIDGE_HETZNER_LOCATION", "nbg1"), ("DOCKBRIDGE_ACTIVITY_IDLE_TIMEOUT", "7m")],
    )
    .unwrap();
    assert_eq!((config.hetzner.location.as_str(), config.hetzner.volume_size), ("nbg1", 20));
    assert_eq!(config.activity.idle_timeout.to_string(), "7m");
}

#[test]
fn every_variable_reaches_its_key() {
    for (name, key) in documented_variables() {
        let value = match key {
            "hetzner.endpoint" => "http://127.0.0.1:1/v1",
            "hetzner.volume_size" => "33",
            "ssh.key_type" => "rsa-4096",
            "logging.level" => "trace",
            "logging.format" => "json",
            "keepalive.interval" => "7s",
            "activity.running_containers" => "keep",
            "activity.busy_cpu" => "7",
            "activity.keep_paid_hour" | "lock.enabled" => "false",
            "keepalive.self_destruct" => "poweroff",
            "keepalive.timeout" | "keepalive.boot_timeout" | "lock.idle_timeout" => "47m",
            key if key.starts_with("activity.") => "47m",
            _ => "some-value",
        };
        let config = load_text("", &[(name, value)]).unwrap();
        let without = load_text("", &[]).unwrap();
        let (with, without) = (format!("{config:?}"), format!("{without:?}"));
        assert_ne!(with, without, "{name} has no effect");
    }
}

#[test]
fn a_misspelt_variable_is_refused() {
    let error = load_text("", &[("DOCKBRIDGE_HETZNER_LOCATON", "nbg1")]).unwrap_err();
    assert!(error.to_string().contains("DOCKBRIDGE_HETZNER_LOCATON"), "{error}");
    assert!(error.to_string().contains("DOCKBRIDGE_HETZNER_LOCATION"), "{error}");
}

#[test]
fn a_typing_error_is_named_with_file_line_key_and_what_is_allowed() {
    let error = load_text("hetzner:\n  locaton: nbg1\n", &[]).unwrap_err();
    let text = error.to_string();
    for part in ["dockbridge.yaml", "line 2", "locaton", "location", "server_type"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert_eq!(error.code(), "config_invalid");
}

#[test]
fn wrong_values_are_named_with_their_place() {
    for (yaml, parts) in [
        ("activity:\n  idle_timeout: \"5\"\n", &["idle_timeout:", "line 2", "5s or 5m"][..]),
        ("activity:\n  idle_timeout: 1.2h\n", &["idle_timeout:", "line 2", "72m for 1.2h"]),
        ("hetzner:\n  volume_size: big\n", &["line 2"]),
        ("hetzner:\n  volume_size: 5\n", &["10 to 10240 GB"]),
        ("ssh:\n  key_type: dsa\n", &["line 2", "ed25519, rsa-4096"]),
        ("hetzner:\n  endpoint: http://api.example.com/v1\n", &["unencrypted"]),
        ("hetzner:\n  location: \"FSN 1\"\n", &["FSN 1"]),
        ("keepalive:\n  interval: 5m\n", &["three times"]),
        ("activity:\n  idle_timeout: 0s\n", &["1s or more"]),
        ("lock:\n  idle_timeout: 0s\n", &["lock.idle_timeout", "1s or more"]),
        ("keepalive:\n  interval: 1s\n  timeout: 9s\n", &["10s at least"]),
        ("keepalive:\n  interval: 300ms\n", &["1s for the interval"]),
        ("keepalive:\n  boot_timeout: 0s\n", &["a minute at least"]),
        ("activity:\n  busy_cpu: 101\n", &["0 to 100"]),
        ("activity:\n  grace_period: 3m\n  paid_hour_margin: 3m\n", &["paid hour", "4m at least"]),
        ("activity:\n  paid_hour_margin: 56m\n", &["55m at most"]),
        ("activity:\n  max_lifetime: 59s\n", &["less than a minute"]),
        ("activity:\n  max_lifetime: never\n", &["or off"]),
        ("activity:\n  running_containers: maybe\n", &["ignore, busy, keep"]),
        ("- a\n- b\n", &["dockbridge.yaml"]),
    ] {
        let text = load_text(yaml, &[]).unwrap_err().to_string();
        for part in parts {
            assert!(text.contains(part), "{yaml}: {part} is not in: {text}");
        }
    }
}

#[test]
fn a_file_named_explicitly_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::from_pairs([], folder.path());
    let error = Config::load(&environment, Some(Path::new("missing.yaml"))).unwrap_err();
    assert_eq!(error.code(), "config_unreadable");
}

#[test]
fn the_xdg_directory_comes_before_the_working_directory() {
    let folder = tempfile::tempdir().unwrap();
    let xdg = folder.path().join("xdg");
    fs::create_dir_all(xdg.join("dockbridge")).unwrap();
    fs::write(xdg.join("dockbridge/dockbridge.yaml"), "hetzner:\n  location: hel1\n").unwrap();
    fs::write(folder.path().join("dockbridge.yaml"), "hetzner:\n  location: nbg1\n").unwrap();
    let environment = Environment::from_pairs([("XDG_CONFIG_HOME", xdg.to_str().unwrap())], folder.path());
    assert_eq!(Config::load(&environment, None).unwrap().hetzner.location, "hel1");
}

#[test]
fn a_token_that_others_can_read_is_refused_and_never_shown() {
    let secret = "k3yThatMustNeverBeShown";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dockbridge.yaml");
    fs::write(&path, format!("hetzner:\n  api_token: {secret}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let environment = Environment::from_pairs([], folder.path());
    let error = Config::load(&environment, None).unwrap_err();
    assert_eq!(error.code(), "token_exposed");
    assert!(error.hint().contains("chmod 600"));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let config = Config::load(&environment, None).unwrap();
    assert!(config.token().is_ok());
    assert!(!format!("{config:?}").contains(secret));

    for yaml in
        [format!("hetzner:\n  api_token: [{secret}]\n"), format!("hetzner:\n  api_token: {secret}\n  oops: 1\n")]
    {
        let error = load_text(&yaml, &[]).unwrap_err();
        assert!(!error.to_string().contains(secret), "{error}");
    }
}
