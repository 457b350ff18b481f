//! From an address to an answering engine. Each step is tried again at once and at a constant pace: a wait that backs off
//! adds its last pause to every cold start.

use std::{future::pending, sync::Arc, time::Duration};

use hcloud_client::Server;
use ssh_docker_proxy::SshError;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::{HetznerServers, LoginKey, Phases, ServerError, first_lease::LeaseWatch, labels, link::SshLink};
use crate::{
    config::SelfDestruct,
    error::DockBridgeError,
    keepalive::LeaseError,
    state::{EngineFacts, ServerRecord},
};

/// How long the engine may take from there, installing it included.
const ENGINE_BOUND: Duration = Duration::from_mins(10);
/// How long one attempt to reach the SSH port may take: an address without a machine does not answer at all.
const PROBE_BOUND: Duration = Duration::from_secs(1);
/// The pause between two attempts to reach the SSH port.
const PROBE_PAUSE: Duration = Duration::from_millis(100);
/// The pause between two questions to the engine; each costs a channel of a connection that is open anyway.
const PING_PAUSE: Duration = Duration::from_millis(25);
/// How long one question to the engine may take.
const PING_BOUND: Duration = Duration::from_secs(10);

/// Waits on the server for the end of cloud-init and tells what is wrong with it or the engine; says nothing while all is
/// well, or while the engine serves in spite of errors. A unit that was refused by its mount assertion is inactive, not failed, hence the second reading. A dot a second
/// ends it, by a broken pipe, as soon as nobody listens any more.
const WATCH: &str = r#"
until [ -e /run/cloud-init/result.json ]; do sleep 1; printf . || exit; done
serves() { case $(systemctl is-active docker.service) in active|activating|reloading|deactivating) ;; *) return 1 ;; esac; }
if ! tr -d ' \n' < /run/cloud-init/result.json | grep -q '"errors":\[\]' && ! serves; then
  printf '\ncloud-init\n'; tail -n 25 /var/log/cloud-init-output.log; exit
fi
idle=0
while [ "$idle" -lt 10 ]; do
  case $(systemctl is-active docker.service) in
    failed) break ;;
    active|activating|reloading|deactivating) idle=0 ;;
    *) idle=$((idle + 1)) ;;
  esac
  sleep 1; printf . || exit
done
printf '\nengine\n'; journalctl --unit docker.service --lines 25 --no-pager --output cat
"#;

impl HetznerServers {
    /// Waits until the server can be logged in to, for `ssh_bound` at most, keeps the connection as the way to the present
    /// server, and begins to take the lease on it.
    pub(super) async fn reach(
        &self,
        record: &ServerRecord,
        server: &Server,
        key: &LoginKey,
        phases: &Phases,
        ssh_bound: Duration,
    ) -> Result<(Arc<SshLink>, LeaseWatch), DockBridgeError> {
        let address =
            record.ip_address.as_deref().ok_or_else(|| ServerError::NoAddress { name: server.name.clone() })?;
        let deadline = Instant::now() + ssh_bound;
        let no_ssh = |last: String| ServerError::NoSsh {
            name: server.name.clone(),
            address: address.to_owned(),
            after: ssh_bound,
            last,
        };
        phases
            .run("boot until SSH answers", async {
                timeout(ssh_bound, until_reachable(address, 22))
                    .await
                    .map_err(|_| no_ssh("nothing listens on port 22".to_owned()))
            })
            .await?;
        let target = self.target(&record.name, address, key);
        let link = phases.run("ssh login", self.log_in(target, deadline, no_ssh)).await?;
        // Kept before the engine is there, so that whoever ends the server finds the way to it.
        let lease = self.keep(link.clone(), server.id.get(), labels::self_destruct(&server.labels)).await;
        Ok((link, lease))
    }

    /// Waits until the engine answers, or the server says that it destroys itself.
    pub(super) async fn await_engine(
        &self,
        link: &SshLink,
        name: &str,
        mut lease: LeaseWatch,
    ) -> Result<(), DockBridgeError> {
        tokio::select! {
            up = self.engine_up(link, name) => up?,
            () = lease.destroying() => return Err(LeaseError::Destroying.into()),
        }
        // With that setting the lifecycle has no heartbeat. A server that was ordered before it was set has a monitor all the
        // same, and must not end under our work.
        if self.settings.keepalive.self_destruct != SelfDestruct::Off {
            lease.engine_is_up();
        }
        Ok(())
    }

