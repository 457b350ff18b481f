//! Actions.

use serde_json::json;

use crate::client::Api;

#[tokio::test]
async fn actions_are_read_by_id_and_by_resource() {
    let api = Api::start().await;
    let server = api.server("one", json!({})).await;
    let all = api.get(&format!("/servers/{}/actions?sort=id:desc", server["id"])).await.expect(200);
    let commands: Vec<&str> =
        all["actions"].as_array().unwrap().iter().map(|each| each["command"].as_str().unwrap()).collect();
    assert_eq!(commands, ["start_server", "create_server"]);
    let (start, create) = (&all["actions"][0], &all["actions"][1]);
    let some = api.get(&format!("/actions?id={}&id={}&page=1", start["id"], create["id"])).await.expect(200);
    assert_eq!(some["actions"].as_array().unwrap().len(), 2);
    assert_eq!(some["meta"]["pagination"]["total_entries"], 2);
    let one = api.get(&format!("/actions/{}", create["id"])).await.expect(200);
    assert_eq!(&one["action"], create);
    for path in
        [format!("/servers/actions/{}", create["id"]), format!("/servers/{}/actions/{}", server["id"], create["id"])]
    {
        assert_eq!(&api.get(&path).await.expect(200)["action"], create);
    }
    api.get(&format!("/volumes/actions/{}", create["id"])).await.expect_error(404, "not_found");
    let done = api.get("/servers/actions?status=success&sort=command").await.expect(200);
    assert_eq!(done["actions"].as_array().unwrap().len(), 2);
    assert_eq!(api.get("/volumes/actions").await.expect(200)["actions"], json!([]));
    api.close().await;
}

#[tokio::test]
async fn a_list_of_all_actions_needs_ids() {
    let api = Api::start().await;
    api.get("/actions").await.expect_error(422, "invalid_input");
    api.get("/actions?id=x").await.expect_error(422, "invalid_input");
    assert_eq!(api.get("/actions?id=1").await.expect(200)["actions"], json!([]));
    api.close().await;
}
