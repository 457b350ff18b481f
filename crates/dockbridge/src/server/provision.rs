//! Creates a server: looks at everything at once, creates what is missing side by side, orders, and waits for the boot.

use std::time::Duration;

use hcloud_client::{CreateServer, CreatedServer, ErrorCode, Server, ServerFilter, ServerId, Volume, VolumeId};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Engine, Failure, HetznerServers, HostKey, LoginKey, Phases, ServerError, ServerInfo, VolumeInfo, choice,
    cloud_init, labels,
    resources::{self, WAIT},
    survey::Survey,
};
use crate::{config::KeepAlive, error::DockBridgeError, state::ServerRecord};

/// How long a new server may take until it answers on SSH.
const BOOT_BOUND: Duration = Duration::from_mins(5);
/// How long after its order a server may still appear whose order was never answered. The API answers within seconds; a
/// gateway gives up after a minute at most.
const ORDER_BOUND: SignedDuration = SignedDuration::from_secs(60);
/// How long a volume may stay locked by an action that is still running.
const LOCK_BOUND: Duration = Duration::from_mins(1);
/// The pause between two attempts.
const LOCK_PAUSE: Duration = Duration::from_millis(250);

/// Everything that an order needs.
struct Order {
    server_type: String,
    image: hcloud_client::ImageId,
    volume: Volume,
    ssh_key: hcloud_client::SshKeyId,
    firewall: hcloud_client::FirewallId,
    login_key: LoginKey,
    host_key: HostKey,
}

impl HetznerServers {
    /// The whole provisioning, as [`super::ServerManager::provision`] promises it.
    pub(super) async fn provision_server(
        &self,
        phases: &Phases,
        cancel: &CancellationToken,
    ) -> Result<Engine, Failure> {
        phases.restart();
        let nothing_left = |error: DockBridgeError| Failure { error, leftover: false };
        // Nothing before the order is billed but the volume, which is found again by its label, so it may end anywhere.
        let order = tokio::select! {
            order = Box::pin(self.prepare(phases)) => order.map_err(nothing_left)?,
            () = cancel.cancelled() => return Err(nothing_left(ServerError::Stopping.into())),
        };
        if cancel.is_cancelled() {
            return Err(nothing_left(ServerError::Stopping.into()));
        }
        let ordered = Instant::now();
        let (record, created) = phases.run("server ordered", self.order(&order)).await?;

        let something_left = |error: DockBridgeError| Failure { error, leftover: true };
        let follow_ups: Vec<_> = created.next_actions.iter().chain([&created.action]).map(|action| action.id).collect();
        let failed_action = async {
            match self.client.actions().wait(follow_ups, WAIT).await {
                Err(error @ hcloud_client::Error::ActionFailed { .. }) => DockBridgeError::from(error),
                // The boot tells more than the API from here on, and what cannot be asked is not a failed boot.
                Ok(_) | Err(_) => std::future::pending().await,
            }
        };
        let boot = self.boot(&record, &created.server, &order.login_key, phases, BOOT_BOUND);
        let link = tokio::select! {
            link = boot => link.map_err(something_left)?,
            error = failed_action => return Err(something_left(error)),
            () = cancel.cancelled() => return Err(something_left(ServerError::Stopping.into())),
        };
        *self.link.lock().await = Some(link.clone());
        let mut server = ServerInfo::from(&created.server);
        server.status = super::ServerStatus::Running;
        server.volume_id = order.volume.id.to_string();
        let mut volume = VolumeInfo::from(&order.volume);
        volume.status = super::VolumeStatus::Attached;
        Ok(Engine { server, volume, link, age: ordered.elapsed(), retired: CancellationToken::new() })
    }

    /// Everything before the order. Nothing is created before it is certain that the order itself is possible.
    async fn prepare(&self, phases: &Phases) -> Result<Order, DockBridgeError> {
        let (survey, login_key, host_key) = tokio::try_join!(
            phases.run("catalogue and project", async { Ok(Survey::take(&self.client).await?) }),
            phases.run("login key", async { Ok::<_, DockBridgeError>(self.login_key().await?) }),
            phases.run("host key", async { Ok(HostKey::generate().await?) }),
        )?;
        self.settle_intents(&survey)?;
        let Survey { server_types, locations, images, .. } = &survey;
        choice::location(&self.settings.location, locations)?;
        let server_type =
            choice::server_type(&self.settings.server_type, &self.settings.location, server_types, Timestamp::now())?;
        let image = choice::image(&self.settings.image, &server_type.architecture, images)?.id;
        let existing =
            resources::existing_volume(&survey, &server_type.architecture, &self.settings.location, &self.client_id)?;
        tracing::info!(
            server_type = server_type.name,
            cores = server_type.cores,
            memory_gb = server_type.memory_gb,
            price_per_hour = server_type.price_in(&self.settings.location).map(|p| p.price_hourly.gross.to_string()),
            location = self.settings.location,
            "this server type is ordered"
        );
        let volume = async {
            match existing {
                Some(volume) => Ok(volume.clone()),
                None => phases.run("volume", self.create_volume(&server_type.architecture)).await,
            }
        };
        let (volume, ssh_key, firewall, ()) = tokio::try_join!(
            volume,
            phases.run("ssh key registered", self.ensure_ssh_key(&survey, &login_key)),
            phases.run("firewall", self.ensure_firewall(&survey)),
            self.remove_strays(&survey.servers),
        )?;
        Ok(Order { server_type: server_type.name.clone(), image, volume, ssh_key, firewall, login_key, host_key })
    }

