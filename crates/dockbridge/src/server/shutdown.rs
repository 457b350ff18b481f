//! The last steps of a server: the engine stopped, the volume unmounted, the server deleted and seen to be gone.

use std::time::Duration;

use hcloud_client::{ErrorCode, Server, ServerId, ServerStatus};
use tokio::time::{Instant, sleep};

use super::{HetznerServers, ServerError, link::SshLink, resources::WAIT};
use crate::error::DockBridgeError;

/// How long the engine may take to stop its containers. Docker gives each 10 s by default; more are stopped side by side.
const STOP_BOUND: Duration = Duration::from_secs(90);
/// How long an operating system may take to turn itself off when nobody can log in any more.
const SHUTDOWN_BOUND: Duration = Duration::from_secs(30);
/// How long a deleted server may still be seen.
const GONE_BOUND: Duration = Duration::from_mins(1);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Leaves a clean file system behind. Each step is tried even if the one before it failed.
const STOP_ENGINE: &str = "
systemctl stop docker.socket docker.service containerd.service
sync
for path in /var/lib/containerd /var/lib/docker; do
  if mountpoint -q $path; then umount $path || exit; fi
done
";

impl HetznerServers {
    /// Stops the engine and unmounts the volume over SSH, and ends the connection. `false` unless that is certain.
    pub(super) async fn stop_engine(link: &SshLink) -> bool {
        let unmounted = match link.connection.exec(STOP_ENGINE, b"", STOP_BOUND).await {
            Ok(output) if output.status == 0 => true,
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                tracing::warn!(said = said.trim(), "the volume could not be unmounted over SSH");
                false
            }
            Err(error) => {
                tracing::warn!(%error, "the engine could not be stopped over SSH");
                false
            }
        };
        link.connection.close().await;
        unmounted
    }

    /// Asks the operating system to turn itself off, which stops the engine and unmounts the volume as well. The volume's
    /// journal would survive a cut, so a server that does not comply is deleted all the same.
    async fn shut_down_by_api(&self, id: ServerId) {
        let attempt = async {
            self.client.servers().shutdown(id).await?;
            while self.client.servers().get(id).await?.is_some_and(|server| server.status != ServerStatus::Off) {
                sleep(PAUSE * 4).await;
            }
            Ok::<_, hcloud_client::Error>(())
        };
        match tokio::time::timeout(SHUTDOWN_BOUND, attempt).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the server could not be shut down before it is deleted"),
            Err(_) => tracing::warn!("the server did not turn itself off before it is deleted"),
        }
    }

    /// Deletes a server. Unless its engine was `stopped`, a server that runs is asked to shut down before.
    pub(super) async fn delete_after(&self, stopped: bool, server: &Server) -> Result<(), DockBridgeError> {
        if !stopped && server.status == ServerStatus::Running {
            self.shut_down_by_api(server.id).await;
        }
        self.delete_server(server.id, &server.name).await
    }

    /// Deletes a server and waits until the API no longer knows it: only then is it no longer billed.
    pub(super) async fn delete_server(&self, id: ServerId, name: &str) -> Result<(), DockBridgeError> {
        let deadline = Instant::now() + GONE_BOUND;
        let not_gone = || ServerError::NotGone { name: name.to_owned(), after: GONE_BOUND };
        let action = loop {
            match self.client.servers().delete(id).await {
                Ok(action) => break action,
                // An action that is still running holds the server; it ends by itself.
                Err(error) if error.api_code() == Some(&ErrorCode::Locked) && Instant::now() < deadline => {
                    sleep(PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        };
        // The volume is free for another server once the action has ended.
        self.client.actions().wait(action, WAIT).await?;
        while self.client.servers().get(id).await?.is_some() {
            if Instant::now() >= deadline {
                return Err(not_gone().into());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }
}
