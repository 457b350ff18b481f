use super::*;

fn nothing_missing() -> Found {
    Found { machines: Vec::new(), sshd: true, compose: true, buildkit: BuildKit::Works, dbus: true, tools: Vec::new() }
}

#[test]
fn old_clients_build_by_themselves() {
    assert!(has_buildkit("Docker version 20.10.24+dfsg1, build 297e128"));
    assert!(!has_buildkit("Docker version 23.0.0, build e92dd87"));
    assert!(!has_buildkit("Docker version 28.2.2, build e6534b4"));
    assert!(!has_buildkit("podman version 4.3.1"));
    assert!(!has_buildkit(""));
}

#[test]
fn what_is_there_is_not_asked_for() {
    assert!(select(nothing_missing(), |_| true).is_empty());
}

#[test]
fn what_machines_need_comes_first() {
    let found = Found { machines: vec!["mmdebstrap"], sshd: false, ..nothing_missing() };
    assert_eq!(select(found, |_| true), ["mmdebstrap", "openssh-server"]);
}

#[test]
fn compose_has_the_name_that_the_distribution_gives_it() {
    let found = || Found { compose: false, ..nothing_missing() };
    assert_eq!(select(found(), |package| package == "docker-compose-v2"), ["docker-compose-v2"]);
    assert_eq!(select(found(), |_| false), ["docker-compose"]);
}

#[test]
fn a_daemon_of_dbus_comes_without_the_systems_bus_where_that_is_possible() {
    let found = || Found { dbus: false, tools: vec!["python3-dbusmock"], ..nothing_missing() };
    assert_eq!(select(found(), |package| package == "dbus-daemon"), ["dbus-daemon", "python3-dbusmock"]);
    assert_eq!(select(found(), |_| false), ["dbus", "python3-dbusmock"]);
}

#[test]
fn every_tool_has_a_command_that_shows_whether_it_is_there() {
    for (package, commands) in TOOLS {
        assert!(!commands.is_empty() && commands.iter().all(|command| command.len() > 1), "{package}");
    }
}

#[test]
fn buildx_is_asked_for_where_a_client_lacks_or_will_lack_it_and_the_distribution_has_it() {
    for buildkit in [BuildKit::Missing, BuildKit::NoClient] {
        let found = || Found { buildkit, ..nothing_missing() };
        assert_eq!(select(found(), |_| true), ["docker-buildx"]);
        assert_eq!(select(found(), |package| package == "docker-buildx-plugin"), ["docker-buildx-plugin"]);
        assert!(select(found(), |_| false).is_empty());
    }
}
