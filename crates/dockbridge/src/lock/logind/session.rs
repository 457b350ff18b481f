//! Which of logind's sessions is the user's, and whether it is locked.

use std::collections::HashMap;

use zbus::{Connection, Message, OwnedObjectPath, OwnedVariant, message::Header, names::MemberName};

use super::interface::{ManagerProxy, SessionProxy, UserProxy};
use crate::lock::{
    LockError,
    bus::{LockResult, call},
};

/// What `PropertiesChanged` carries: the interface, new values, and the names of properties whose values are not sent.
type Changes = (String, HashMap<String, OwnedVariant>, Vec<String>);

/// The session that is watched, and both of its ways to say that it is locked.
///
/// Desktops set `LockedHint`. Others only react to `Lock`, which asks a screen locker to start, so that counts too. It is
/// over with `Unlock`, or when the hint says so, since most lockers end without a signal.
pub(super) struct Session {
    pub(super) path: OwnedObjectPath,
    hint: bool,
    asked: bool,
}

impl Session {
    /// Finds the user's session and reads its state; `id` is the one that the environment names.
    pub(super) async fn find(connection: &Connection, id: Option<&str>) -> LockResult<Self> {
        let path = find_path(connection, id).await?.ok_or(LockError::NoSession)?;
        let mut session = Self { path, hint: false, asked: false };
        session.hint = session.read_hint(connection).await?;
        Ok(session)
    }

    pub(super) const fn locked(&self) -> bool {
        self.hint || self.asked
    }

    /// Takes in a signal of this session's object.
    pub(super) async fn take(&mut self, connection: &Connection, signal: &Message) -> LockResult<()> {
        match member(&signal.header()) {
            "Lock" => self.asked = true,
            "Unlock" => self.asked = false,
            "PropertiesChanged" => {
                let body = signal.body();
                let Ok((_, changed, invalidated)) = body.deserialize::<Changes>() else { return Ok(()) };
                let told = changed.get("LockedHint").and_then(|value| bool::try_from(value).ok());
                let hint = match told {
                    Some(hint) => hint,
                    None if invalidated.iter().any(|name| name == "LockedHint") => self.read_hint(connection).await?,
                    None => return Ok(()),
                };
                self.hint = hint;
                self.asked &= hint;
            }
            _ => {}
        }
        Ok(())
    }

    async fn read_hint(&self, connection: &Connection) -> LockResult<bool> {
        call("LockedHint", async { SessionProxy::new(connection, &self.path).await?.locked_hint().await }).await
    }
}

/// The signal's name.
pub(super) fn member<'a>(header: &'a Header<'_>) -> &'a str {
    header.member().map(MemberName::as_str).unwrap_or_default()
}

/// The session of this process; else the user's graphical one, since services of a user belong to no session; else the one
/// that the environment names; else any of the user's at a screen.
async fn find_path(connection: &Connection, id: Option<&str>) -> LockResult<Option<OwnedObjectPath>> {
    let manager = call("Hello", ManagerProxy::new(connection)).await?;
    if let Some(path) = known(call("GetSessionByPID", manager.get_session_by_pid(std::process::id())).await)?
        && is_users(connection, &path).await?
    {
        return Ok(Some(path));
    }
    let uid = rustix::process::getuid().as_raw();
    if let Some(user) = known(call("GetUser", manager.get_user(uid)).await)? {
        let display = call("Display", async { UserProxy::new(connection, &user).await?.display().await }).await;
        if let Some((_, path)) = known(display)?.filter(|(id, _)| !id.is_empty()) {
            return Ok(Some(path));
        }
    }
    if let Some(id) = id
        && let Some(path) = known(call("GetSession", manager.get_session(id)).await)?
    {
        return Ok(Some(path));
    }
    let listed = known(call("ListSessions", manager.list_sessions()).await)?.unwrap_or_default();
    let at_a_screen = listed.into_iter().find(|(_, owner, _, seat, _)| *owner == uid && !seat.is_empty());
    Ok(at_a_screen.map(|(_, _, _, _, path)| path))
}

/// Whether somebody works in this session. logind also counts the user's service manager as one (class `manager`).
async fn is_users(connection: &Connection, path: &OwnedObjectPath) -> LockResult<bool> {
    let class = call("Class", async { SessionProxy::new(connection, path).await?.class().await }).await;
    Ok(known(class)?.is_some_and(|class| class.starts_with("user")))
}

/// What logind answered; `None` where it answered that there is no such thing. Only a missing answer is an error.
fn known<T>(answer: LockResult<T>) -> LockResult<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(LockError::Call { source: zbus::Error::MethodError(..) | zbus::Error::FDO(_), .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
