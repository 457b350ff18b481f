//! Reads a destination as people write it for ssh.

use super::{SshError, SshTarget};

/// Reads `host`, `user@host`, `user@host:port`, `user@[address]:port` or the same after `ssh://`.
///
/// What could be taken for an option or for shell syntax is refused: ssh hands host and user to commands of the user's
/// configuration.
pub fn parse(text: &str) -> Result<SshTarget, SshError> {
    let invalid = |why: &str| SshError::InvalidTarget {
        what: format!(
            "`{text}` is not a destination: {why}; expected user@host, user@host:port or ssh://user@host:port"
        ),
    };
    let rest = text.strip_prefix("ssh://").map_or(text, |rest| rest.strip_suffix('/').unwrap_or(rest));
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, rest),
    };
    let (host, port) = split_port(place).ok_or_else(|| invalid("the brackets around the address do not match"))?;
    let port = match port {
        Some(port) => {
            Some(port.parse().ok().filter(|port| *port != 0).ok_or_else(|| invalid("the port is not a number"))?)
        }
        None => None,
    };
    let target = SshTarget { user: user.map(str::to_owned), port, ..SshTarget::new(host) };
    check(&target).map_err(|why| invalid(&why))?;
    Ok(target)
}

/// Splits `host:port` and `[address]:port`; a bare IPv6 address has no port.
fn split_port(place: &str) -> Option<(&str, Option<&str>)> {
    if let Some(bracketed) = place.strip_prefix('[') {
        let (host, tail) = bracketed.split_once(']')?;
        return match tail.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => tail.is_empty().then_some((host, None)),
        };
    }
    match place.split_once(':') {
        Some((host, port)) if !port.contains(':') => Some((host, Some(port))),
        Some(_) | None => Some((place, None)),
    }
}

/// Whether user and host can be handed to ssh, and if not, why.
pub(super) fn check(target: &SshTarget) -> Result<(), String> {
    let safe = |part: &str, extra: &str| part.chars().all(|letter| letter.is_alphanumeric() || extra.contains(letter));
    let host = target.host.as_str();
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    if host.starts_with('-') || !safe(host, ".-_:%") {
        return Err(format!("`{host}` cannot be a host"));
    }
    match target.user.as_deref() {
        Some("") => Err("the user is empty".to_owned()),
        Some(user) if user.starts_with('-') || !safe(user, ".-_@+\\$") => Err(format!("`{user}` cannot be a user")),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
