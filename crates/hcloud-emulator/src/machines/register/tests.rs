use std::collections::BTreeSet;

use super::*;

fn register() -> Register {
    Register::new(Subnet::first())
}

fn device(minor: u32) -> LoopDevice {
    LoopDevice { path: format!("/dev/loop{minor}"), minor }
}

#[test]
fn addresses_are_unique_and_stay_with_their_server() {
    let mut register = register();
    let addresses: BTreeSet<_> = (0..50).map(|server| register.allocate(server).unwrap()).collect();
    assert_eq!(addresses.len(), 50);
    assert_eq!(register.allocate(7), register.allocate(7));
}

#[test]
fn a_freed_address_is_not_used_again_at_once_but_not_lost() {
    let mut register = register();
    let first = register.allocate(1).unwrap();
    register.free(1);
    assert_ne!(register.allocate(2).unwrap(), first);
    for server in 3..u64::from(Subnet::MACHINES) + 2 {
        assert!(register.allocate(server).is_some(), "server {server}");
    }
    assert_eq!(register.allocate(1), None);
    register.free(2);
    assert!(register.allocate(1).is_some());
}

#[test]
fn devices_get_the_first_free_name_of_their_machine() {
    let mut register = register();
    assert_eq!(register.attach(10, 1, device(3)).unwrap().name, "sdb");
    assert_eq!(register.attach(11, 1, device(4)).unwrap().name, "sdc");
    assert_eq!(register.attach(12, 2, device(5)).unwrap().name, "sdb");
    assert_eq!(register.detach(10).unwrap().device, device(3));
    assert_eq!(register.attach(13, 1, device(6)).unwrap().name, "sdb");
    assert_eq!(register.volumes_of(1), [11, 13]);
    assert_eq!(register.device_table(1), "sdc 7 4 scsi-0HC_Volume_11\nsdb 7 6 scsi-0HC_Volume_13\n");
    assert_eq!(register.device_table(9), "");
}

#[test]
fn a_machine_takes_sixteen_volumes() {
    let mut register = register();
    for volume in 0..16 {
        assert!(register.attach(volume, 1, device(0)).is_some());
    }
    assert_eq!(register.attach(16, 1, device(0)), None);
}

#[test]
fn an_end_is_expected_until_the_machine_is_started_again() {
    let mut register = register();
    assert!(!register.expects_end(1));
    register.expect_end(1, true);
    register.free(1);
    assert!(register.expects_end(1), "the end of a removed machine may be told late");
    assert!(!register.expects_end(2));
    register.expect_end(1, false);
    assert!(!register.expects_end(1));
}
