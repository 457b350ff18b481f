//! SSH logins: as root, with our key, and only to a server that shows the key it was given.

use std::{sync::Arc, time::Duration};

use ssh_docker_proxy::{HostKeys, SshConnection, SshError, SshTarget};
use tokio::time::{Instant, sleep, timeout};

use super::{HetznerServers, LoginKey, ServerError, link::SshLink};
use crate::{error::DockBridgeError, state::RunDir};

/// How long an SSH login may take, attempt by attempt, as the design has it; the last stands for all further ones.
pub(super) const LOGIN_BOUNDS: [Duration; 3] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(30)];
/// The pause between two attempts.
pub(super) const LOGIN_PAUSE: Duration = Duration::from_millis(100);

impl HetznerServers {
    /// How the server of that name is reached.
    pub(super) fn target(&self, name: &str, address: &str, key: &LoginKey) -> SshTarget {
        SshTarget {
            user: Some("root".to_owned()),
            port: Some(22),
            identity_file: Some(key.path.clone()),
            host_keys: HostKeys::Pinned {
                known_hosts: self.state.known_hosts_path(name),
                alias: Some(name.to_owned()),
            },
            ..SshTarget::new(address)
        }
    }

    /// Logs in, trying again until `deadline`.
    pub(super) async fn log_in(
        &self,
        mut target: SshTarget,
        deadline: Instant,
        no_ssh: impl Fn(String) -> ServerError,
    ) -> Result<Arc<SshLink>, DockBridgeError> {
        let mut bounds = LOGIN_BOUNDS.into_iter();
        loop {
            target.connect_timeout = bounds.next().unwrap_or(LOGIN_BOUNDS[2]);
            RunDir::restore(&self.run_dir)?;
            let error = match SshConnection::connect(&target, &self.run_dir).await {
                Ok(connection) => return Ok(Arc::new(SshLink { connection })),
                Err(error) => error,
            };
            // A host key that does not match is never tried again, and a refused login would only be refused again.
            if !error.retryable() {
                return Err(error.into());
            }
            if Instant::now() >= deadline {
                return Err(no_ssh(error.to_string()).into());
            }
            tracing::debug!(%error, "the SSH login is tried again");
            sleep(LOGIN_PAUSE).await;
        }
    }

    /// Logs in with one attempt, the greeting and the login itself included in `bound`.
    pub(super) async fn log_in_within(
        &self,
        mut target: SshTarget,
        bound: Duration,
    ) -> Result<Arc<SshLink>, DockBridgeError> {
        target.connect_timeout = bound;
        RunDir::restore(&self.run_dir)?;
        // An attempt that is dropped takes its process along.
        let late = |_| SshError::TimedOut { what: format!("logging in to {}", target.host), bound };
        let connection = timeout(bound, SshConnection::connect(&target, &self.run_dir)).await.map_err(late)??;
        Ok(Arc::new(SshLink { connection }))
    }
}
