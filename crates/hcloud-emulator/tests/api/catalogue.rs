//! Server types, locations, images, prices.

use serde_json::Value;

use crate::client::Api;

#[tokio::test]
async fn server_types_have_the_fields_of_today() {
    let api = Api::start().await;
    let body = api.get("/server_types?name=cpx21").await.expect(200);
    let old = &body["server_types"][0];
    assert_eq!(body["server_types"].as_array().unwrap().len(), 1);
    assert!(old.get("deprecated").is_none());
    assert_eq!((&old["cores"], &old["memory"], &old["disk"]), (&3.into(), &4.into(), &80.into()));
    let place = |name: &str| -> Value {
        old["locations"].as_array().unwrap().iter().find(|each| each["name"] == name).unwrap().clone()
    };
    assert_eq!(place("fsn1")["available"], false);
    assert_eq!(place("fsn1")["deprecation"]["unavailable_after"], "2025-12-31T23:59:59Z");
    assert_eq!(place("ash")["available"], true);
    assert!(place("ash")["deprecation"].is_null());
    let new = api.get("/server_types?name=cx23").await.expect(200);
    assert_eq!(new["server_types"][0]["prices"][0]["price_monthly"]["net"], "5.4900000000");
    assert_eq!(new["server_types"][0]["prices"][0]["price_monthly"]["gross"], "6.5331000000000000");
    assert_eq!(new["server_types"][0]["locations"][0]["recommended"], true);
    api.close().await;
}

#[tokio::test]
async fn images_are_found_by_name_architecture_and_type() {
    let api = Api::start().await;
    let both = api.get("/images?name=docker-ce").await.expect(200);
    assert_eq!(both["images"].as_array().unwrap().len(), 2);
    let one = api.get("/images?name=docker-ce&architecture=x86").await.expect(200);
    assert_eq!(one["images"].as_array().unwrap().len(), 1);
    assert_eq!(one["images"][0]["id"], 40_093_247);
    assert!(one["images"][0].get("deprecated").is_none());
    assert!(one["images"][0]["deprecation"].is_null());
    let apps = api.get("/images?type=app&type=snapshot").await.expect(200);
    assert!(apps["images"].as_array().unwrap().iter().all(|each| each["type"] == "app"));
    let image = api.get("/images/161547269").await.expect(200);
    assert_eq!(image["image"]["name"], "ubuntu-24.04");
    api.close().await;
}

#[tokio::test]
async fn lists_are_paged_and_sorted() {
    let api = Api::start().await;
    let first = api.get("/server_types?per_page=10&sort=name:desc").await;
    assert!(first.header("link").contains("/server_types?sort=name:desc&page=2&per_page=10>; rel=\"next\""));
    assert!(first.header("link").starts_with(&format!("<{}/server_types?", api.emulator.endpoint())));
    let body = first.expect(200);
    let names: Vec<&str> =
        body["server_types"].as_array().unwrap().iter().map(|each| each["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 10);
    assert!(names.is_sorted_by(|one, two| one >= two));
    let meta = &body["meta"]["pagination"];
    assert_eq!((&meta["page"], &meta["next_page"]), (&1.into(), &2.into()));
    assert!(meta["previous_page"].is_null());
    let last = meta["last_page"].as_u64().unwrap();
    let body = api.get(&format!("/server_types?per_page=10&page={last}")).await.expect(200);
    assert!(body["meta"]["pagination"]["next_page"].is_null());
    let behind = api.get("/server_types?page=99").await.expect(200);
    assert_eq!(behind["server_types"].as_array().unwrap().len(), 0);
    for wrong in ["sort=cores", "sort=name:up", "per_page=51", "page=0"] {
        api.get(&format!("/server_types?{wrong}")).await.expect_error(422, "invalid_input");
    }
    api.close().await;
}

#[tokio::test]
async fn locations_and_prices_can_be_read_and_data_centres_cannot() {
    let api = Api::start().await;
    let body = api.get("/locations?name=ash").await.expect(200);
    assert_eq!((&body["locations"][0]["id"], &body["locations"][0]["network_zone"]), (&4.into(), &"us-east".into()));
    let pricing = &api.get("/pricing").await.expect(200)["pricing"];
    assert_eq!(pricing["currency"], "EUR");
    assert_eq!(pricing["volume"]["price_per_gb_month"]["net"], "0.0572000000");
    assert_eq!(pricing["primary_ips"][0]["prices"][0]["price_monthly"]["net"], "0.5000000000");
    assert!(!pricing["server_types"].as_array().unwrap().is_empty());
    for path in ["/datacenters", "/datacenters/1"] {
        let gone = api.get(path).await;
        gone.expect_error(410, "deprecated_api_endpoint");
        assert!(gone.body["error"]["details"]["announcement"].is_string());
    }
    api.close().await;
}
