//! The choice, on a small catalogue in the API's own words.

use serde_json::json;

use super::*;

fn offer(
    name: &str,
    cores: u32,
    memory: u32,
    architecture: &str,
    hourly: &str,
    locations: &[(&str, bool)],
) -> ServerType {
    let prices: Vec<_> = locations
        .iter()
        .map(|(location, _)| {
            json!({
                "location": location,
                "price_hourly": {"net": hourly, "gross": hourly},
                "price_monthly": {"net": hourly, "gross": hourly},
            })
        })
        .collect();
    let locations: Vec<_> = locations
        .iter()
        .map(|(location, available)| json!({"id": 1, "name": location, "available": available, "recommended": true}))
        .collect();
    serde_json::from_value(json!({
        "id": 1, "name": name, "description": name, "cores": cores, "memory": memory, "disk": 40,
        "cpu_type": "shared", "architecture": architecture, "prices": prices, "locations": locations,
    }))
    .unwrap()
}

fn catalogue() -> Vec<ServerType> {
    vec![
        offer("cx23", 2, 4, "x86", "0.0088", &[("fsn1", true)]),
        offer("cx33", 4, 8, "x86", "0.0136", &[("fsn1", false), ("nbg1", true)]),
        offer("cpx32", 4, 8, "x86", "0.0570", &[("fsn1", true), ("nbg1", true)]),
        offer("cax11", 4, 8, "arm", "0.0060", &[("fsn1", true)]),
        offer("cpx21", 3, 4, "x86", "0.0080", &[("ash", true)]),
    ]
}

fn named(name: &str) -> ServerTypeChoice {
    ServerTypeChoice::Named(name.to_owned())
}

#[test]
fn auto_is_the_cheapest_on_offer_that_is_large_enough() {
    let types = catalogue();
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(server_type(&ServerTypeChoice::Auto, "fsn1", &types, now).unwrap().name, "cpx32");
    assert_eq!(server_type(&ServerTypeChoice::Auto, "nbg1", &types, now).unwrap().name, "cx33");
    let error = server_type(&ServerTypeChoice::Auto, "sin", &types, now).unwrap_err();
    assert_eq!(error.code(), "no_server_type_available");
}

#[test]
fn a_type_that_is_not_to_be_had_is_refused_with_what_is() {
    let types = catalogue();
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(server_type(&named("cx23"), "fsn1", &types, now).unwrap().name, "cx23");
    for (name, reason) in [("cx33", "is sold out"), ("cpx21", "is not offered")] {
        let text = server_type(&named(name), "fsn1", &types, now).unwrap_err().to_string();
        assert!(text.contains(reason) && text.contains("cpx32") && !text.contains("cax11"), "{text}");
    }
    let text = server_type(&named("cpx23"), "fsn1", &types, now).unwrap_err().to_string();
    assert!(text.contains("no server type `cpx23`") && text.contains("cx23"), "{text}");
}

#[test]
fn where_nothing_can_be_ordered_nothing_is_offered() {
    let types = catalogue();
    for name in ["cx23", "cpx23"] {
        let error = server_type(&named(name), "sin", &types, Timestamp::UNIX_EPOCH).unwrap_err();
        let text = error.to_string();
        assert!(
            text.ends_with("can be ordered there at the moment") || text.ends_with("in sin at the moment"),
            "{text}"
        );
        assert!(!error.hint().unwrap().contains("one of them"));
    }
}

#[test]
fn a_retired_type_is_refused_from_its_day_on() {
    let mut types = catalogue();
    let last_day: Timestamp = "2025-12-31T23:59:59Z".parse().unwrap();
    types[0].locations[0].deprecation =
        Some(hcloud_client::Deprecation { announced: Timestamp::UNIX_EPOCH, unavailable_after: last_day });
    assert!(server_type(&named("cx23"), "fsn1", &types, Timestamp::UNIX_EPOCH).is_ok());
    let text = server_type(&named("cx23"), "fsn1", &types, last_day).unwrap_err().to_string();
    assert!(text.contains("can no longer be ordered"), "{text}");
}

#[test]
fn locations_and_images_are_named_when_one_is_misspelt() {
    let locations: Vec<Location> =
        ["fsn1", "nbg1"].iter().map(|name| serde_json::from_value(json!({"id": 1, "name": name})).unwrap()).collect();
    assert!(location("nbg1", &locations).is_ok());
    let text = location("nbg", &locations).unwrap_err().to_string();
    assert!(text.contains("fsn1, nbg1"), "{text}");

    let images: Vec<Image> = [("docker-ce", "x86"), ("debian-12", "x86"), ("docker-ce", "arm")]
        .iter()
        .enumerate()
        .map(|(id, (name, architecture))| {
            let image = json!({"id": id, "type": "system", "status": "available", "name": name,
                "architecture": architecture, "os_flavor": "debian"});
            serde_json::from_value(image).unwrap()
        })
        .collect();
    assert_eq!(image("docker-ce", &Architecture::Arm, &images).unwrap().id.get(), 2);
    let text = image("debian12", &Architecture::X86, &images).unwrap_err().to_string();
    assert!(text.contains("debian-12"), "{text}");
}
