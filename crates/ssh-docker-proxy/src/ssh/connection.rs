//! One `ssh` process and what goes through it.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::command::{self, Files, Version};
use super::exec::{self, ExecOutput};
use super::supervisor::{State, supervise};
use super::{HostKeys, SshError, SshTarget};
use crate::stream::BoxedStream;

/// How long a login may take beyond the time for reaching the server. OpenSSH's servers allow 120 s for people with
/// passwords; keys need a fraction of a second and, with jump hosts and agents, a few.
const LOGIN_BOUND: Duration = Duration::from_secs(30);

/// How long to try again while ssh has too many connections waiting to be accepted, and how long to wait between.
const BACKLOG_BOUND: Duration = Duration::from_secs(5);
const BACKLOG_PAUSE: Duration = Duration::from_millis(5);

/// How long the news that ssh has ended may be behind the failure that it causes.
const NEWS_BOUND: Duration = Duration::from_millis(500);

/// An authenticated connection to a server, with its engine's socket forwarded.
///
/// Dropping it kills the `ssh` process; [`Self::close`] ends it in order and waits.
#[derive(Debug)]
pub struct SshConnection {
    state: watch::Receiver<State>,
    stop: CancellationToken,
    supervisor: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    abort: tokio::task::AbortHandle,
    files: Files,
}

impl SshConnection {
    /// Logs in and forwards the engine's socket. `run_dir` is a private, short directory: a connection makes a directory of
    /// its own in it, and removes it at its end.
    pub async fn connect(target: &SshTarget, run_dir: &Path) -> Result<Self, SshError> {
        let files = Files::create(run_dir)?;
        let version = version(&target.host_keys).await?;
        if target.host_keys == HostKeys::UserDefault {
            files.write_user_config(version)?;
        }
        let mut process = command::process(&command::master(target, version, &files)?, &target.host_keys);
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = process.spawn().map_err(|error| command::spawn_error(&error))?;

        let (sender, state) = watch::channel(State::Starting);
        let stop = CancellationToken::new();
        let supervisor = tokio::spawn(supervise(child, target.clone(), sender, stop.clone()));
        let abort = supervisor.abort_handle();
        let connection = Self { state, stop, supervisor: tokio::sync::Mutex::new(Some(supervisor)), abort, files };

        match connection.logged_in(target).await {
            Ok(()) => Ok(connection),
            Err(error) => {
                connection.close().await;
                Err(error)
            }
        }
    }

    /// Waits for the outcome of the login.
    async fn logged_in(&self, target: &SshTarget) -> Result<(), SshError> {
        let bound = target.connect_timeout + LOGIN_BOUND;
        let mut state = self.state.clone();
        let outcome = tokio::time::timeout(bound, state.wait_for(|state| !matches!(state, State::Starting))).await;
        match outcome {
            Ok(Ok(state)) => match &*state {
                State::Ended(error) => Err(error.clone()),
                State::Starting | State::Up => Ok(()),
            },
            Ok(Err(_)) => Err(self.lost()),
            Err(_) => Err(SshError::TimedOut { what: format!("logging in to {}", target.host), bound }),
        }
    }

    /// Opens a stream to the engine's socket. If the server does not open that socket, the stream ends at once.
    pub async fn open(&self) -> Result<BoxedStream, SshError> {
        let deadline = tokio::time::Instant::now() + BACKLOG_BOUND;
        loop {
            if let Some(error) = self.ended() {
                return Err(error);
            }
            match UnixStream::connect(self.files.engine()).await {
                Ok(stream) => return Ok(Box::new(stream)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(BACKLOG_PAUSE).await;
                }
                Err(error) => {
                    return match tokio::time::timeout(NEWS_BOUND, self.closed()).await {
                        Ok(ended) => Err(ended),
                        Err(_) => Err(command::local("open the forwarded socket", &error)),
                    };
                }
            }
        }
    }

    /// Runs a command on the server through its login shell, for at most `bound`. `stdin` is its whole standard input:
    /// secrets belong there, because `command` is visible in the lists of processes on both sides.
    ///
    /// A server allows ten sessions by default (`MaxSessions`), one of which the connection itself holds: nine commands may
    /// run at once. Streams to the engine do not count.
    pub async fn exec(&self, command: &str, stdin: &[u8], bound: Duration) -> Result<ExecOutput, SshError> {
        if let Some(error) = self.ended() {
            return Err(error);
        }
        let output = exec::run(&self.files, command, stdin, bound).await?;
        if output.status == 255
            && let Ok(ended) = tokio::time::timeout(NEWS_BOUND, self.closed()).await
        {
            return Err(ended);
        }
        Ok(output)
    }

    /// Completes when the connection has ended, and says why.
    pub async fn closed(&self) -> SshError {
        let mut state = self.state.clone();
        match state.wait_for(|state| matches!(state, State::Ended(_))).await.as_deref() {
            Ok(State::Ended(error)) => error.clone(),
            Ok(State::Starting | State::Up) | Err(_) => self.lost(),
        }
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ended().is_some()
    }

    /// Ends the connection and waits until the process is gone. Takes a few milliseconds, and at most some seconds if ssh
    /// does not respond.
    pub async fn close(&self) {
        self.stop.cancel();
        let mut supervisor = self.supervisor.lock().await;
        if let Some(task) = supervisor.as_mut() {
            let _ = task.await;
            *supervisor = None;
        }
    }

    fn ended(&self) -> Option<SshError> {
        match &*self.state.borrow() {
            State::Ended(error) => Some(error.clone()),
            State::Starting | State::Up if self.abort.is_finished() => Some(self.lost()),
            State::Starting | State::Up => None,
        }
    }

    /// What is said if the supervisor did not come to say more.
    fn lost(&self) -> SshError {
        SshError::Ended { cause: format!("nobody looks after it any more (closed: {})", self.stop.is_cancelled()) }
    }
}

impl Drop for SshConnection {
    fn drop(&mut self) {
        // With its supervisor the process is dropped, which kills it.
        self.abort.abort();
    }
}

/// The version of the installed ssh.
async fn version(host_keys: &HostKeys) -> Result<Version, SshError> {
    let mut process = command::process(&["-V".into()], host_keys);
    process.stdin(Stdio::null());
    let output = tokio::time::timeout(LOGIN_BOUND, process.output()).await;
    let output = output.map_err(|_| SshError::TimedOut { what: "`ssh -V`".to_owned(), bound: LOGIN_BOUND })?;
    let output = output.map_err(|error| command::spawn_error(&error))?;
    Ok(Version::read(&String::from_utf8_lossy(&output.stderr)))
}
