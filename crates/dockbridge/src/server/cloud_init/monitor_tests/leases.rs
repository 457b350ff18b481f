//! Taking, renewing and giving back.

use std::{fs, os::unix::fs::PermissionsExt};

use super::fake_machine::{FakeMachine, START};

#[tokio::test]
async fn a_lease_is_a_file_that_only_root_reads() {
    let machine = FakeMachine::new("delete");
    assert_eq!(machine.ok(&["renew", "c0ffee", "laptop.example", "300"]).await, "");
    let path = machine.run_dir().join("leases/c0ffee");
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\nlaptop.example\n", START + 300));
    for (path, mode) in [(machine.run_dir(), 0o700), (machine.run_dir().join("leases"), 0o700), (path, 0o600)] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    assert_eq!(fs::read_dir(machine.run_dir().join("leases")).unwrap().count(), 1, "nothing is left beside it");
}

#[tokio::test]
async fn every_call_tells_of_the_others_alone() {
    let machine = FakeMachine::new("delete");
    machine.ok(&["renew", "c0ffee", "laptop", "300"]).await;
    machine.set_uptime(START + 40);
    assert_eq!(machine.ok(&["renew", "5eed", "desktop", "100"]).await, "c0ffee laptop 260\n");
    assert_eq!(machine.ok(&["renew", "c0ffee", "laptop", "300"]).await, "5eed desktop 100\n");
    assert_eq!(machine.ok(&["leases"]).await, "5eed desktop 100\nc0ffee laptop 300\n");
    machine.set_uptime(START + 140);
    assert_eq!(machine.ok(&["leases"]).await, "c0ffee laptop 200\n", "a lease ends with its last second");
    assert_eq!(machine.ok(&["release", "5eed"]).await, "c0ffee laptop 200\n");
    assert_eq!(machine.ok(&["release", "c0ffee"]).await, "");
    assert_eq!(machine.ok(&["leases"]).await, "");
}

#[tokio::test]
async fn damaged_files_are_nobodys() {
    let machine = FakeMachine::new("poweroff");
    machine.ok(&["renew", "c0ffee", "laptop", "50"]).await;
    let damaged: [&[u8]; 12] = [
        b"",
        b"\n",
        b"99999",
        b"99999\n",
        b"99999\nlaptop",
        b"0999\nlaptop\n",
        b"-5\nlaptop\n",
        b"9999999999999999999999999999\nlaptop\n",
        b"$(reboot)\nlaptop\n",
        b"99999\nlap top\n",
        b"99999\n-n\n",
        b"\x00\xff\xfe\n\x00\n",
    ];
    for (number, content) in damaged.iter().enumerate() {
        machine.write_lease(&format!("damaged{number}"), content);
    }
    machine.write_lease("a name", "99999\nlaptop\n");
    fs::create_dir(machine.run_dir().join("leases/folder")).unwrap();
    std::os::unix::fs::symlink("nowhere", machine.run_dir().join("leases/link")).unwrap();
    assert_eq!(machine.ok(&["leases"]).await, "c0ffee laptop 50\n");

    machine.watch_until(START + 45).await;
    assert_eq!(machine.calls(), [], "the lease that is whole holds");
    machine.watch_until(START + 80).await;
    assert!(machine.calls().iter().any(|(_, call)| call == "systemctl poweroff"), "the others hold nothing");
}

#[tokio::test]
async fn wrong_arguments_are_refused_and_change_nothing() {
    let machine = FakeMachine::new("delete");
    let calls: [&[&str]; 14] = [
        &[],
        &["destroy"],
        &["renew"],
        &["renew", "c0ffee", "laptop"],
        &["renew", "../c0ffee", "laptop", "300"],
        &["renew", "", "laptop", "300"],
        &["renew", ".c0ffee", "laptop", "300"],
        &["renew", "c0ffee", "lap\ntop", "300"],
        &["renew", "c0ffee", "laptop", "-1"],
        &["renew", "c0ffee", "laptop", "08"],
        &["renew", "c0ffee", "laptop", "10000000000"],
        &["release", "../leased"],
        &["end", "c0ffee", "laptop"],
        &["end", "../c0ffee", "laptop", "240"],
    ];
    for arguments in calls {
        let outcome = machine.call(arguments, "").await;
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(outcome.stderr.starts_with("dockbridge-monitor: usage: "), "{arguments:?}: {}", outcome.stderr);
    }
    assert!(!machine.run_dir().exists());
}

#[tokio::test]
async fn a_failure_is_said_and_leaves_the_old_lease() {
    let machine = FakeMachine::new("delete");
    machine.ok(&["renew", "c0ffee", "laptop", "300"]).await;
    machine.on("mv", "exit 1");
    let outcome = machine.call(&["renew", "c0ffee", "laptop", "600"], "").await;
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(1), ""));
    assert_eq!(outcome.stderr, "dockbridge-monitor: the lease could not be written\n");
    assert_eq!(machine.ok(&["leases"]).await, "c0ffee laptop 300\n");
    assert_eq!(fs::read_dir(machine.run_dir().join("leases")).unwrap().count(), 1, "nothing is left beside it");

    for clock in ["", "soon\n", "-1.00 0.00\n"] {
        fs::write(machine.path("uptime"), clock).unwrap();
        for arguments in [&["renew", "c0ffee", "laptop", "600"][..], &["release", "c0ffee"], &["leases"]] {
            let outcome = machine.call(arguments, "").await;
            assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(1), ""), "{clock:?} {arguments:?}");
            assert_eq!(outcome.stderr, "dockbridge-monitor: the clock cannot be read\n");
        }
    }
    machine.set_uptime(START);
    assert_eq!(machine.ok(&["leases"]).await, "c0ffee laptop 300\n");
}
