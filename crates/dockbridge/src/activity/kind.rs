//! Which requests are work while they are under way.

use ssh_docker_proxy::RequestHead;

/// What a request means for the server while it is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Asks whether an engine is there. No use at all.
    Probe,
    /// Watches or waits. It is use when it begins, when it ends and when bytes move on it; silence on it is none, since what
    /// is watched goes on without it.
    Watch,
    /// No server may be destroyed under it. Whatever is not known to be one of the others is this.
    Work,
}

impl Kind {
    /// The kind of a request, by its method and path.
    pub(super) fn of(head: &RequestHead) -> Self {
        let mut parts = head.path_without_version().split('/');
        // A path begins with its slash. Anything else, such as a whole address, is not what Docker's clients send.
        if parts.next() != Some("") {
            return Self::Work;
        }
        let parts: [Option<&str>; 5] = std::array::from_fn(|_| parts.next());
        let (kind, methods): (_, &[&str]) = match parts {
            [Some("_ping"), None, ..] => (Self::Probe, &["GET", "HEAD"]),
            [Some("events"), None, ..]
            | [Some("containers"), Some(_), Some("logs" | "stats"), None, _]
            | [Some("containers"), Some(_), Some("attach"), Some("ws"), None]
            | [Some("services" | "tasks"), Some(_), Some("logs"), None, _] => (Self::Watch, &["GET"]),
            [Some("containers"), Some(_), Some("attach" | "wait" | "resize"), None, _]
            | [Some("exec"), Some(_), Some("start" | "resize"), None, _] => (Self::Watch, &["POST"]),
            _ => return Self::Work,
        };
        if methods.contains(&head.method.as_str()) { kind } else { Self::Work }
    }

    /// Whether it makes whoever sends it a user.
    pub(super) const fn counts(self) -> bool {
        match self {
            Self::Probe => false,
            Self::Watch | Self::Work => true,
        }
    }
}

#[cfg(test)]
mod tests;
