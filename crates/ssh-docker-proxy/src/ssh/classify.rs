//! Turns ssh's words into errors. ssh runs in the C locale, so its words are English.

use super::{HostKeys, SshError, SshTarget};

/// The beginnings and ends of lines that say that no SSH server answered, or not long enough to log in.
const UNREACHABLE: [&str; 12] = [
    "Connection refused",
    "Connection timed out",
    "Operation timed out",
    "No route to host",
    "Network is unreachable",
    "Host is down",
    "Could not resolve hostname",
    "timed out during banner exchange",
    "Connection closed by",
    "Connection reset",
    "kex_exchange_identification",
    "Timeout, server",
];

/// Why ssh ended before the connection was up, from what it wrote to its standard error.
pub(super) fn failed_start(target: &SshTarget, stderr: &str, status: &str) -> SshError {
    let says = |words: &str| stderr.contains(words);
    let host = target.host.clone();
    let detail = last_line(stderr).unwrap_or(status).to_owned();
    if says("REMOTE HOST IDENTIFICATION HAS CHANGED") || says("HOST IDENTIFICATION HAS CHANGED") {
        SshError::HostKeyMismatch { help: mismatch_help(target), host }
    } else if says("host key is known for") || says("Host key verification failed") {
        SshError::HostKeyUnknown { help: unknown_help(target), host }
    } else if says("Permission denied (") || says("Too many authentication failures") {
        let detail = line_with(stderr, "Permission denied (").unwrap_or(&detail).to_owned();
        SshError::AuthenticationFailed { host, detail }
    } else if says("forwarding failed") || says("Could not request local forwarding") || says("cannot listen to") {
        SshError::ForwardRefused { host, socket: target.remote_socket.clone(), detail }
    } else if UNREACHABLE.iter().any(|words| says(words)) {
        SshError::Unreachable { host, detail }
    } else {
        SshError::Ended { cause: detail }
    }
}

/// Why an established connection is over.
pub(super) fn ended(stderr: &str, status: &str) -> SshError {
    // Refused channels are reported on the way, and are not why the connection ended.
    let cause = stderr.lines().rev().find(|line| !line.trim().is_empty() && !line.starts_with("channel "));
    SshError::Ended { cause: cause.map_or(status, str::trim).to_owned() }
}

fn last_line(text: &str) -> Option<&str> {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty())
}

fn line_with<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.lines().map(str::trim).find(|line| line.contains(words))
}

/// The name under which ssh looks a server's key up.
fn known_name(target: &SshTarget) -> String {
    let alias = match &target.host_keys {
        HostKeys::Pinned { alias, .. } => alias.clone(),
        HostKeys::UserDefault => None,
    };
    alias.unwrap_or_else(|| match target.port {
        Some(port) if port != 22 => format!("[{}]:{port}", target.host),
        Some(_) | None => target.host.clone(),
    })
}

fn mismatch_help(target: &SshTarget) -> String {
    let name = known_name(target);
    match &target.host_keys {
        HostKeys::Pinned { known_hosts, .. } => format!(
            "Nothing was sent. If the server was replaced on purpose, put its new key under the name {name} into {}.",
            known_hosts.display()
        ),
        HostKeys::UserDefault => format!(
            "Nothing was sent. If the server was replaced on purpose, remove the old key with `ssh-keygen -R '{name}'`, \
             then connect once with ssh and compare the new key's fingerprint."
        ),
    }
}

fn unknown_help(target: &SshTarget) -> String {
    let name = known_name(target);
    match &target.host_keys {
        HostKeys::Pinned { known_hosts, .. } => {
            format!("Put the server's public host key under the name {name} into {}.", known_hosts.display())
        }
        HostKeys::UserDefault => {
            let port = target.port.map(|port| format!(" -p {port}")).unwrap_or_default();
            format!(
                "Connect once with `ssh{port} {}`, compare the fingerprint that it shows with the server's, and accept it.",
                target.host
            )
        }
    }
}

#[cfg(test)]
mod tests;
