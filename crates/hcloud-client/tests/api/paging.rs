//! Lists of several pages.

use hcloud_client::{Error, ServerFilter, VolumeFilter};
use serde_json::json;

use crate::scripted::{Answer, ScriptedApi};

fn page(number: u32, next: Option<u32>) -> Answer {
    let volume = json!({
        "id": number, "name": format!("volume-{number}"), "status": "available", "size": 10, "server": null,
        "location": {"id": 1, "name": "fsn1"}, "linux_device": "/dev/disk/by-id/scsi-0HC_Volume_1",
    });
    let meta = json!({"pagination": {"page": number, "per_page": 1, "next_page": next, "last_page": null}});
    Answer::new(200, json!({"volumes": [volume], "meta": meta}).to_string())
}

#[tokio::test]
async fn every_page_of_a_list_is_read() {
    let api = ScriptedApi::start([page(1, Some(2)), page(2, Some(3)), page(3, None)]).await;
    let volumes = api.client().volumes().list(&VolumeFilter::default()).await.unwrap();
    let ids: Vec<u64> = volumes.iter().map(|volume| volume.id.get()).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(
        api.lines(),
        [
            "GET /v1/volumes?page=1&per_page=50",
            "GET /v1/volumes?page=2&per_page=50",
            "GET /v1/volumes?page=3&per_page=50",
        ]
    );
}

#[tokio::test]
async fn a_page_that_fails_fails_the_list() {
    let api = ScriptedApi::start([page(1, Some(2)), Answer::error(403, "forbidden")]).await;
    let error = api.client().volumes().list(&VolumeFilter::default()).await.unwrap_err();
    assert_eq!(error.code(), "forbidden");
}

#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let page =
        |next: u32| Answer::new(200, format!(r#"{{"servers":[],"meta":{{"pagination":{{"next_page":{next}}}}}}}"#));
    let circle = ScriptedApi::start([page(2), page(2), page(2)]).await;
    let error = circle.client().servers().list(&ServerFilter::default()).await.unwrap_err();
    assert!(matches!(error, Error::TooManyPages { pages: 2, .. }), "{error:?}");

    let api = ScriptedApi::start((2..1000).map(page)).await;
    let error = api.client().servers().list(&ServerFilter::default()).await.unwrap_err();
    assert!(matches!(error, Error::TooManyPages { pages: 200, .. }), "{error:?}");
    assert_eq!(api.lines().len(), 200);
}
