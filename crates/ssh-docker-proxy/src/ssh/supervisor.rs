//! Owns the ssh process of one connection from its start to its end.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Child;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::command::READY;
use super::{SshError, SshTarget, classify};

/// How long ssh may take to end after it was asked to, before it is killed.
const TERM_BOUND: Duration = Duration::from_secs(2);

/// How long to wait for ssh's last words after its end: its own children may keep the pipe open.
const LAST_WORDS_BOUND: Duration = Duration::from_millis(500);

/// How many bytes of what ssh says are kept, the last ones.
const WORDS_KEPT: usize = 16 * 1024;

/// The longest line of ssh's that is read as one.
const LINE_MAX: u64 = 4096;

/// The state of a connection.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// Not logged in yet.
    Starting,
    /// Logged in, and the socket is forwarded.
    Up,
    /// Over.
    Ended(SshError),
}

/// Follows the process until it ends, or ends it when `stop` is cancelled. The last state is always `Ended`.
pub(super) async fn supervise(
    mut child: Child,
    target: SshTarget,
    state: watch::Sender<State>,
    stop: CancellationToken,
) {
    // Held to the end: the remote command ends with it.
    let stdin = child.stdin.take();
    let words = Mutex::new(String::new());
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let mut outputs = std::pin::pin!(async { tokio::join!(announce(stdout, &state), listen(stderr, &words)) });
    let mut read = false;
    let exit = loop {
        tokio::select! {
            exit = child.wait() => break Some(exit),
            () = stop.cancelled() => break None,
            _ = &mut outputs, if !read => read = true,
        }
    };
    let asked = exit.is_none();
    if asked {
        terminate(&mut child).await;
    }
    let status = match exit {
        Some(Ok(status)) => format!("ssh ended with {status}"),
        Some(Err(error)) => error.to_string(),
        None => "it was closed".to_owned(),
    };
    drop(stdin);
    if !read && tokio::time::timeout(LAST_WORDS_BOUND, outputs).await.is_err() {
        tracing::debug!("something keeps the standard error of an ended ssh open");
    }
    let words = std::mem::take(&mut *words.lock().unwrap_or_else(PoisonError::into_inner));
    let was_up = matches!(*state.borrow(), State::Up);
    let error = if asked {
        SshError::Ended { cause: status }
    } else if was_up {
        classify::ended(&words, &status)
    } else {
        classify::failed_start(&target, &words, &status)
    };
    tracing::debug!(%error, "ssh has ended");
    state.send_replace(State::Ended(error));
}

/// Asks ssh to end, and kills it if it does not.
async fn terminate(child: &mut Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        if tokio::time::timeout(TERM_BOUND, child.wait()).await.is_ok() {
            return;
        }
    }
    if let Err(error) = child.kill().await {
        tracing::warn!(%error, "ssh could not be killed");
    }
}

/// Waits for the remote command's first line; a login shell may print others before.
async fn announce(stdout: Option<impl AsyncRead + Unpin>, state: &watch::Sender<State>) {
    let Some(stdout) = stdout else { return };
    let mut reader = BufReader::new(stdout);
    while let Some(line) = next_line(&mut reader).await {
        if line.trim_end() == READY {
            state.send_if_modified(|state| {
                let starting = matches!(state, State::Starting);
                if starting {
                    *state = State::Up;
                }
                starting
            });
        }
    }
}

/// Keeps the end of what ssh says.
async fn listen(stderr: Option<impl AsyncRead + Unpin>, words: &Mutex<String>) {
    let Some(stderr) = stderr else { return };
    let mut reader = BufReader::new(stderr);
    while let Some(line) = next_line(&mut reader).await {
        // Not a warning, whatever it says: while an engine comes up, each attempt to reach it is one refused channel. Whoever
        // opens a stream learns of a refusal by its end.
        tracing::debug!(ssh = line.trim_end());
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        words.push_str(&line);
        while words.len() > WORDS_KEPT {
            let end = words.find('\n').map_or(words.len(), |end| end + 1);
            words.drain(..end);
        }
    }
}

/// The next line, or as much of it as is kept at once.
async fn next_line<R: AsyncRead + Unpin>(reader: &mut BufReader<R>) -> Option<String> {
    let mut line = Vec::new();
    match reader.take(LINE_MAX).read_until(b'\n', &mut line).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(String::from_utf8_lossy(&line).into_owned()),
    }
}
