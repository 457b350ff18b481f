//! Services that python-dbusmock plays.

use std::process::Stdio;

use futures_util::StreamExt;
use tokio::{
    process::{Child, Command},
    time::timeout,
};
use zbus::{Connection, OwnedObjectPath, Variant, fdo::DBusProxy, names::BusName};

use crate::bus::{BOUND, Bus, bound_to_us};

const CONTROL: &str = "org.freedesktop.DBus.Mock";
pub(crate) const LOGIND: &str = "org.freedesktop.login1";
pub(crate) const MANAGER: &str = "org.freedesktop.login1.Manager";
pub(crate) const MANAGER_PATH: &str = "/org/freedesktop/login1";
pub(crate) const SAVER: &str = "org.freedesktop.ScreenSaver";
pub(crate) const SAVER_PATH: &str = "/org/freedesktop/ScreenSaver";

/// A service on a bus, and a connection to it.
pub(crate) struct Mock {
    connection: Connection,
    process: Child,
    name: &'static str,
    path: &'static str,
}

/// The Python that has python-dbusmock. Distributions install it for their own, which need not be the first in `PATH`.
async fn python() -> &'static str {
    for program in ["/usr/bin/python3", "python3"] {
        let mut command = Command::new(program);
        command.args(["-c", "import dbusmock"]).stdin(Stdio::null()).stderr(Stdio::null());
        if command.status().await.is_ok_and(|status| status.success()) {
            return program;
        }
    }
    panic!("the package python3-dbusmock is needed");
}

impl Mock {
    pub(crate) async fn logind(bus: &Bus) -> Self {
        let mock = Self::start(bus, &["--template", "logind"], LOGIND, MANAGER_PATH).await;
        // The template's own answer breaks on the number it is given.
        mock.add_method(MANAGER, "GetUser", "u", "o", "ret = '/org/freedesktop/login1/user/%u' % args[0]").await;
        mock
    }

    pub(crate) async fn screen_saver(bus: &Bus, active: bool) -> Self {
        let mock = Self::start(bus, &["--session", SAVER, SAVER_PATH, SAVER], SAVER, SAVER_PATH).await;
        let answer = if active { "ret = True" } else { "ret = False" };
        mock.add_method(SAVER, "GetActive", "", "b", answer).await;
        mock
    }

    async fn start(bus: &Bus, arguments: &[&str], name: &'static str, path: &'static str) -> Self {
        let address = bus.address();
        let connection = zbus::connection::Builder::address(address.as_str()).build().await.unwrap();
        let daemon = DBusProxy::new(&connection).await.unwrap();
        let mut owners = daemon.receive_name_owner_changed_with_args(&[(0, name)]).await.unwrap();
        let mut command = bound_to_us(python().await);
        command.args(["-m", "dbusmock"]).args(arguments).stdout(Stdio::null());
        command.env("DBUS_SYSTEM_BUS_ADDRESS", &address).env("DBUS_SESSION_BUS_ADDRESS", &address);
        let process = command.spawn().unwrap();
        timeout(BOUND, async {
            while !is_owned(&daemon, name).await {
                owners.next().await.unwrap();
            }
        })
        .await
        .expect("python-dbusmock is on the bus in time");
        Self { connection, process, name, path }
    }

    /// Kills it.
    pub(crate) async fn die(mut self) {
        self.process.kill().await.unwrap();
    }

    pub(crate) async fn call<T>(&self, path: &str, interface: &str, method: &str, arguments: &T) -> zbus::Message
    where
        T: serde::Serialize + zbus::DynamicType,
    {
        let called = self.connection.call_method(Some(self.name), path, Some(interface), method, arguments);
        timeout(BOUND, called).await.expect("the mock answers in time").unwrap()
    }

    pub(crate) async fn add_method(&self, interface: &str, name: &str, takes: &str, gives: &str, code: &str) {
        self.call(self.path, CONTROL, "AddMethod", &(interface, name, takes, gives, code)).await;
    }

    /// Emits a signal of the main object.
    pub(crate) async fn emit(&self, interface: &str, name: &str, signature: &str, arguments: Vec<Variant<'_>>) {
        self.call(self.path, CONTROL, "EmitSignal", &(interface, name, signature, arguments)).await;
    }

    /// logind is about to put the computer to sleep, or it is awake again.
    pub(crate) async fn prepare_for_sleep(&self, start: bool) {
        self.emit(MANAGER, "PrepareForSleep", "b", vec![start.into()]).await;
    }

    /// Adds a session at the seat, of the user `uid`.
    pub(crate) async fn add_session(&self, id: &str, seat: &str, uid: u32) -> String {
        let added = self.call(self.path, CONTROL, "AddSession", &(id, seat, uid, "somebody", true)).await;
        added.body().deserialize::<String>().unwrap()
    }

    /// Adds a session of the user who runs this, at a screen.
    pub(crate) async fn add_own_session(&self, id: &str) -> String {
        self.add_session(id, "seat0", own_uid()).await
    }

    /// Sets a property of an object and tells everybody.
    pub(crate) async fn set(&self, path: &str, interface: &str, name: &str, value: Variant<'_>) {
        self.call(path, "org.freedesktop.DBus.Properties", "Set", &(interface, name, value)).await;
    }

    /// The desktop of a session says whether it is locked.
    pub(crate) async fn set_locked_hint(&self, session: &str, locked: bool) {
        self.call(session, "org.freedesktop.login1.Session", "SetLockedHint", &locked).await;
    }

    /// Asks a session's locker to lock (`Lock`), or to let the user in again (`Unlock`).
    pub(crate) async fn ask_session(&self, session: &str, what: &str) {
        self.call(session, "org.freedesktop.login1.Session", what, &()).await;
    }

    /// Takes an object away.
    pub(crate) async fn remove(&self, path: &str) {
        self.call(self.path, CONTROL, "RemoveObject", &OwnedObjectPath::try_from(path).unwrap()).await;
    }

    /// What, who and how of every inhibitor.
    pub(crate) async fn inhibitors(&self) -> Vec<(String, String, String)> {
        let listed = self.call(MANAGER_PATH, MANAGER, "ListInhibitors", &()).await;
        let rows: Vec<(String, String, String, String, u32, u32)> = listed.body().deserialize().unwrap();
        rows.into_iter().map(|(what, who, _, mode, _, _)| (what, who, mode)).collect()
    }
}

async fn is_owned(daemon: &DBusProxy<'_>, name: &'static str) -> bool {
    daemon.name_has_owner(BusName::try_from(name).unwrap()).await.unwrap()
}

/// The user who runs this.
pub(crate) fn own_uid() -> u32 {
    rustix::process::getuid().as_raw()
}
