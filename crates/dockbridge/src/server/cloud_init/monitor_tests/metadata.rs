//! The metadata service stays closed.

use super::fake_machine::{FakeMachine, START};

const ROUTE: &str = "ip route replace prohibit 169.254.169.254/32";
const RULE: &str = "ip -6 rule add pref 1 to fe80::a9fe:a9fe prohibit";

fn times(machine: &FakeMachine, call: &str) -> Vec<u64> {
    machine.calls_of(&["ip"]).into_iter().filter(|(_, other)| other == call).map(|(time, _)| time - START).collect()
}

#[tokio::test]
async fn it_is_closed_again_at_every_look() {
    let machine = FakeMachine::new("delete");
    std::fs::write(machine.path("booted"), "").unwrap();
    machine.watch_until(START + 30).await;
    assert_eq!((times(&machine, ROUTE), times(&machine, RULE)), (vec![0, 10, 20], vec![0, 10, 20]));
    // A rule that is there is not added a second time.
    machine.on("ip", "if [ \"$*\" = '-6 rule' ]; then echo '1: from all to fe80::a9fe:a9fe prohibit'; fi");
    machine.watch_until(START + 60).await;
    assert_eq!((times(&machine, ROUTE), times(&machine, RULE)), (vec![0, 10, 20, 30, 40, 50], vec![0, 10, 20]));
}

#[tokio::test]
async fn nothing_is_closed_before_cloud_init_has_asked_it() {
    let machine = FakeMachine::new("delete");
    machine.watch_until(START + 30).await;
    assert_eq!(machine.calls_of(&["ip"]), []);
}

#[tokio::test]
async fn a_network_that_cannot_be_changed_does_not_keep_the_server_alive() {
    let machine = FakeMachine::new("poweroff");
    std::fs::write(machine.path("booted"), "").unwrap();
    machine.on("ip", "exit 2");
    machine.ok(&["renew", "c0ffee", "laptop", "15"]).await;
    let outcome = machine.watch_until(START + 40).await;
    assert!(outcome.stderr.contains("the metadata service may be open"), "{}", outcome.stderr);
    assert!(machine.calls().iter().any(|(_, call)| call == "systemctl poweroff"));
}
