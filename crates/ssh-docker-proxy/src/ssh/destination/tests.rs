use super::*;

#[test]
fn destinations_are_read_as_ssh_reads_them() {
    let cases = [
        ("host", None, "host", None),
        ("root@10.0.0.1", Some("root"), "10.0.0.1", None),
        ("root@host:2222", Some("root"), "host", Some(2222)),
        ("ssh://me@host:22", Some("me"), "host", Some(22)),
        ("ssh://host/", None, "host", None),
        ("me@[2001:db8::1]:2200", Some("me"), "2001:db8::1", Some(2200)),
        ("[::1]", None, "::1", None),
        ("2001:db8::1", None, "2001:db8::1", None),
        ("fe80::1%eth0", None, "fe80::1%eth0", None),
        ("me@corp@jump", Some("me@corp"), "jump", None),
    ];
    for (text, user, host, port) in cases {
        let target = parse(text).unwrap();
        assert_eq!((target.user.as_deref(), target.host.as_str(), target.port), (user, host, port), "{text}");
    }
}

#[test]
fn what_is_no_destination_is_refused() {
    for text in [
        "",
        "root@",
        "@host",
        "-oProxyCommand=reboot",
        "root@-oProxyCommand=reboot",
        "-l@host",
        "host:0",
        "host:65536",
        "host:x",
        "host:",
        "[::1",
        "[::1]x",
        "ho st",
        "host;reboot",
        "`id`@host",
        "host/path",
        "ssh://",
        "ssh://a/b",
        "a\nb",
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.code(), "ssh_invalid_target", "{text}");
        assert!(!error.retryable());
    }
}