    /// Servers of this very installation of which there is no record: a crash between two steps left them. They hold the
    /// volume and cannot be trusted any more, since the key they were given is not known.
    async fn remove_strays(&self, servers: &[Server]) -> Result<(), DockBridgeError> {
        for stray in servers.iter().filter(|server| labels::belongs_to(&server.labels, &self.client_id)) {
            tracing::warn!(server = stray.name, id = %stray.id, "destroying a server of ours that is on no record");
            self.shut_down_by_api(stray.id).await;
            self.delete_server(stray.id, &stray.name).await?;
        }
        Ok(())
    }

    /// Orders the server, with its name and host key on disk before the API hears of it.
    async fn order(&self, order: &Order) -> Result<(ServerRecord, CreatedServer), Failure> {
        let before = |error: DockBridgeError| Failure { error, leftover: false };
        let name = self.state.new_server_name().map_err(|e| before(e.into()))?;
        let KeepAlive { self_destruct, boot_timeout, .. } = self.settings.keepalive;
        let volume_id = order.volume.id.get();
        let user_data = cloud_init::render(&name, volume_id, &order.host_key, self_destruct, boot_timeout.0)
            .map_err(|error| before(ServerError::UserData(error.to_string()).into()))?;
        let mut record = ServerRecord {
            name: name.clone(),
            intended_at: Timestamp::now(),
            id: None,
            ip_address: None,
            volume_id: order.volume.id.get(),
        };
        let write = || {
            self.state.pin_host_key(&name, order.host_key.public_key())?;
            self.state.put_server(&record)
        };
        write().map_err(|e| before(e.into()))?;

        let mut wanted = CreateServer::new(&name, &order.server_type, order.image.to_string());
        wanted.location = Some(self.settings.location.clone());
        wanted.ssh_keys = vec![order.ssh_key];
        wanted.volumes = vec![order.volume.id];
        wanted.firewalls = vec![order.firewall];
        wanted.user_data = Some(user_data.into());
        wanted.labels = labels::of_client(&self.client_id);
        let created = match self.create_server(&wanted).await {
            Ok(created) => created,
            Err(error) if error.may_have_taken_effect() => {
                return Err(Failure { error: error.into(), leftover: true });
            }
            Err(error) => {
                self.state.forget_server(&name).map_err(|e| before(e.into()))?;
                return Err(before(error.into()));
            }
        };
        let after = |error: DockBridgeError| Failure { error, leftover: true };
        record.id = Some(created.server.id.get());
        record.ip_address = created.server.public_net.ipv4.as_ref().map(|ip| ip.ip.to_string());
        self.state.put_server(&record).map_err(|e| after(e.into()))?;
        Ok((record, created))
    }

    /// Creates the server as soon as its volume is free: one that was just detached from a former server, or just created,
    /// stays locked for a moment. A request refused with `locked` has changed nothing and can be repeated.
    async fn create_server(&self, wanted: &CreateServer) -> Result<CreatedServer, hcloud_client::Error> {
        let deadline = Instant::now() + LOCK_BOUND;
        loop {
            match self.client.servers().create(wanted).await {
                Err(error) if error.api_code() == Some(&ErrorCode::Locked) && Instant::now() < deadline => {
                    sleep(LOCK_PAUSE).await;
                }
                result => return result,
            }
        }
    }

    /// The server on record as the API has it: by its id, or by its name where the answer to the order was lost. `None` only
    /// when it is certain that it does not exist, since whoever hears that forgets it.
    pub(super) async fn recorded_server(&self, record: &ServerRecord) -> Result<Option<Server>, DockBridgeError> {
        let found = if let Some(id) = record.id {
            self.client.servers().get(ServerId(id)).await?
        } else {
            let filter = ServerFilter { name: Some(record.name.clone()), label_selector: None };
            self.client.servers().list(&filter).await?.pop()
        };
        if let Some(server) = found {
            // A server without our label is never touched, even where its name matches.
            let ours = labels::belongs_to(&server.labels, &self.client_id);
            if !ours {
                tracing::warn!(server = server.name, "a server on record has lost its labels and is left alone");
            }
            return Ok(ours.then_some(server));
        }
        let age = Timestamp::now().duration_since(record.intended_at);
        if record.id.is_none() && age < ORDER_BOUND {
            return Err(ServerError::OrderUnknown { name: record.name.clone() }.into());
        }
        // Volumes outlive servers. Where not even the volume is known, this is the wrong project to ask.
        let volume = VolumeId(record.volume_id);
        if self.client.volumes().get(volume).await?.is_none() {
            return Err(ServerError::OtherProject { name: record.name.clone(), volume_id: record.volume_id }.into());
        }
        Ok(None)
    }
}