    /// Asks the engine until it answers, while the server watches for what may keep it from ever doing so.
    async fn engine_up(&self, link: &SshLink, name: &str) -> Result<(), DockBridgeError> {
        let late = || ServerError::EngineDown {
            name: name.to_owned(),
            log: format!("no answer within {} s", ENGINE_BOUND.as_secs()),
        };
        let ping_headers = tokio::select! {
            headers = timeout(ENGINE_BOUND, until_answered(link)) => headers.map_err(|_| late())??,
            trouble = trouble(link, name) => return Err(trouble.into()),
        };
        let facts = EngineFacts { image: self.settings.image.clone(), ping_headers };
        if let Err(error) = self.state.put_engine_facts(&facts) {
            tracing::warn!(%error, "what is known of the engine could not be kept");
        }
        Ok(())
    }
}

/// Completes when the server says what is wrong with it. That it cannot be asked is no verdict.
async fn trouble(link: &SshLink, name: &str) -> ServerError {
    let verdict = match link.connection.exec(WATCH, b"", ENGINE_BOUND).await {
        Ok(output) => verdict(&String::from_utf8_lossy(&output.stdout), name),
        Err(error) => {
            tracing::debug!(%error, "the server cannot be watched");
            None
        }
    };
    match verdict {
        Some(error) => error,
        None => pending().await,
    }
}

/// What the watch's output says, if it came to an end.
fn verdict(output: &str, name: &str) -> Option<ServerError> {
    let (kind, log) = output.trim_start_matches('.').trim_start().split_once('\n')?;
    let (name, log) = (name.to_owned(), log.trim_end().to_owned());
    match kind {
        "cloud-init" => Some(ServerError::CloudInit { name, log }),
        "engine" => Some(ServerError::EngineDown { name, log }),
        _ => None,
    }
}

/// Completes when somebody listens at the address.
async fn until_reachable(address: &str, port: u16) {
    while !matches!(timeout(PROBE_BOUND, TcpStream::connect((address, port))).await, Ok(Ok(_))) {
        sleep(PROBE_PAUSE).await;
    }
}

/// Completes with the headers of the engine's answer to `HEAD /_ping`; fails only when SSH itself does.
async fn until_answered(link: &SshLink) -> Result<Vec<(String, String)>, SshError> {
    loop {
        if let Ok(Some(headers)) = timeout(PING_BOUND, ping(link)).await.unwrap_or(Ok(None)) {
            return Ok(headers);
        }
        if link.connection.is_closed() {
            return Err(link.connection.closed().await);
        }
        sleep(PING_PAUSE).await;
    }
}

/// Asks once. `None` while nobody answers or the engine is not ready.
async fn ping(link: &SshLink) -> Result<Option<Vec<(String, String)>>, SshError> {
    let mut stream = link.connection.open().await?;
    let request = b"HEAD /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    let exchange = async {
        stream.write_all(request).await?;
        (&mut stream).take(16 * 1024).read_to_end(&mut answer).await
    };
    Ok(exchange.await.ok().and_then(|_| ping_headers(&answer)))
}

/// The headers that describe the engine, out of its answer; `None` unless it is a 200.
pub(super) fn ping_headers(answer: &[u8]) -> Option<Vec<(String, String)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    if !response.parse(answer).ok()?.is_complete() || response.code != Some(200) {
        return None;
    }
    // Those of the connection and the moment would be wrong in any other answer.
    let passing = ["connection", "content-length", "date", "transfer-encoding"];
    let text = |header: &httparse::Header<'_>| {
        let value = std::str::from_utf8(header.value).ok()?.to_owned();
        (!passing.contains(&header.name.to_ascii_lowercase().as_str())).then(|| (header.name.to_owned(), value))
    };
    Some(response.headers.iter().filter_map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_describes_the_engine_is_kept() {
        let answer = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nBuilder-Version: 2\r\nContent-Length: 0\r\n\
            Date: Mon, 23 Nov 2026 10:00:00 GMT\r\nConnection: close\r\n\r\n";
        let headers = ping_headers(answer).unwrap();
        assert_eq!(
            headers,
            [("Api-Version".to_owned(), "1.41".to_owned()), ("Builder-Version".to_owned(), "2".to_owned())]
        );
    }

    #[test]
    fn anything_else_is_no_answer() {
        for answer in [&b""[..], b"HTTP/1.1 200 OK\r\nApi-Ver", b"HTTP/1.1 503 No\r\n\r\n", b"SSH-2.0-x\r\n"] {
            assert_eq!(ping_headers(answer), None);
        }
    }

    #[test]
    fn only_a_verdict_is_a_verdict() {
        let kind = |output| verdict(output, "srv").map(|error| error.code());
        assert_eq!(kind("...\ncloud-init\nmount failed\n"), Some("cloud_init_failed"));
        assert_eq!(kind("\nengine\n"), Some("engine_down"));
        for output in ["", "....", "....\n", "..\nsudden\nend"] {
            assert_eq!(kind(output), None, "{output}");
        }
    }

    #[test]
    fn the_watch_is_valid_posix_shell() {
        let output = std::process::Command::new("sh").args(["-n", "-c", WATCH]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
