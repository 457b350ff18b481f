use super::*;

fn code(stderr: &str) -> &'static str {
    failed_start(&SshTarget::new("box"), stderr, "exit status: 255").code()
}

#[test]
fn the_words_of_ssh_are_understood() {
    for (stderr, expected) in [
        ("ssh: connect to host box port 22: Connection refused\r\n", "ssh_unreachable"),
        ("ssh: connect to host box port 22: Connection timed out\r\n", "ssh_unreachable"),
        ("ssh: Could not resolve hostname box: Name or service not known\r\n", "ssh_unreachable"),
        ("kex_exchange_identification: Connection closed by remote host\r\n", "ssh_unreachable"),
        ("Connection timed out during banner exchange\r\n", "ssh_unreachable"),
        ("Connection reset by 10.0.0.1 port 22\r\n", "ssh_unreachable"),
        ("root@box: Permission denied (publickey).\r\n", "ssh_authentication_failed"),
        (
            "No ED25519 host key is known for box and you have requested strict checking.\r\nHost key verification failed.\r\n",
            "ssh_host_key_unknown",
        ),
        (
            "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key verification failed.\r\n",
            "ssh_host_key_mismatch",
        ),
        (
            "unix_listener: cannot bind to path x: No such file\r\nCould not request local forwarding.\r\n",
            "ssh_forward_refused",
        ),
        ("command-line: line 0: Bad configuration option: x\r\n", "ssh_ended"),
        ("", "ssh_ended"),
    ] {
        assert_eq!(code(stderr), expected, "{stderr}");
    }
}

#[test]
fn the_help_names_the_key_as_ssh_looks_it_up() {
    let mut target = SshTarget { port: Some(2222), ..SshTarget::new("box") };
    assert!(unknown_help(&target).contains("ssh -p 2222 box"));
    assert!(mismatch_help(&target).contains("ssh-keygen -R '[box]:2222'"));
    target.host_keys = HostKeys::Pinned { known_hosts: "/k".into(), alias: Some("engine".to_owned()) };
    assert!(mismatch_help(&target).contains("under the name engine into /k"));
}

#[test]
fn refused_channels_are_not_why_a_connection_ended() {
    let stderr = "Timeout, server box not responding.\r\nchannel 3: open failed: connect failed: x\r\n";
    assert_eq!(
        ended(stderr, "exit status: 255"),
        SshError::Ended { cause: "Timeout, server box not responding.".to_owned() }
    );
    assert_eq!(ended("", "signal: 9"), SshError::Ended { cause: "signal: 9".to_owned() });
}
