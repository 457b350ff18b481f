//! One `ssh` process and what goes through it.

use std::path::Path;
use std::time::Duration;

use crate::ssh::{SshError, SshTarget};
use crate::stream::BoxedStream;

/// What a command on the server left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// Its exit status; 255 also when ssh itself failed.
    pub status: i32,
    /// Its standard output, up to [`MAX_EXEC_OUTPUT`] bytes.
    pub stdout: Vec<u8>,
    /// Its standard error, up to [`MAX_EXEC_OUTPUT`] bytes.
    pub stderr: Vec<u8>,
}

/// How many bytes of each output of a command are kept; the rest is read and dropped.
pub const MAX_EXEC_OUTPUT: usize = 4 * 1024 * 1024;

/// An authenticated connection to a server, with its engine's socket forwarded. Dropping it ends the `ssh` process.
#[derive(Debug)]
pub struct SshConnection {}

impl SshConnection {
    /// Logs in and forwards the engine's socket. `run_dir` is a private, short directory for sockets, used only by us.
    pub async fn connect(target: &SshTarget, run_dir: &Path) -> Result<Self, SshError> {
        let _ = (target, run_dir);
        std::future::pending().await
    }

    /// Opens a stream to the engine's socket.
    pub async fn open(&self) -> Result<BoxedStream, SshError> {
        std::future::pending().await
    }

    /// Runs a command on the server through its login shell. `stdin` is its whole standard input: secrets belong there,
    /// because `command` is visible in the list of processes.
    pub async fn exec(
        &self,
        command: &str,
        stdin: &[u8],
        bound: Duration,
    ) -> Result<ExecOutput, SshError> {
        let _ = (command, stdin, bound);
        std::future::pending().await
    }

    /// Completes when the connection has ended, and says why.
    pub async fn closed(&self) -> SshError {
        std::future::pending().await
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        false
    }

    /// Ends the connection and waits until the process is gone, for a bounded time.
    pub async fn close(&self) {
        std::future::pending().await
    }
}
