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
