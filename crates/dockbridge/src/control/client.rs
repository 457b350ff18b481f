//! The asking side.

use std::{io, path::Path, time::Duration};

use jiff::Timestamp;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{UnixStream, unix::OwnedReadHalf},
    time::timeout,
};

use super::{
    messages::{ControlError, Progress, Request},
    report::StatusReport,
};

/// How long the running DockBridge may take to answer a question. It answers from memory.
const BOUND: Duration = Duration::from_secs(10);

async fn ask(path: &Path, request: Request) -> Result<Lines<BufReader<OwnedReadHalf>>, ControlError> {
    let failed = |source| ControlError::Io { path: path.to_owned(), source };
    let stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Err(ControlError::NotRunning);
        }
        Err(error) => return Err(failed(error)),
    };
    let (reader, mut writer) = stream.into_split();
    let mut line = serde_json::to_vec(&request).map_err(|error| ControlError::Answer(error.to_string()))?;
    line.push(b'\n');
    writer.write_all(&line).await.map_err(failed)?;
    writer.shutdown().await.map_err(failed)?;
    Ok(BufReader::new(reader).lines())
}

/// Asks for the state.
pub async fn request_status(path: &Path) -> Result<StatusReport, ControlError> {
    request(path, Request::Status).await
}

/// Has the server held until then, or let go, and returns the state after that.
pub async fn request_keep(path: &Path, until: Option<Timestamp>) -> Result<StatusReport, ControlError> {
    request(path, Request::Keep { until }).await
}

/// Asks what is answered by the state.
async fn request(path: &Path, request: Request) -> Result<StatusReport, ControlError> {
    let failed = |source| ControlError::Io { path: path.to_owned(), source };
    let answer = async {
        let mut lines = ask(path, request).await?;
        lines.next_line().await.map_err(failed)
    };
    let line = timeout(BOUND, answer)
        .await
        .map_err(|_| failed(io::ErrorKind::TimedOut.into()))??
        .ok_or(ControlError::Ended)?;
    serde_json::from_str(&line).map_err(|error| ControlError::Answer(error.to_string()))
}

/// Asks for the end and follows it until the server is gone. The user's patience is the bound: what is said over the socket
/// says what is waited for.
pub async fn request_stop(path: &Path, mut show: impl FnMut(&Progress)) -> Result<(), ControlError> {
    let mut lines = ask(path, Request::Stop).await?;
    loop {
        let line = lines.next_line().await.map_err(|source| ControlError::Io { path: path.to_owned(), source })?;
        let line = line.ok_or(ControlError::Ended)?;
        let progress: Progress =
            serde_json::from_str(&line).map_err(|error| ControlError::Answer(error.to_string()))?;
        show(&progress);
        if progress.done {
            return Ok(());
        }
    }
}
