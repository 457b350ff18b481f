//! Servers that act by themselves, seen through the API.

use std::{
    net::Ipv4Addr,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use hcloud_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::support::{self, Host, Login, machines, traces};

const TOKEN: &str = "a-token-for-servers-that-act-by-themselves";
/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cloud with machines, and what it takes to use it.
struct Cloud {
    emulator: Emulator,
    http: reqwest::Client,
    login: Login,
}

impl Cloud {
    async fn start() -> Self {
        let emulator = Emulator::builder().token(TOKEN).machines(Arc::new(machines().await)).start().await.unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { emulator, http, login: Login::new() }
    }

    async fn end(self) {
        self.emulator.shutdown().await.unwrap();
        assert_eq!(traces(), Vec::<String>::new());
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.emulator.endpoint());
        let mut request = self.http.request(method, url).bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.send(Method::POST, path, Some(body)).await;
        assert_eq!(status, 201, "{body}");
        self.until(&format!("/actions/{}", body["action"]["id"]), |_, action| action["action"]["status"] == "success")
            .await;
        body
    }

    /// Polls a path until its answer fulfils a condition.
    async fn until(&self, path: &str, condition: impl Fn(u16, &Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let (status, body) = self.get(path).await;
            if condition(status, &body) {
                return body;
            }
            assert!(started.elapsed() < PATIENCE, "{path} stayed at {status} {body}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Orders a server and waits until it lets the user in: its id and its login.
    async fn server(&self, name: &str, extra: Value) -> (u64, Host<'_>) {
        let mut body = json!({"name": name, "server_type": "cx23", "location": "fsn1", "user_data": self.user_data()});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let server = self.post("/servers", body).await["server"].clone();
        let address: Ipv4Addr = server["public_net"]["ipv4"]["ip"].as_str().unwrap().parse().unwrap();
        (server["id"].as_u64().unwrap(), Host::wait_for(&self.login, address).await)
    }

    /// The host's key, the user's key, and characters that must survive.
    fn user_data(&self) -> String {
        let private = self.login.host_private_key().replace('\n', "\n    ");
        format!(
            "#cloud-config\n# \u{fc} \\ ' \" $(x)\r\nssh_deletekeys: true\nssh_genkeytypes: []\nssh_keys:\n  \
             ed25519_private: |\n    {private}\n  ed25519_public: {}\nssh_authorized_keys:\n- {}\n\n\n",
            self.login.host_public_key(),
            self.login.public_key()
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_deletes_itself_under_the_url_that_clients_use() {
    let cloud = Cloud::start().await;
    let body = json!({"name": "data", "size": 10, "location": "fsn1", "format": "ext4"});
    let volume = cloud.post("/volumes", body).await["volume"]["id"].as_u64().unwrap();
    let mount = format!("mount /dev/disk/by-id/scsi-0HC_Volume_{volume} /mnt");
    let with_volume = json!({"image": "debian-12", "volumes": [volume]});

    let (id, host) = cloud.server("one", with_volume.clone()).await;
    // What servers use to ask the API and to look after themselves.
    host.run("for tool in ip mountpoint timeout systemctl dash; do command -v $tool || exit; done").await;
    host.run("python3 -c 'import ssl, urllib.request; ssl.create_default_context()'").await;
    host.run(&format!("{mount} && echo precious >/mnt/file && umount /mnt")).await;
    let ask = |method: &str| {
        format!(
            "python3 -c 'import urllib.request as u; print(u.urlopen(u.Request(\"{}/servers/{id}\", method=\"{method}\", \
             headers={{\"Authorization\": \"Bearer {TOKEN}\"}})).read().decode())'",
            cloud.emulator.endpoint()
        )
    };
    let seen: Value = serde_json::from_str(&host.run(&ask("GET")).await).unwrap();
    assert_eq!((&seen["server"]["id"], &seen["server"]["name"]), (&json!(id), &json!("one")));
    // Started apart from the login, which ends with the server.
    host.run(&format!("systemd-run --quiet {}", ask("DELETE"))).await;

    cloud.until(&format!("/servers/{id}"), |status, _| status == 404).await;
    cloud.until("/servers/actions?status=running", |_, body| body["actions"] == json!([])).await;
    assert_eq!(support::machine_containers(), 0);
    let (_, left) = cloud.get(&format!("/volumes/{volume}")).await;
    assert_eq!((&left["volume"]["status"], &left["volume"]["server"]), (&json!("available"), &Value::Null));

    let (_, host) = cloud.server("two", with_volume).await;
    assert_eq!(host.run(&format!("{mount} && cat /mnt/file")).await, "precious");
    cloud.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_powers_itself_off_is_off() {
    let cloud = Cloud::start().await;
    let (id, host) = cloud.server("one", json!({"image": "debian-12"})).await;
    let path = format!("/servers/{id}");
    let is = |wanted: &'static str| move |_: u16, body: &Value| body["server"]["status"] == wanted;
    let power = async |command: &str| drop(cloud.post(&format!("{path}/actions/{command}"), json!({})).await);

    // The API's own commands are not mistaken for it: the server runs after a restart, and stays so.
    power("reset").await;
    power("reboot").await;
    cloud.until(&path, is("running")).await;
    let host = host.again().await;
    cloud.until(&path, is("running")).await;

    let started = Instant::now();
    host.run("systemctl poweroff --no-block").await;
    cloud.until(&path, is("off")).await;
    println!("off after {:?}", started.elapsed());
    power("poweron").await;
    cloud.until(&path, is("running")).await;
    let host = host.again().await;

    // Once more, after the API has done it: what it asked for once is not expected for ever.
    power("poweroff").await;
    cloud.until(&path, is("off")).await;
    power("poweron").await;
    let host = host.again().await;
    host.run("systemctl poweroff --no-block").await;
    cloud.until(&path, is("off")).await;
    cloud.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_service_answers_host_and_containers_until_it_is_blocked() {
    const AT: &str = "http://169.254.169.254/hetzner/v1";
    let cloud = Cloud::start().await;
    let (id, host) = cloud.server("one", json!({"image": "docker-ce"})).await;
    host.run("python3 -c 'import ssl, urllib.request; ssl.create_default_context()'").await;
    host.run("for tool in ip mountpoint timeout systemctl dash; do command -v $tool || exit; done").await;
    host.run("cloud-init status --wait").await;
    host.send(&hcloud_emulator::machines::busybox::archive(&support::cache()).unwrap(), "docker import - busybox:test")
        .await;

    let curl = format!("curl -sSf --max-time 5 {AT}");
    assert_eq!(host.run(&format!("{curl}/metadata/instance-id")).await, id.to_string());
    assert!(host.run(&format!("{curl}/metadata")).await.contains(&format!("\"instance-id\":\"{id}\"")));
    host.try_run(&format!("{curl}/private"), &[]).await.unwrap_err();
    let data = cloud.user_data();
    host.send(data.as_bytes(), "cat >/tmp/expected").await;
    let wget = format!("wget -q -O - {AT}/userdata");
    let asks = [
        format!("{curl}/userdata"),
        format!("timeout 20 docker run --rm busybox:test {wget}"),
        format!("timeout 20 docker run --rm --network host busybox:test {wget}"),
    ];
    for ask in &asks {
        host.run(&format!("set -e; {ask} >/tmp/answer; cmp /tmp/answer /tmp/expected")).await;
    }

    host.run("ip route replace prohibit 169.254.169.254/32").await;
    for ask in &asks {
        let error = host.try_run(ask, &[]).await.unwrap_err();
        assert!(!error.contains("cloud-config"), "{ask}: {error}");
    }
    // It was the route and nothing else.
    host.run("ip route delete prohibit 169.254.169.254/32").await;
    for ask in &asks {
        host.run(ask).await;
    }
    assert_eq!(host.run("systemctl is-system-running --wait").await, "running");
    cloud.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_network_stalls_connections_while_the_server_reaches_the_api() {
    let cloud = Cloud::start().await;
    // With an engine, which has packet filter rules of its own.
    let (id, host) = cloud.server("one", json!({"image": "docker-ce"})).await;
    host.run("cloud-init status --wait && systemctl is-active docker").await;
    let asked = || cloud.emulator.requests().iter().filter(|request| request.path == "/locations").count();
    let url = format!("{}/locations", cloud.emulator.endpoint());
    host.run(&format!(
        "systemd-run --quiet sh -c 'while sleep 0.1; do curl -so /dev/null -H \"Authorization: Bearer {TOKEN}\" {url}; done'"
    ))
    .await;
    // Tells of each line that it gets.
    let mut session = host.command("while read -r line; do echo \"$line\" >>/tmp/got; echo \"$line\"; done");
    let mut session = session.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut input = session.stdin.take().unwrap();
    let mut output = BufReader::new(session.stdout.take().unwrap()).lines();
    support::write_line(&mut input, "before").await;
    assert_eq!(output.next_line().await.unwrap().unwrap(), "before");

    // It can be repeated, and undone at once.
    cloud.emulator.cut_network(id).await.unwrap();
    cloud.emulator.cut_network(id).await.unwrap();
    support::write_line(&mut input, "cut").await;
    let error = host.try_run("true", &[]).await.unwrap_err();
    assert!(error.contains("timed out"), "{error}");
    let count = asked();
    support::eventually("the server reaches the API", || asked() > count + 3).await;
    let silent = tokio::time::timeout(Duration::from_millis(1), output.next_line()).await;
    assert!(silent.is_err(), "{silent:?} came through");
    assert!(session.try_wait().unwrap().is_none(), "the connection has ended instead of stalling");

    cloud.emulator.restore_network(id).await.unwrap();
    cloud.emulator.restore_network(id).await.unwrap();
    // The line that was held up is sent again, when TCP gets to it.
    let line = tokio::time::timeout(PATIENCE, output.next_line()).await.unwrap().unwrap().unwrap();
    assert_eq!(line, "cut");
    host.run("true").await;
    drop(input);
    assert!(tokio::time::timeout(PATIENCE, session.wait()).await.unwrap().unwrap().success());

    cloud.post(&format!("/servers/{id}/actions/poweroff"), json!({})).await;
    cloud.emulator.cut_network(id).await.unwrap_err();
    cloud.end().await;
}
