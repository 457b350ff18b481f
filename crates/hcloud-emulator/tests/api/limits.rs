//! The rate limit.

use std::time::Duration;

use reqwest::Method;

use crate::client::{Api, READ_ONLY, answer};

#[tokio::test]
async fn the_bucket_of_a_token_runs_empty() {
    let api = Api::with(|builder| builder.rate_limit(3, Duration::from_hours(1))).await;
    for remaining in ["2", "1", "0"] {
        let each = api.get("/locations").await;
        assert_eq!((each.status, each.header("ratelimit-remaining")), (200, remaining));
        assert_eq!(each.header("ratelimit-limit"), "3");
    }
    let over = api.get("/locations").await;
    over.expect_error(429, "rate_limit_exceeded");
    assert_eq!(over.body["error"]["message"], "limit of 3 requests per hour reached");
    let other = answer(api.request(Method::GET, "/locations").bearer_auth(READ_ONLY).send().await.unwrap()).await;
    assert_eq!(other.status, 200);
    api.close().await;
}
