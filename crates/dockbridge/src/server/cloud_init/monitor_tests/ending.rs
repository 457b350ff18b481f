//! When the server ends itself, and in which order.

use super::fake_machine::{FakeMachine, START};

/// Stops the engine, and leaves a clean file system.
const STOPPED: [&str; 5] = [
    "systemctl stop docker.socket docker.service containerd.service",
    "sync ",
    "umount /var/lib/containerd",
    "umount /var/lib/docker",
    "sync ",
];

/// The calls without their times, up to the first order to power off.
fn names(calls: Vec<(u64, String)>) -> Vec<String> {
    let mut names: Vec<_> = calls.into_iter().map(|(_, call)| call).collect();
    let end = names.iter().position(|call| call.starts_with("systemctl poweroff")).map_or(names.len(), |at| at + 1);
    names.truncate(end);
    names
}

fn powered_off() -> Vec<&'static str> {
    STOPPED.into_iter().chain(["systemctl poweroff"]).collect()
}

#[tokio::test]
async fn the_last_lease_decides() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "100"]).await;
    machine.ok(&["renew", "5eed", "desktop", "200"]).await;
    machine.watch_until(START + 195).await;
    assert_eq!(machine.calls(), []);
    let outcome = machine.watch_until(START + 300).await;
    assert_eq!(names(machine.calls()), powered_off());
    assert!(machine.calls()[0].0 <= START + 210, "it takes no longer than one look: {:?}", machine.calls());
    assert!(outcome.stderr.contains("every lease has run out or was given back"), "{}", outcome.stderr);
}

#[tokio::test]
async fn leases_that_are_renewed_hold_for_ever() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "25"]).await;
    machine.on("sleep", "dash \"$MONITOR\" renew c0ffee laptop 25");
    machine.watch_until(START + 300).await;
    assert_eq!(machine.calls(), []);
}

#[tokio::test]
async fn giving_the_last_lease_back_ends_it_at_once() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "300"]).await;
    machine.ok(&["release", "c0ffee"]).await;
    machine.watch_until(START + 20).await;
    assert_eq!(names(machine.calls()), powered_off());
    assert_eq!(machine.calls()[0].0, START);
}

#[tokio::test]
async fn a_server_that_no_client_has_ever_found_powers_off() {
    // The time of the first look counts, and survives a restart of the monitor.
    for mode in ["poweroff", "delete"] {
        let machine = FakeMachine::new(mode);
        machine.watch_until(START + 900).await;
        assert_eq!(machine.calls(), []);
        let outcome = machine.watch_until(START + 950).await;
        assert_eq!(names(machine.calls()), powered_off());
        assert!((901..=910).contains(&(machine.calls()[0].0 - START)), "{:?}", machine.calls());
        assert!(outcome.stderr.contains("within 900 s of the boot"), "{}", outcome.stderr);
    }
}

#[tokio::test]
async fn a_renewal_that_is_faster_cancels_the_end() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "5"]).await;
    machine.set_uptime(START + 6);
    // Between the first look and the second.
    machine.on("mkdir", "rm \"$FAKE/on-mkdir\"; dash \"$MONITOR\" renew c0ffee laptop 300 || touch \"$FAKE/failed\"");
    machine.watch_until(START + 200).await;
    assert!(!machine.path("on-mkdir").exists() && !machine.path("failed").exists());
    assert_eq!(machine.calls(), []);
    assert!(!machine.run_dir().join("destroying").exists(), "and later renewals are accepted");
    machine.ok(&["renew", "c0ffee", "laptop", "300"]).await;
}

#[tokio::test]
async fn a_renewal_that_is_slower_is_told_and_changes_nothing() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "5"]).await;
    machine.on("systemctl", "dash \"$MONITOR\" renew c0ffee laptop 300; echo $? >>\"$FAKE/renewals\"");
    machine.watch_until(START + 20).await;
    assert_eq!(names(machine.calls()), powered_off());
    assert!(std::fs::read_to_string(machine.path("renewals")).unwrap().lines().all(|status| status == "3"));
    assert_eq!(machine.ok(&["leases"]).await, "");
}

#[tokio::test]
async fn a_monitor_that_was_restarted_goes_on() {
    let machine = FakeMachine::new("poweroff");
    machine.write_lease("5eed", "99999\ndesktop\n");
    std::fs::create_dir(machine.run_dir().join("destroying")).unwrap();
    machine.watch_until(START + 20).await;
    assert_eq!(machine.calls(), [], "it had not begun");
    machine.ok(&["renew", "c0ffee", "laptop", "300"]).await;

    std::fs::create_dir(machine.run_dir().join("destroying")).unwrap();
    std::fs::write(machine.run_dir().join("destroying/begun"), "").unwrap();
    machine.watch_until(START + 40).await;
    assert_eq!(names(machine.calls()), powered_off(), "it had begun");
}

