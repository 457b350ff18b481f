//! The two questions, in the Docker Engine's API.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};

use super::ExamineError;
use crate::server::EngineLink;

/// How long each answer may take. Engines before API 1.41 know no `one-shot` and need about 2 s for each container.
const BOUND: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes: a list of some thousand containers.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// One of the engine's list of containers.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "Id")]
    id: String,
}

/// As much of a container's statistics as is needed. The engine leaves out what it does not know, for instance of a container
/// that waits to be restarted.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Stats {
    cpu_stats: CpuStats,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CpuStats {
    cpu_usage: CpuUsage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CpuUsage {
    /// Nanoseconds since the container was started, of all cores together.
    total_usage: u64,
}

/// An error in the engine's words.
#[derive(Deserialize)]
struct Complaint {
    message: String,
}

/// A connection to the engine, for one question after the other.
pub(super) struct EngineClient {
    sender: http1::SendRequest<Empty<Bytes>>,
}

/// Connects. The second part moves the bytes, and must be polled for as long as the first is used.
pub(super) async fn connect(
    link: &dyn EngineLink,
) -> Result<(EngineClient, impl Future<Output = ()> + use<>), ExamineError> {
    let stream = in_time(link.open()).await??;
    let (sender, connection) = in_time(http1::handshake(TokioIo::new(stream))).await?.map_err(broken)?;
    let connection = async {
        // Whoever waits for an answer learns of it too.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the connection to the engine has broken");
        }
    };
    Ok((EngineClient { sender }, connection))
}

impl EngineClient {
    /// The ids of the containers that run.
    pub(super) async fn running(&mut self) -> Result<Vec<String>, ExamineError> {
        let (status, body) = self.get("/containers/json").await?;
        let listed: Vec<Listed> = read(status, &body)?;
        Ok(listed.into_iter().map(|container| container.id).collect())
    }

    /// The processor time that a container has used since it was started; `None` if it does not run any more.
    pub(super) async fn processor_time(&mut self, container: &str) -> Result<Option<Duration>, ExamineError> {
        let (status, body) = self.get(&format!("/containers/{container}/stats?stream=false&one-shot=true")).await?;
        // A container that ends while it is measured is a conflict at first, and unknown once it is removed.
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::CONFLICT) {
            return Ok(None);
        }
        let figures: Stats = read(status, &body)?;
        Ok(Some(Duration::from_nanos(figures.cpu_stats.cpu_usage.total_usage)))
    }

    /// Asks, without a version in the path: the engine answers as its newest one then.
    async fn get(&mut self, target: &str) -> Result<(StatusCode, Bytes), ExamineError> {
        let request = Request::get(target).header(HOST, "docker").body(Empty::new()).map_err(broken)?;
        in_time(async {
            self.sender.ready().await.map_err(broken)?;
            let answer = self.sender.send_request(request).await.map_err(broken)?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| ExamineError::Broken { detail: error.to_string() })?;
            Ok((status, body.to_bytes()))
        })
        .await?
    }
}

/// Reads an answer that is a success, or else the engine's words.
fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, ExamineError> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(broken);
    }
    let message = serde_json::from_slice(body).map_or_else(
        |_| status.canonical_reason().unwrap_or("no reason given").to_owned(),
        |complaint: Complaint| complaint.message,
    );
    Err(ExamineError::Refused { status: status.as_u16(), message })
}

async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, ExamineError> {
    tokio::time::timeout(BOUND, work).await.map_err(|_| ExamineError::TimedOut { bound: BOUND })
}

fn broken(error: impl std::error::Error) -> ExamineError {
    ExamineError::Broken { detail: error.to_string() }
}
