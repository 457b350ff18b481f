//! Runs commands on the server over an existing connection.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::command::{self, Files};
use super::{HostKeys, SshError};

/// How many bytes of each output of a command are kept; the rest is read and dropped.
pub const MAX_EXEC_OUTPUT: usize = 4 * 1024 * 1024;

/// What a command on the server left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// Its exit status; 255 also when ssh itself failed, which then says so on `stderr`.
    pub status: i32,
    /// Its standard output, up to [`MAX_EXEC_OUTPUT`] bytes.
    pub stdout: Vec<u8>,
    /// Its standard error, up to [`MAX_EXEC_OUTPUT`] bytes.
    pub stderr: Vec<u8>,
}

impl ExecOutput {
    /// Whether the command ended with status 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.status == 0
    }
}

/// Runs `command` through the control socket in `files`.
pub(super) async fn run(files: &Files, command: &str, stdin: &[u8], bound: Duration) -> Result<ExecOutput, SshError> {
    // The environment of a pinned connection: the user's part of it matters only to the process that logs in.
    let pinned = HostKeys::Pinned { known_hosts: "/dev/null".into(), alias: None };
    let mut process = command::process(&command::shared(files, command), &pinned);
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = process.spawn().map_err(|error| command::spawn_error(&error))?;
    let input = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let work = async {
        let feed = async {
            if let Some(mut input) = input {
                // A command need not read what it is given.
                let _ = input.write_all(stdin).await;
            }
        };
        let ((), stdout, stderr, status) = tokio::join!(feed, collect(stdout), collect(stderr), child.wait());
        let status = status.map_err(|error| command::local("wait for ssh", &error))?;
        Ok(ExecOutput { status: status.code().unwrap_or(255), stdout, stderr })
    };
    if let Ok(output) = tokio::time::timeout(bound, work).await {
        return output;
    }
    // Ending the local process ends the session, and with it the command's input and outputs.
    let _ = child.kill().await;
    Err(SshError::TimedOut { what: "a command on the server".to_owned(), bound })
}

/// Reads an output to its end and keeps its beginning.
async fn collect(output: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut output) = output {
        let limit = MAX_EXEC_OUTPUT as u64;
        let _ = (&mut output).take(limit).read_to_end(&mut kept).await;
        let _ = tokio::io::copy(&mut output, &mut tokio::io::sink()).await;
    }
    kept
}
