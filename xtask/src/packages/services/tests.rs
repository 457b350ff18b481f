use std::process::Command;

use super::*;

#[test]
fn only_services_that_were_not_there_are_turned_off() {
    let after = ["docker.service", "docker.socket", "containerd.service"];
    assert_eq!(brought(&["containerd.service", "ssh.service"], &after), ["docker.service", "docker.socket"]);
    assert!(brought(&after, &after).is_empty());
}

#[test]
fn the_policy_refuses_only_while_we_live() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy");
    let asked = |us: u32| {
        // The copy removes itself, and never what the host has.
        let script = script(us).replace(POLICY, path.to_str().unwrap());
        std::fs::write(&path, script).unwrap();
        Command::new("sh").arg(&path).status().unwrap().code()
    };
    assert_eq!(asked(std::process::id()), Some(101));
    assert!(path.exists());
    // No process has a number above the kernel's greatest limit, 2^22.
    assert_eq!(asked(999_999_999), Some(0));
    assert!(!path.exists());
}
