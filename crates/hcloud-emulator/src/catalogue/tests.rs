use super::{Catalogue, price::Money};

#[test]
fn the_built_in_catalogue_can_be_read() {
    let catalogue = Catalogue::built_in().unwrap();
    assert_eq!(catalogue.locations.len(), 6);
    assert_eq!(catalogue.image("docker-ce", "x86").unwrap().id, 40_093_247);
    assert_ne!(catalogue.image("docker-ce", "arm").unwrap().id, 40_093_247);
    assert_eq!(catalogue.server_type("22").unwrap().name, "cpx11");
    assert_eq!(catalogue.location("1").unwrap().name, "fsn1");
}

#[test]
fn the_old_types_can_be_ordered_overseas_only() {
    let catalogue = Catalogue::built_in().unwrap();
    let old = catalogue.server_type("cpx21").unwrap();
    assert!(!old.offered_in("fsn1").unwrap().available);
    assert!(old.offered_in("fsn1").unwrap().deprecation.is_some());
    assert!(old.offered_in("ash").unwrap().available);
    assert!(old.offered_in("sin").is_none());
}

#[test]
fn the_old_types_of_europe_can_be_ordered_nowhere() {
    let catalogue = Catalogue::built_in().unwrap();
    assert_eq!(catalogue.server_type("105").unwrap().name, "cx32");
    for name in ["cx22", "cx32", "cx42", "cx52"] {
        let old = catalogue.server_type(name).unwrap();
        assert!(old.deprecation.is_some(), "{name}");
        assert!(old.locations.iter().all(|each| !each.available), "{name}");
    }
}

#[test]
fn ids_and_names_are_unique() {
    let catalogue = Catalogue::built_in().unwrap();
    let mut ids: Vec<u64> = catalogue.server_types.iter().map(|each| each.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), catalogue.server_types.len());
    let mut images: Vec<u64> = catalogue.images.iter().map(|each| each.id).collect();
    images.sort_unstable();
    images.dedup();
    assert_eq!(images.len(), catalogue.images.len());
}

#[test]
fn prices_have_ten_places_net_and_sixteen_gross() {
    let price = Money::parse("4.49").unwrap().with_vat(Money::parse("20").unwrap());
    assert_eq!(price.net, "4.4900000000");
    assert_eq!(price.gross, "5.3880000000000000");
}

#[test]
fn an_amount_that_is_no_decimal_is_refused() {
    for text in ["", ".5", "1,5", "-1", "1.12345678901", "1e3", "12345678901"] {
        assert!(Money::parse(text).is_err(), "{text}");
    }
}
