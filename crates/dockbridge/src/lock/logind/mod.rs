//! logind: lock and sleep over the system bus.

mod interface;
mod session;

use tokio::time::timeout;
use tracing::warn;
use zbus::{Message, ObjectPath, OwnedFd, OwnedObjectPath};

use self::{
    interface::ManagerProxy,
    session::{Session, member},
};
use super::{
    LockError, Source,
    bus::{Bus, LockResult, Service, call},
    detector::{BeforeSleep, SLEEP_BOUND},
    publisher::Publisher,
};

const NAME: &str = "org.freedesktop.login1";
/// The manager's object. Those of sessions are below it.
const MANAGER: &str = "/org/freedesktop/login1";

/// logind, as long as it is on the bus.
pub(super) struct Logind {
    service: Service,
    session_id: Option<String>,
    session: Option<Session>,
    /// Holds up sleep for as long as it is open.
    inhibitor: Option<OwnedFd>,
    /// Why sleep is not held up. It is then sleep without a last heartbeat, and no reason to give up the rest.
    refused: Option<LockError>,
}

impl Logind {
    /// Looks for it on the system bus at `address`; `session_id` is the session that the environment names.
    pub(super) async fn find(address: Option<&str>, session_id: Option<String>) -> LockResult<Self> {
        let service = Service::find(Bus::System, address, NAME, MANAGER).await?;
        Ok(Self { service, session_id, session: None, inhibitor: None, refused: None })
    }

    /// Publishes lock and sleep until logind can no longer be watched, and returns why.
    pub(super) async fn watch(&mut self, publisher: &Publisher, before_sleep: &BeforeSleep) -> LockError {
        if let Err(error) = self.begin(publisher).await {
            return error;
        }
        loop {
            let taken = match self.service.next_signal().await {
                Ok(signal) => self.take(&signal, publisher, before_sleep).await,
                Err(error) => Err(error),
            };
            if let Err(error) = taken {
                return error;
            }
        }
    }

    async fn begin(&mut self, publisher: &Publisher) -> LockResult<()> {
        self.inhibit().await;
        self.find_session().await?;
        self.publish(publisher);
        Ok(())
    }

    async fn take(&mut self, signal: &Message, publisher: &Publisher, before_sleep: &BeforeSleep) -> LockResult<()> {
        let header = signal.header();
        let path = header.path().map(ObjectPath::as_str).unwrap_or_default();
        if let Some(session) = self.session.as_mut().filter(|session| session.path.as_str() == path) {
            session.take(&self.service.connection, signal).await?;
        } else if path == MANAGER {
            self.take_managers(signal, publisher, before_sleep).await?;
        }
        self.publish(publisher);
        Ok(())
    }

    /// Takes in a signal of the manager.
    async fn take_managers(
        &mut self,
        signal: &Message,
        publisher: &Publisher,
        before_sleep: &BeforeSleep,
    ) -> LockResult<()> {
        let header = signal.header();
        match member(&header) {
            "PrepareForSleep" => match signal.body().deserialize::<bool>() {
                Ok(true) => self.fall_asleep(publisher, before_sleep).await,
                Ok(false) => {
                    publisher.wakes_up();
                    self.inhibit().await;
                }
                Err(_) => {}
            },
            "SessionNew" if self.session.is_none() => self.find_session().await?,
            "SessionRemoved" => {
                let removed = signal.body().deserialize::<(String, OwnedObjectPath)>().map(|(_, path)| path).ok();
                if removed.is_some() && self.session.as_ref().map(|session| &session.path) == removed.as_ref() {
                    self.find_session().await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Lets the hook do what must be done, then lets the computer sleep.
    async fn fall_asleep(&mut self, publisher: &Publisher, before_sleep: &BeforeSleep) {
        publisher.falls_asleep();
        if timeout(SLEEP_BOUND, before_sleep()).await.is_err() {
            warn!("what is to be done before sleep was not done within {} s", SLEEP_BOUND.as_secs());
        }
        self.inhibitor = None;
    }

    /// Has logind wait for us before the computer sleeps.
    async fn inhibit(&mut self) {
        let connection = &self.service.connection;
        let why = "Tells the server how long to wait";
        let asked = async { ManagerProxy::new(connection).await?.inhibit("sleep", "DockBridge", why, "delay").await };
        (self.inhibitor, self.refused) = match call("Inhibit", asked).await {
            Ok(inhibitor) => (Some(inhibitor), None),
            Err(error) => (None, Some(error)),
        };
    }

    /// Finds the session to watch. Without one there still is sleep to watch.
    async fn find_session(&mut self) -> LockResult<()> {
        self.session = match Session::find(&self.service.connection, self.session_id.as_deref()).await {
            Ok(session) => Some(session),
            Err(LockError::NoSession) => None,
            Err(error) => return Err(error),
        };
        Ok(())
    }

    fn publish(&self, publisher: &Publisher) {
        let (locked, error) = match &self.session {
            Some(session) => (session.locked(), self.refused.clone()),
            None => (false, Some(LockError::NoSession)),
        };
        publisher.on(Source::Logind, locked, error);
    }
}
