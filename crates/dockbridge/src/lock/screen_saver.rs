//! The screen saver of a desktop, where there is no logind.

use zbus::Connection;

use super::{
    LockError, Source,
    bus::{Bus, LockResult, Service, call},
    publisher::Publisher,
};

const NAME: &str = "org.freedesktop.ScreenSaver";

/// The part of the screen saver's interface that is used.
#[zbus::proxy(
    interface = "org.freedesktop.ScreenSaver",
    default_service = "org.freedesktop.ScreenSaver",
    default_path = "/org/freedesktop/ScreenSaver"
)]
trait Saver {
    /// Whether the screen is covered. Asking must start no screen saver where none runs.
    #[zbus(no_autostart)]
    fn get_active(&self) -> zbus::Result<bool>;
}

/// A screen saver that can be asked.
pub(super) struct ScreenSaver {
    service: Service,
}

impl ScreenSaver {
    /// Looks for it on the session bus at `address`.
    pub(super) async fn find(address: Option<&str>) -> LockResult<Self> {
        // Some tell of changes at another path, so all paths are listened to.
        Ok(Self { service: Service::find(Bus::Session, address, NAME, "/").await? })
    }

    /// Publishes its state until it can no longer be watched, and returns why.
    pub(super) async fn watch(&mut self, publisher: &Publisher) -> LockError {
        match is_active(&self.service.connection).await {
            Ok(active) => publisher.on(Source::ScreenSaver, active, None),
            Err(error) => return error,
        }
        loop {
            let signal = match self.service.next_signal().await {
                Ok(signal) => signal,
                Err(error) => return error,
            };
            let header = signal.header();
            let is_change = header.interface().is_some_and(|interface| interface.as_str() == NAME)
                && header.member().is_some_and(|member| member.as_str() == "ActiveChanged");
            if is_change && let Ok(active) = signal.body().deserialize::<bool>() {
                publisher.on(Source::ScreenSaver, active, None);
            }
        }
    }
}

async fn is_active(connection: &Connection) -> LockResult<bool> {
    call("GetActive", async { SaverProxy::new(connection).await?.get_active().await }).await
}
