//! Reads the sessions out of the property list that `ioreg -a` prints.
//!
//! The list is XML that a program of the system has written, with a tag for each value. Only its tags are looked at; names
//! and values that mean nothing here, also those of later systems, are passed over.

/// Whether the screen of the user `uid` is locked; `None` where there is no whole list of sessions.
///
/// A locked session has `CGSSessionScreenIsLocked`, and on some systems only the time of its lock. Both are gone once it is
/// unlocked. Where no session is the user's, as over SSH, the one on the console counts.
pub(super) fn is_locked(list: &str, uid: u32) -> Option<bool> {
    let mut tags = Tags { rest: list };
    tags.find(|tag| tag.key() == Some("IOConsoleUsers"))?;
    let sessions = match tags.next()?.name {
        "array" => sessions(&mut tags)?,
        "array/" => Vec::new(),
        _ => return None,
    };
    let own = sessions.iter().find(|session| session.uid == Some(uid));
    let session = own.or_else(|| sessions.iter().find(|session| session.on_console));
    Some(session.is_some_and(|session| session.locked.unwrap_or(session.has_lock_time)))
}

#[derive(Default)]
struct Session {
    uid: Option<u32>,
    on_console: bool,
    locked: Option<bool>,
    has_lock_time: bool,
}

/// Reads the dictionaries of an array; `None` where it has no end.
fn sessions(tags: &mut Tags<'_>) -> Option<Vec<Session>> {
    let mut sessions = Vec::new();
    let mut depth = 0_u32;
    loop {
        let tag = tags.next()?;
        match tag.name {
            "dict" | "array" => {
                if depth == 0 {
                    sessions.push(Session::default());
                }
                depth += 1;
            }
            "/dict" | "/array" if depth > 0 => depth -= 1,
            "/array" => return Some(sessions),
            // Deeper keys are about other things than the session.
            _ if depth == 1 => {
                if let (Some(session), Some(key)) = (sessions.last_mut(), tag.key()) {
                    session.take(key, tags);
                }
            }
            _ => {}
        }
    }
}

impl Session {
    /// Takes in the value of `key`, which is the next tag; what it does not know is left for the caller to pass over.
    fn take(&mut self, key: &str, tags: &mut Tags<'_>) {
        match key {
            "kCGSSessionUserIDKey" => self.uid = tags.next().and_then(|tag| tag.text.trim().parse().ok()),
            "kCGSSessionOnConsoleKey" => self.on_console = tags.next().is_some_and(|tag| tag.name == "true/"),
            "CGSSessionScreenIsLocked" => self.locked = tags.next().map(|tag| tag.name == "true/"),
            "CGSSessionScreenLockedTime" => {
                self.has_lock_time =
                    tags.next().is_some_and(|tag| tag.text.trim().parse::<u64>().is_ok_and(|at| at > 0));
            }
            _ => {}
        }
    }
}

/// A tag and the text up to the next one.
struct Tag<'a> {
    /// What stands between the brackets: `dict`, `/dict`, `true/`.
    name: &'a str,
    text: &'a str,
}

impl<'a> Tag<'a> {
    fn key(&self) -> Option<&'a str> {
        (self.name == "key").then_some(self.text)
    }
}

/// The tags of a text, one after the other, but not those that end a value.
struct Tags<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let (_, rest) = self.rest.split_once('<')?;
            let (name, rest) = rest.split_once('>')?;
            let end = rest.find('<').unwrap_or(rest.len());
            self.rest = &rest[end..];
            if !name.starts_with('/') || matches!(name, "/dict" | "/array") {
                return Some(Tag { name, text: &rest[..end] });
            }
        }
    }
}
