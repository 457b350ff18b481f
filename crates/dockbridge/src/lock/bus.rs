//! D-Bus: a connection, and one service on it whose signals arrive in order.

use std::{fmt, num::NonZeroUsize, time::Duration};

use futures_util::StreamExt;
use tokio::time::timeout;
use zbus::{
    Connection, MatchRule, Message, MessageStream,
    fdo::{DBusProxy, NameOwnerChangedStream},
    message::Type,
    names::{BusName, OwnedUniqueName},
};

use super::LockError;
use crate::environment::Environment;

/// How long any call may take. Services on the same computer answer in milliseconds, unless they are stuck.
pub(super) const CALL_BOUND: Duration = Duration::from_secs(5);
/// Where the system bus is by default (D-Bus specification, "System message bus").
const SYSTEM_BUS: &str = "unix:path=/var/run/dbus/system_bus_socket";
/// How many signals may wait while a hook runs: more than come in that time.
const QUEUE: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// One of the two buses of a desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bus {
    /// The one of the computer.
    System,
    /// The one of the user's login.
    Session,
}

impl fmt::Display for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Session => "session",
        })
    }
}

impl Bus {
    /// Where it listens, by the environment; `None` where that says nothing.
    pub(super) fn address(self, environment: &Environment) -> Option<String> {
        match self {
            Self::System => Some(environment.var("DBUS_SYSTEM_BUS_ADDRESS").unwrap_or(SYSTEM_BUS).to_owned()),
            // systemd's user bus is there even if the variable got lost on the way.
            Self::Session => environment.var("DBUS_SESSION_BUS_ADDRESS").map(str::to_owned).or_else(|| {
                let folder = environment.var("XDG_RUNTIME_DIR").filter(|folder| folder.starts_with('/'))?;
                Some(format!("unix:path={folder}/bus"))
            }),
        }
    }
}

/// A service on a bus that is there at the moment.
pub(super) struct Service {
    pub(super) connection: Connection,
    bus: Bus,
    name: &'static str,
    owner: OwnedUniqueName,
    owners: NameOwnerChangedStream,
    signals: MessageStream,
}

impl Service {
    /// Connects to the bus, looks for the service, and subscribes to the signals of all its objects below `path`.
    pub(super) async fn find(
        bus: Bus,
        address: Option<&str>,
        name: &'static str,
        path: &'static str,
    ) -> Result<Self, LockError> {
        let address = address.ok_or(LockError::NoBus { bus, source: None })?;
        let built = zbus::connection::Builder::address(address).method_timeout(CALL_BOUND).build();
        let connection = match timeout(CALL_BOUND, built).await {
            Ok(built) => built.map_err(|source| LockError::NoBus { bus, source: Some(source) })?,
            Err(_) => return Err(LockError::TimedOut { doing: "connecting to the bus", bound: CALL_BOUND }),
        };
        let proxy = call("Hello", DBusProxy::new(&connection)).await?;
        // Subscribed first, so that no change of the owner goes unnoticed after it was asked for.
        let owners = call("AddMatch", proxy.receive_name_owner_changed_with_args(&[(0, name)])).await?;
        let asked = async { proxy.get_name_owner(BusName::try_from(name)?).await.map_err(zbus::Error::from) };
        let owner = match call("GetNameOwner", asked).await {
            Ok(owner) => owner,
            Err(LockError::Call { source: zbus::Error::FDO(_), .. }) => {
                return Err(LockError::NoService { service: name, bus });
            }
            Err(error) => return Err(error),
        };
        let signals = call("AddMatch", async {
            let rule =
                MatchRule::builder().msg_type(Type::Signal).sender(owner.as_str()).path_namespace(path).build()?;
            MessageStream::for_match_rule(rule, &connection, Some(QUEUE)).await
        })
        .await?;
        Ok(Self { connection, bus, name, owner, owners, signals })
    }

    /// The next signal of the service; an error once the service or the bus has gone away. Nothing is lost when the wait
    /// is given up.
    pub(super) async fn next_signal(&mut self) -> LockResult<Message> {
        let lost = LockError::BusLost { bus: self.bus };
        loop {
            tokio::select! {
                biased;
                signal = self.signals.next() => return signal.and_then(Result::ok).ok_or(lost),
                changed = self.owners.next() => {
                    let Some(changed) = changed else { return Err(lost) };
                    let still_ours = changed.args().is_ok_and(|args| args.new_owner().as_ref() == Some(&*self.owner));
                    if !still_ours {
                        return Err(LockError::ServiceLost { service: self.name });
                    }
                }
                () = self.connection.closed() => return Err(lost),
            }
        }
    }
}

/// What comes of anything here.
pub(super) type LockResult<T> = Result<T, LockError>;

/// Awaits a call, but not for ever.
pub(super) async fn call<T>(name: &'static str, called: impl Future<Output = zbus::Result<T>>) -> LockResult<T> {
    match timeout(CALL_BOUND, called).await {
        Ok(answer) => answer.map_err(|source| LockError::Call { call: name, source }),
        Err(_) => Err(LockError::TimedOut { doing: name, bound: CALL_BOUND }),
    }
}
