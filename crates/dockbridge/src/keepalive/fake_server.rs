//! A link to a server that answers as a test has laid down.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use ssh_docker_proxy::{BoxedStream, ExecOutput, SshError};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::server::{EngineLink, LinkFuture};

/// What becomes of a call.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// It ends with that status, standard output and standard error.
    Output(i32, &'static str, &'static str),
    /// No answer comes.
    Silence,
}

/// A call as the server has got it.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) at: Instant,
    pub(super) command: String,
    pub(super) stdin: Vec<u8>,
    pub(super) bound: Duration,
}

pub(super) struct FakeServer {
    calls: Mutex<Vec<Call>>,
    /// The next answers; when they are used up, the last one is given again.
    answers: Mutex<VecDeque<Answer>>,
    closed: CancellationToken,
}

impl FakeServer {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Self { calls: Mutex::default(), answers, closed: CancellationToken::new() })
    }

    /// From now on.
    pub(super) fn answer(&self, answer: Answer) {
        *self.answers.lock().unwrap() = [answer].into();
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The times between the calls, in seconds.
    pub(super) fn pauses(&self) -> Vec<f64> {
        let calls = self.calls();
        calls.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64()).collect()
    }

    /// The way breaks.
    pub(super) fn lose(&self) {
        self.closed.cancel();
    }
}

impl EngineLink for FakeServer {
    fn open(&self) -> LinkFuture<'_, Result<BoxedStream, SshError>> {
        Box::pin(async { Err(SshError::Ended { cause: "leases need no stream".to_owned() }) })
    }

    fn run<'a>(
        &'a self,
        command: &'a str,
        stdin: &'a [u8],
        bound: Duration,
    ) -> LinkFuture<'a, Result<ExecOutput, SshError>> {
        let call = Call { at: Instant::now(), command: command.to_owned(), stdin: stdin.to_owned(), bound };
        self.calls.lock().unwrap().push(call);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move {
            match answer {
                Some(Answer::Output(status, stdout, stderr)) => {
                    Ok(ExecOutput { status, stdout: stdout.into(), stderr: stderr.into() })
                }
                Some(Answer::Silence) | None => {
                    let silence = timeout(bound, pending()).await;
                    silence.map_err(|_| SshError::TimedOut { what: "a command on the server".to_owned(), bound })
                }
            }
        })
    }

    fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    fn closed(&self) -> LinkFuture<'_, SshError> {
        Box::pin(async {
            self.closed.cancelled().await;
            SshError::Ended { cause: "it was closed".to_owned() }
        })
    }

    fn close(&self) -> LinkFuture<'_, ()> {
        self.closed.cancel();
        Box::pin(std::future::ready(()))
    }
}
