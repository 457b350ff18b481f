//! The monitor's command line and its answers.

use super::*;
use crate::keepalive::fake_server::{Answer, FakeServer};

const SPAN: Duration = Duration::from_mins(5);

fn owner() -> Owner {
    Owner::new("c0ffee", "laptop")
}

async fn renewed(answer: Answer) -> Result<Vec<ForeignLease>, LeaseError> {
    renew(&*FakeServer::new([answer]), &owner(), SPAN).await
}

#[tokio::test]
async fn calls_are_as_the_monitor_reads_them() {
    let server = FakeServer::new([Answer::Output(0, "", "")]);
    renew(&*server, &owner(), Duration::from_millis(299_999)).await.unwrap();
    release(&*server, &owner()).await.unwrap();
    leases(&*server).await.unwrap();
    end(&*server, &owner(), Duration::from_mins(4)).await.unwrap();
    let calls = server.calls();
    let commands: Vec<_> = calls.iter().map(|call| call.command.as_str()).collect();
    let monitor = "/usr/local/sbin/dockbridge-monitor";
    assert_eq!(
        commands,
        [
            format!("{monitor} 'renew' 'c0ffee' 'laptop' '299'"),
            format!("{monitor} 'release' 'c0ffee'"),
            format!("{monitor} 'leases'"),
            format!("{monitor} 'end' 'c0ffee' 'laptop' '240'"),
        ]
    );
    assert!(calls.iter().all(|call| call.stdin.is_empty() && call.bound == BOUND));
}

#[test]
fn a_shell_reads_arguments_as_they_are() {
    let arguments = ["a b", "it's", "$(reboot)", "`x`", "\\", "", "*", "a\nb"];
    let line = command(&arguments).replacen(MONITOR, "printf '%s|'", 1);
    let output = std::process::Command::new("sh").arg("-c").arg(line).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{}|", arguments.join("|")));
}

#[tokio::test]
async fn the_token_goes_through_standard_input_alone() {
    let server = FakeServer::new([Answer::Output(0, "", "")]);
    let token = SecretString::from("s3cr3t".to_owned());
    hand_over(&*server, "https://api.hetzner.cloud/v1/servers/42", &token).await.unwrap();
    let calls = server.calls();
    assert_eq!(calls[0].command, format!("{MONITOR} 'token'"));
    assert_eq!(calls[0].stdin, b"https://api.hetzner.cloud/v1/servers/42\ns3cr3t\n");
}

#[tokio::test]
async fn the_leases_of_others_are_read() {
    let others = renewed(Answer::Output(0, "5eed desktop 260\nbad1dea build.example.org 1\n", "")).await.unwrap();
    let lease = |client_id: &str, host: &str, remaining_seconds| ForeignLease {
        client_id: client_id.to_owned(),
        host: host.to_owned(),
        remaining_seconds,
    };
    assert_eq!(others, [lease("5eed", "desktop", 260), lease("bad1dea", "build.example.org", 1)]);
}

#[tokio::test]
async fn what_cannot_be_read_is_no_silence() {
    for text in ["Welcome!\n", "5eed desktop\n", "5eed desktop -1\n", "5eed desktop 260 more\n", "\n"] {
        let error = renewed(Answer::Output(0, text, "")).await.unwrap_err();
        assert!(matches!(error, LeaseError::Failed { .. }), "{text:?}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_apart() {
    let long: &'static str = Box::leak("x".repeat(10_000).into_boxed_str());
    for (answer, code, retryable, answered, part) in [
        (Answer::Output(3, "", "it has begun"), "lease_destroying", false, true, "destroying itself"),
        (Answer::Output(127, "", "sh: not found"), "lease_no_monitor", true, true, "no monitor"),
        (Answer::Output(126, "", "permission denied"), "lease_no_monitor", true, true, "no monitor"),
        (Answer::Output(1, "", "the clock cannot be read\n"), "lease_failed", true, true, "the clock cannot be read"),
        (Answer::Output(2, "", ""), "lease_failed", true, true, "exit status 2"),
        (Answer::Output(1, "", long), "lease_failed", true, true, "xxx"),
        (Answer::Output(255, "", "mux_client: broken"), "lease_link", true, false, "cannot be reached"),
        (Answer::Silence, "lease_link", true, false, "cannot be reached"),
    ] {
        let error = renewed(answer.clone()).await.unwrap_err();
        assert_eq!((error.code(), error.retryable(), error.answered()), (code, retryable, answered), "{answer:?}");
        assert!(error.to_string().contains(part) && error.to_string().len() < 1000, "{error}");
        let shown = crate::error::DockBridgeError::from(error);
        assert_eq!((shown.category(), shown.code()), (crate::error::ErrorCategory::Ssh, code));
        assert!(shown.hint().is_some());
    }
}
