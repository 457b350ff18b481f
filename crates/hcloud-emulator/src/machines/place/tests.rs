use super::*;

#[test]
fn every_subnet_lies_in_the_range_for_tests() {
    let range = u32::from(Ipv4Addr::new(198, 18, 0, 0)) >> 17;
    for index in 0..SUBNETS {
        let subnet = Subnet::numbered(index);
        for address in [subnet.host(), subnet.machine(0), subnet.machine(Subnet::MACHINES - 1)] {
            assert_eq!(u32::from(address) >> 17, range, "{address}");
            assert!(subnet.contains(address), "{address} in {}", subnet.cidr());
            assert_ne!(u32::from(address) & 0x3ff, 0x3ff, "{address} is the broadcast address");
        }
        assert_ne!(subnet.host(), subnet.machine(0));
        assert_eq!(subnet.machine(0), subnet.machine(Subnet::MACHINES));
    }
    assert!(!Subnet::numbered(0).contains(Subnet::numbered(1).host()));
}

#[test]
fn a_place_has_names_that_fit_their_limits() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::new(&directory.path().join("a/b")).unwrap();
    assert!(place.name.len() <= 15, "{}", place.name);
    assert!(place.socket().as_os_str().len() < 107);
    assert_ne!(place.name, Place::new(directory.path()).unwrap().name);
}

#[test]
fn a_directory_is_ours_only_when_its_name_follows_from_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    assert!(Place::of_run(directory.path()).is_none());
    std::fs::write(directory.path().join("owner"), "/some/where").unwrap();
    assert!(Place::of_run(directory.path()).is_none());
}

#[test]
fn only_an_empty_directory_or_a_marked_one_is_claimed() {
    let directory = tempfile::tempdir().unwrap();
    let own = directory.path().join("hcloud-machines");
    std::fs::create_dir(&own).unwrap();
    let file = own.join("file");
    std::fs::write(&file, "").unwrap();
    assert!(Place::new(directory.path()).unwrap_err().reason.contains("somebody else"));
    std::fs::remove_file(&file).unwrap();
    assert!(Place::new(directory.path()).unwrap().try_lock().is_none(), "there is no lock to take yet");
    std::fs::write(&file, "").unwrap();
    Place::new(directory.path()).unwrap();
}
