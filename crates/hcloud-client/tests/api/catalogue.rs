//! Server types, locations, images and prices.

use hcloud_client::{
    Amount, Architecture, CpuType, ImageFilter, ImageKind, ImageStatus, LocationId, PrimaryIpKind, RateLimit,
};

use crate::scripted::{Answer, ScriptedApi};

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

#[tokio::test]
async fn server_types_say_where_they_can_be_ordered_and_for_how_much() {
    let api = ScriptedApi::start([Answer::new(200, include_str!("../fixtures/server_types.json"))]).await;
    let types = api.client().server_types().list().await.unwrap();
    let cx23 = &types[0];
    assert_eq!((cx23.cores, cx23.disk_gb), (2, 40));
    assert_eq!(cx23.architecture, Architecture::X86);
    assert_eq!(cx23.cpu_type, CpuType::Shared);
    assert_eq!(cx23.category.as_deref(), Some("cost_optimized"));
    let fsn1 = cx23.in_location("fsn1").unwrap();
    assert!(!fsn1.available && fsn1.recommended && fsn1.deprecation.is_none());
    assert_eq!(fsn1.id, LocationId(1));
    let nbg1 = cx23.in_location("nbg1").unwrap();
    assert_eq!(nbg1.deprecation.as_ref().unwrap().unavailable_after.to_string(), "2025-12-31T23:59:59Z");
    assert!(cx23.in_location("hel1").is_none());
    let price = cx23.price_in("fsn1").unwrap();
    assert_eq!(price.price_hourly.net, amount("0.0088"));
    assert_eq!(price.price_monthly.gross.to_string(), "6.5331");
    // Whole numbers may be written with a fraction, and an old answer still has the field that was removed.
    assert_eq!((types[1].cores, types[1].disk_gb), (2, 40));
    assert_eq!(types[1].cpu_type, CpuType::Other("borrowed".to_owned()));
}

#[tokio::test]
async fn locations_are_decoded() {
    let api = ScriptedApi::start([Answer::new(200, include_str!("../fixtures/locations.json"))]).await;
    let locations = api.client().locations().list().await.unwrap();
    let names: Vec<&str> = locations.iter().map(|location| location.name.as_str()).collect();
    assert_eq!(names, ["fsn1", "ash"]);
    assert_eq!(locations[1].network_zone, "us-east");
}

#[tokio::test]
async fn images_are_decoded_and_filtered() {
    let api = ScriptedApi::start([Answer::new(200, include_str!("../fixtures/images.json"))]).await;
    let filter = ImageFilter {
        name: Some("docker-ce".to_owned()),
        architecture: Some(Architecture::X86),
        kind: Some(ImageKind::App),
        include_deprecated: true,
        ..ImageFilter::default()
    };
    let images = api.client().images().list(&filter).await.unwrap();
    assert_eq!(images[0].name.as_deref(), Some("docker-ce"));
    assert_eq!(images[0].kind, ImageKind::App);
    assert_eq!((images[1].name.as_deref(), &images[1].status), (None, &ImageStatus::Creating));
    assert_eq!(images[1].architecture, Architecture::Arm);
    assert_eq!(
        api.lines(),
        ["GET /v1/images?name=docker-ce&architecture=x86&type=app&include_deprecated=true&page=1&per_page=50"]
    );
}

#[tokio::test]
async fn prices_are_exact() {
    let api = ScriptedApi::start([Answer::new(200, include_str!("../fixtures/pricing.json"))]).await;
    let prices = api.client().pricing().get().await.unwrap();
    assert_eq!((prices.currency.as_str(), prices.vat_rate.as_str()), ("EUR", "19.00"));
    assert_eq!(prices.volume_per_gb_month.net, amount("0.0572"));
    assert_eq!(prices.image_per_gb_month.gross, amount("0.01309"));
    assert_eq!(prices.server_type("cx23", "fsn1").unwrap().price_monthly.net, amount("5.49"));
    assert_eq!(prices.primary_ip(&PrimaryIpKind::Ipv4, "fsn1").unwrap().price_hourly.net, amount("0.0008"));
    assert!(prices.server_type("cx23", "hel1").is_none());
    assert!(prices.primary_ip(&PrimaryIpKind::Ipv6, "fsn1").is_none());
}

#[tokio::test]
async fn the_request_budget_is_known_after_an_answer() {
    let answer = Answer::new(200, r#"{"locations":[]}"#)
        .header("RateLimit-Limit", "3600")
        .header("RateLimit-Remaining", "3587")
        .header("RateLimit-Reset", "1795430400");
    let api = ScriptedApi::start([answer, Answer::new(200, r#"{"locations":[]}"#)]).await;
    let client = api.client();
    assert_eq!(client.rate_limit(), None);
    let expected = RateLimit { limit: 3600, remaining: 3587, full_at: "2026-11-23T10:40:00Z".parse().unwrap() };
    for _ in 0..2 {
        client.locations().list().await.unwrap();
        assert_eq!(client.rate_limit(), Some(expected), "an answer without the headers changes nothing");
    }
}
