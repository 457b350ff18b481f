//! An emulator and a bare HTTP client for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hcloud_emulator::{Emulator, EmulatorBuilder, machines::Machines};
use reqwest::{Method, Response};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "a-token-that-may-do-everything";
pub(crate) const READ_ONLY: &str = "a-token-that-may-only-read";

/// How long a condition may take to come true before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Public keys, each with the fingerprint `ssh-keygen -l -E md5` shows.
pub(crate) const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOaAysUF23Z9V7fbpFG24yl5/wT2FPvUYnPCgZjaJygV";
pub(crate) const FINGERPRINT: &str = "ab:1e:72:b2:d0:f6:46:1a:46:37:b6:d8:ef:da:ae:1d";

pub(crate) struct Api {
    pub(crate) emulator: Emulator,
    http: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Checks that the answer is this error.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        assert!(self.body["error"]["message"].is_string(), "{}", self.body);
    }
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::with(|builder| builder.action_delay(Duration::from_millis(50))).await
    }

    pub(crate) async fn with_machines(machines: Arc<dyn Machines>) -> Self {
        Self::with(|builder| builder.machines(machines).action_delay(Duration::from_millis(10))).await
    }

    pub(crate) async fn with(set_up: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder) -> Self {
        let builder = Emulator::builder().token(TOKEN).read_only_token(READ_ONLY);
        let emulator = set_up(builder).start().await.unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { emulator, http }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.emulator.endpoint()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path).bearer_auth(TOKEN).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).bearer_auth(TOKEN).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).bearer_auth(TOKEN).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path).bearer_auth(TOKEN).send().await.unwrap()).await
    }

    /// Polls an action until it has ended.
    pub(crate) async fn finished(&self, action: &Value) -> Value {
        let path = format!("/actions/{}", action["id"]);
        self.until(&path, |body| body["action"]["status"] != "running").await["action"].clone()
    }

    /// Polls an action until it has succeeded.
    pub(crate) async fn succeeded(&self, action: &Value) -> Value {
        let action = self.finished(action).await;
        assert_eq!(action["status"], "success", "{action}");
        assert_eq!(action["progress"], 100);
        assert!(action["finished"].is_string());
        assert!(action["error"].is_null());
        action
    }

    /// Polls a path until its body fulfils a condition.
    pub(crate) async fn until(&self, path: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let body = self.get(path).await.expect(200);
            if condition(&body) {
                return body;
            }
            assert!(start.elapsed() < PATIENCE, "{path} stayed at {body}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A running server.
    pub(crate) async fn server(&self, name: &str, extra: Value) -> Value {
        let mut body = json!({"name": name, "server_type": "cx23", "image": "debian-12", "location": "fsn1"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let created = self.post("/servers", body).await.expect(201);
        self.succeeded(&created["action"]).await;
        for action in created["next_actions"].as_array().unwrap() {
            self.succeeded(action).await;
        }
        self.get(&format!("/servers/{}", created["server"]["id"])).await.expect(200)["server"].clone()
    }

    /// An available volume.
    pub(crate) async fn volume(&self, name: &str, location: &str) -> Value {
        let body = json!({"name": name, "size": 10, "location": location, "format": "ext4"});
        let created = self.post("/volumes", body).await.expect(201);
        self.succeeded(&created["action"]).await;
        self.get(&format!("/volumes/{}", created["volume"]["id"])).await.expect(200)["volume"].clone()
    }

    pub(crate) async fn close(self) {
        self.emulator.shutdown().await.unwrap();
    }
}

pub(crate) async fn answer(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, headers, body }
}