#[tokio::test]
async fn no_failing_step_keeps_the_server_alive() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "5"]).await;
    for tool in ["systemctl", "umount", "sync"] {
        machine.on(tool, "exit 1");
    }
    let outcome = machine.watch_until(START + 20).await;
    let calls: Vec<_> = machine.calls().into_iter().map(|(_, call)| call).collect();
    assert_eq!(calls[..6], powered_off());
    assert_eq!(calls[6], "systemctl poweroff --force");
    for part in ["could not be stopped", "/var/lib/docker could not be unmounted", "powering off failed"] {
        assert!(outcome.stderr.contains(part), "{part} is missing in: {}", outcome.stderr);
    }
}

#[tokio::test]
async fn a_client_that_ends_the_server_is_alone_from_then_on() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "300"]).await;
    assert_eq!(machine.ok(&["end", "c0ffee", "laptop", "240"]).await, "");
    // Whoever comes now is told, the client itself included, and nothing of theirs is left.
    for client in ["5eed", "c0ffee"] {
        assert_eq!(machine.call(&["renew", client, "desktop", "300"], "").await.status, Some(3), "{client}");
    }
    assert_eq!(machine.ok(&["end", "5eed", "desktop", "240"]).await, "c0ffee laptop 240\n");
    assert_eq!(machine.ok(&["leases"]).await, "c0ffee laptop 240\n");
    // An answer that was lost is asked for again.
    assert_eq!(machine.ok(&["end", "c0ffee", "laptop", "240"]).await, "");
    // The client has the time it asked for, looks of the monitor included; then the monitor finishes what it has begun.
    machine.watch_until(START + 235).await;
    assert_eq!(machine.calls(), []);
    assert_eq!(machine.call(&["renew", "5eed", "desktop", "300"], "").await.status, Some(3));
    machine.watch_until(START + 280).await;
    assert_eq!(names(machine.calls()), powered_off());
}

#[tokio::test]
async fn a_client_that_is_not_alone_gives_its_lease_back_and_ends_nothing() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "300"]).await;
    machine.ok(&["renew", "5eed", "desktop", "200"]).await;
    assert_eq!(machine.ok(&["end", "c0ffee", "laptop", "240"]).await, "5eed desktop 200\n");
    assert_eq!(machine.ok(&["leases"]).await, "5eed desktop 200\n");
    assert_eq!(machine.ok(&["renew", "5eed", "desktop", "300"]).await, "", "who is left goes on");
    assert_eq!(machine.ok(&["end", "5eed", "desktop", "240"]).await, "");
}

#[tokio::test]
async fn who_holds_the_server_is_not_refused_because_somebody_tries_to_end_it() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "5eed", "desktop", "200"]).await;
    // Every step of the attempt that calls a tool is used for a renewal.
    let renew =
        "if [ -z \"$INSIDE\" ]; then INSIDE=1 dash \"$MONITOR\" renew 5eed desktop 300 || touch \"$FAKE/refused\"; fi";
    for tool in ["mkdir", "mv", "rm", "cat"] {
        machine.on(tool, renew);
    }
    assert_eq!(machine.ok(&["end", "c0ffee", "laptop", "240"]).await.lines().last(), Some("5eed desktop 300"));
    assert!(!machine.path("refused").exists());
}

#[tokio::test]
async fn a_renewal_is_never_given_beside_an_end() {
    // The renewal begins before the end and looks after it; the end sees its lease, or it sees the end.
    let machine = FakeMachine::new("poweroff");
    machine.on("mv", "rm \"$FAKE/on-mv\"; dash \"$MONITOR\" end c0ffee laptop 240 >\"$FAKE/ended\"");
    assert_eq!(machine.call(&["renew", "5eed", "desktop", "300"], "").await.status, Some(3));
    assert_eq!(std::fs::read_to_string(machine.path("ended")).unwrap(), "");
    assert_eq!(machine.ok(&["leases"]).await, "c0ffee laptop 240\n");
    let machine = FakeMachine::new("poweroff");
    machine.on("mv", "rm \"$FAKE/on-mv\"; dash \"$MONITOR\" renew 5eed desktop 300");
    assert_eq!(machine.ok(&["end", "c0ffee", "laptop", "240"]).await, "5eed desktop 300\n");
    machine.ok(&["renew", "5eed", "desktop", "300"]).await;
}

#[tokio::test]
async fn a_server_that_destroys_itself_is_not_ended_by_a_client() {
    let machine = FakeMachine::new("poweroff");
    std::fs::create_dir_all(machine.run_dir().join("destroying")).unwrap();
    assert_eq!(machine.call(&["end", "c0ffee", "laptop", "240"], "").await.status, Some(3));
    assert_eq!(machine.ok(&["leases"]).await, "");
    assert!(!machine.run_dir().join("ending").exists());
}
