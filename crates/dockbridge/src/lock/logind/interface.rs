//! The part of logind's interface that is used (`org.freedesktop.login1(5)`).
//!
//! Properties are read when they are needed and never cached: a cache would be a task of its own.

use zbus::{OwnedFd, OwnedObjectPath, proxy};

/// One row of `ListSessions`: id, user id, user name, seat, object.
pub(super) type ListedSession = (String, u32, String, String, OwnedObjectPath);

/// The manager.
#[proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1"
)]
pub(super) trait Manager {
    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, pid: u32) -> zbus::Result<OwnedObjectPath>;
    fn get_session(&self, id: &str) -> zbus::Result<OwnedObjectPath>;
    fn get_user(&self, uid: u32) -> zbus::Result<OwnedObjectPath>;
    fn list_sessions(&self) -> zbus::Result<Vec<ListedSession>>;
    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::Result<OwnedFd>;
}

/// A user.
#[proxy(interface = "org.freedesktop.login1.User", default_service = "org.freedesktop.login1")]
pub(super) trait User {
    /// The user's graphical session: id and object. The id is empty where there is none.
    #[zbus(property(emits_changed_signal = "false"))]
    fn display(&self) -> zbus::Result<(String, OwnedObjectPath)>;
}

/// A session.
#[proxy(interface = "org.freedesktop.login1.Session", default_service = "org.freedesktop.login1")]
pub(super) trait Session {
    /// What kind of session it is: `user`, `greeter`, `manager`, `background` and others.
    #[zbus(property(emits_changed_signal = "false"))]
    fn class(&self) -> zbus::Result<String>;
    /// Whether the desktop says that it is locked.
    #[zbus(property(emits_changed_signal = "false"))]
    fn locked_hint(&self) -> zbus::Result<bool>;
}
