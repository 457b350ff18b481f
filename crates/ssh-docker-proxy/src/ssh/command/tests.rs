use super::*;

fn files() -> (TempDir, Files) {
    let run_dir = tempfile::tempdir_in("/tmp").unwrap();
    let files = Files::create(run_dir.path()).unwrap();
    (run_dir, files)
}

fn line(target: &SshTarget, version: Version) -> String {
    let (_run_dir, files) = files();
    let arguments = master(target, version, &files).unwrap();
    arguments.iter().map(|argument| argument.to_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn versions_are_read() {
    assert_eq!(Version::read("OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19"), Version(9, 2));
    assert_eq!(Version::read("OpenSSH_10.0p2"), Version(10, 0));
    assert_eq!(Version::read("dropbear"), Version(0, 0));
    assert!(Version(10, 0) > Version(8, 7));
}

#[test]
fn pinned_targets_look_at_nothing_of_the_users() {
    let target = SshTarget {
        user: Some("root".to_owned()),
        port: Some(2222),
        identity_file: Some("/keys/100% mine".into()),
        host_keys: HostKeys::Pinned { known_hosts: "/keys/known hosts".into(), alias: Some("engine-7".to_owned()) },
        ..SshTarget::new("10.0.0.1")
    };
    let line = line(&target, Version(9, 2));
    for part in [
        "-F none",
        "-o UserKnownHostsFile=\"/keys/known hosts\"",
        "-o GlobalKnownHostsFile=/dev/null",
        "-o StrictHostKeyChecking=yes",
        "-o IdentityAgent=none",
        "-o HostKeyAlias=engine-7",
        "-o Ciphers=^aes128-gcm@openssh.com",
        "-i /keys/100%% mine",
        "-l root -p 2222 -- 10.0.0.1 exec sh",
        "engine.sock:/var/run/docker.sock",
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
}

#[test]
fn the_users_own_configuration_comes_first() {
    let line = line(&SshTarget::new("box"), Version(9, 2));
    assert!(
        line.contains("-o StrictHostKeyChecking=yes") && !line.contains("Ciphers") && !line.contains("IdentitiesOnly")
    );
    let (_run_dir, files) = files();
    files.write_user_config(Version(9, 2)).unwrap();
    let text = std::fs::read_to_string(files.config()).unwrap();
    assert!(text.starts_with("Include ~/.ssh/config\n") && text.ends_with("Ciphers ^aes128-gcm@openssh.com\n"));
    files.write_user_config(Version(7, 4)).unwrap();
    assert!(!std::fs::read_to_string(files.config()).unwrap().contains("Ciphers"));
}

#[test]
fn what_ssh_would_misread_is_refused() {
    let (_run_dir, files) = files();
    let bad = [
        SshTarget::new("-oProxyCommand=reboot"),
        SshTarget { remote_socket: "/run/a:b".into(), ..SshTarget::new("box") },
        SshTarget { remote_socket: "docker.sock".into(), ..SshTarget::new("box") },
        SshTarget { remote_socket: "/run/%h".into(), ..SshTarget::new("box") },
        SshTarget { identity_file: Some("/keys/${HOME}".into()), ..SshTarget::new("box") },
        SshTarget {
            host_keys: HostKeys::Pinned { known_hosts: "/a\" \"/b".into(), alias: None },
            ..SshTarget::new("box")
        },
        SshTarget {
            host_keys: HostKeys::Pinned { known_hosts: "/a".into(), alias: Some("a b".to_owned()) },
            ..SshTarget::new("box")
        },
    ];
    for target in bad {
        assert_eq!(master(&target, Version(9, 2), &files).unwrap_err().code(), "ssh_invalid_target", "{target:?}");
    }
}

#[test]
fn a_run_directory_that_is_too_long_is_named() {
    let run_dir = tempfile::tempdir_in("/tmp").unwrap();
    let deep = run_dir.path().join("d".repeat(80));
    std::fs::create_dir(&deep).unwrap();
    let error = Files::create(&deep).unwrap_err();
    assert!(error.to_string().contains("bytes too long"), "{error}");
    assert_eq!(std::fs::read_dir(&deep).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn ssh_is_given_no_variable_but_those_it_needs() {
    // `HETZNER_API_TOKEN` and its like are none of them, whoever acts for whom.
    let pinned = HostKeys::Pinned { known_hosts: "/keys/known".into(), alias: None };
    for (host_keys, allowed) in [(HostKeys::UserDefault, &USER_VARIABLES[..]), (pinned, &PINNED_VARIABLES[..])] {
        let command = process(&[], &host_keys);
        let given: Vec<_> = command.as_std().get_envs().map(|(name, _)| name.to_str().unwrap()).collect();
        assert!(given.contains(&"PATH") && given.contains(&"LC_ALL"), "{given:?}");
        assert!(given.iter().all(|name| *name == "LC_ALL" || allowed.contains(name)), "{given:?}");
    }
}
