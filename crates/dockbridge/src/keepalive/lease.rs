//! Single calls of `dockbridge-monitor` on the server. What they mean is at the top of `monitor.sh`.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use ssh_docker_proxy::{ExecOutput, SshError};

use super::{LeaseError, Owner};
use crate::server::{EngineLink, ForeignLease};

/// Where cloud-init puts the monitor.
const MONITOR: &str = "/usr/local/sbin/dockbridge-monitor";
/// How long a call may take. It takes some milliseconds and a round trip; `ssh` gives up a silent server after 15 s.
pub const BOUND: Duration = Duration::from_secs(15);
/// The monitor's exit status when it has begun to destroy the server.
const DESTROYING: i32 = 3;
/// How much of what a failed call said is kept, in bytes.
const SAID_MAX: usize = 500;

/// Takes or renews `owner`'s lease for `span` from now, in whole seconds, rounded down. Returns the live leases of others.
pub async fn renew(link: &dyn EngineLink, owner: &Owner, span: Duration) -> Result<Vec<ForeignLease>, LeaseError> {
    renew_within(link, owner, span, BOUND).await
}

/// The same with another bound.
pub(super) async fn renew_within(
    link: &dyn EngineLink,
    owner: &Owner,
    span: Duration,
    bound: Duration,
) -> Result<Vec<ForeignLease>, LeaseError> {
    let seconds = span.as_secs().to_string();
    let command = command(&["renew", owner.client_id(), owner.host(), &seconds]);
    parse(&call(link, &command, b"", bound).await?)
}

/// Gives `owner`'s lease back: the server was the last client's to keep, so without other leases it destroys itself at
/// once. Returns the live leases of others. Giving back what is not there is a success.
pub async fn release(link: &dyn EngineLink, owner: &Owner) -> Result<Vec<ForeignLease>, LeaseError> {
    parse(&call(link, &command(&["release", owner.client_id()]), b"", BOUND).await?)
}

/// Begins the end of the server, unless others hold it. If nobody does, `owner`'s lease is taken for `span`, and every later
/// renewal is refused; the monitor finishes the work when that lease is over. If somebody does, `owner`'s lease is given back
/// and theirs are returned. Fails with [`LeaseError::Destroying`] while somebody else ends it.
pub async fn end(link: &dyn EngineLink, owner: &Owner, span: Duration) -> Result<Vec<ForeignLease>, LeaseError> {
    let seconds = span.as_secs().to_string();
    let command = command(&["end", owner.client_id(), owner.host(), &seconds]);
    parse(&call(link, &command, b"", BOUND).await?)
}

/// Every live lease, our own included.
pub async fn leases(link: &dyn EngineLink) -> Result<Vec<ForeignLease>, LeaseError> {
    parse(&call(link, &command(&["leases"]), b"", BOUND).await?)
}

/// Hands over what the server needs to delete itself: the URL of this very server in the API, and the token. They go
/// through the command's standard input into memory there, and are lost when the server is turned off.
pub async fn hand_over(link: &dyn EngineLink, delete_url: &str, token: &SecretString) -> Result<(), LeaseError> {
    let credentials = SecretString::from(format!("{delete_url}\n{}\n", token.expose_secret()));
    call(link, &command(&["token"]), credentials.expose_secret().as_bytes(), BOUND).await?;
    Ok(())
}

/// The monitor's command line, with every argument quoted for a POSIX shell.
fn command(arguments: &[&str]) -> String {
    arguments.iter().fold(MONITOR.to_owned(), |line, argument| format!("{line} '{}'", argument.replace('\'', r"'\''")))
}

/// Calls the monitor and returns its standard output.
async fn call(link: &dyn EngineLink, command: &str, stdin: &[u8], bound: Duration) -> Result<String, LeaseError> {
    let output = link.run(command, stdin, bound).await?;
    match output.status {
        0 => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        DESTROYING => Err(LeaseError::Destroying),
        // Not executable and not found: POSIX, Shell Command Language, 2.8.2.
        126 | 127 => Err(LeaseError::NoMonitor),
        // The monitor never returns it; `ssh` does when it fails itself.
        255 => Err(SshError::Ended { cause: said(&output) }.into()),
        _ => Err(LeaseError::Failed { said: said(&output) }),
    }
}

/// What a failed call said.
fn said(output: &ExecOutput) -> String {
    let text: String = String::from_utf8_lossy(&output.stderr).trim().chars().take(SAID_MAX).collect();
    if text.is_empty() { format!("exit status {}", output.status) } else { text }
}

/// Reads `client host seconds`, one lease a line. What cannot be read is an error: it may be somebody's right to the server.
fn parse(text: &str) -> Result<Vec<ForeignLease>, LeaseError> {
    let read = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (client_id, host) = (words.next()?.to_owned(), words.next()?.to_owned());
        let remaining_seconds = words.next()?.parse().ok()?;
        words.next().is_none().then_some(ForeignLease { client_id, host, remaining_seconds })
    };
    let unreadable = |line: &str| LeaseError::Failed { said: format!("`{line}` is not a lease") };
    text.lines().map(|line| read(line).ok_or_else(|| unreadable(line))).collect()
}

#[cfg(test)]
mod tests;
