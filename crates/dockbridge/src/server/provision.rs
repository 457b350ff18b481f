//! Creates a server: looks at everything at once, creates what is missing side by side, orders, and waits for the boot.

use std::time::Duration;

use hcloud_client::{CreateServer, CreatedServer, ErrorCode, Server, Volume};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Engine, Failure, HetznerServers, HostKey, LoginKey, Phases, ServerError, ServerInfo, VolumeInfo,
    adopt::{Held, Refusal},
    choice, cloud_init,
    connected::Known,
    labels,
    resources::{self, Existing, WAIT},
    survey::Survey,
};
use crate::{
    clock::{Clock, SystemClock},
    config::KeepAlive,
    error::DockBridgeError,
    state::ServerRecord,
};

/// How long a new server may take until it answers on SSH.
const BOOT_BOUND: Duration = Duration::from_mins(5);
/// How long a volume may stay locked by an action that is still running.
const LOCK_BOUND: Duration = Duration::from_mins(1);
/// The pause between two attempts.
const LOCK_PAUSE: Duration = Duration::from_millis(250);

/// How long the server of somebody else that has the volume may be on its way up or down. A boot and a deletion take less.
const HELD_BOUND: Duration = Duration::from_mins(1);
/// The pause between two looks at it. Each costs seven requests, of 3600 an hour.
const HELD_PAUSE: Duration = Duration::from_secs(3);

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

/// Where the engine will be.
enum Plan {
    /// On a new server.
    Order(Box<Order>),
    /// On a server that is there already and has the volume.
    Adopt(Box<Held>, LoginKey),
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
        let deadline = Instant::now() + HELD_BOUND;
        let order = loop {
            // Nothing before the order is billed but the volume, which is found again by its label, so it may end anywhere.
            let plan = tokio::select! {
                plan = Box::pin(self.prepare(phases)) => plan.map_err(nothing_left)?,
                () = cancel.cancelled() => return Err(nothing_left(ServerError::Stopping.into())),
            };
            if cancel.is_cancelled() {
                return Err(nothing_left(ServerError::Stopping.into()));
            }
            let (held, key) = match plan {
                Plan::Order(order) => break order,
                Plan::Adopt(held, key) => (held, key),
            };
            match self.adopt(&held, &key, phases, cancel).await {
                Ok(engine) => return Ok(engine),
                Err(Refusal::Failed(failure)) => return Err(failure),
                Err(Refusal::NotYet(error)) if Instant::now() >= deadline => return Err(nothing_left(error.into())),
                Err(Refusal::NotYet(error)) => tracing::info!(%error, "the server that has the volume is waited for"),
            }
            tokio::select! {
                () = sleep(HELD_PAUSE) => {}
                () = cancel.cancelled() => return Err(nothing_left(ServerError::Stopping.into())),
            }
        };
        // The bill begins with the order, and its answer may take a while.
        let ordered = SystemClock.now();
        let (record, created) = phases.run("server ordered", self.order(&order)).await?;

        let something_left = |error: DockBridgeError| Failure { error, leftover: true };
        let self_destruct = labels::self_destruct(&created.server.labels);
        let follow_ups: Vec<_> = created.next_actions.iter().chain([&created.action]).map(|action| action.id).collect();
        let failed_action = async {
            match self.client.actions().wait(follow_ups, WAIT).await {
                Err(error @ hcloud_client::Error::ActionFailed { .. }) => DockBridgeError::from(error),
                // The boot tells more than the API from here on, and what cannot be asked is not a failed boot.
                Ok(_) | Err(_) => std::future::pending().await,
            }
        };
        let known = Known {
            at: ordered,
            ..Known::new((&created.server).into(), (&order.volume).into(), self_destruct, Duration::ZERO)
        };
        let boot = async {
            let (link, lease) = self.reach(&record, &created.server, &order.login_key, phases, BOOT_BOUND).await?;
            phases.run("engine", self.await_engine(&link, &record.name, lease)).await?;
            Ok(link)
        };
        let link = tokio::select! {
            link = boot => link.map_err(something_left)?,
            error = failed_action => return Err(something_left(error)),
            () = cancel.cancelled() => return Err(something_left(ServerError::Stopping.into())),
        };
        let server =
            ServerInfo { status: super::ServerStatus::Running, volume_id: order.volume.id.to_string(), ..known.server };
        let volume = VolumeInfo { status: super::VolumeStatus::Attached, ..known.volume };
        Ok(self.engine(Known { server, volume, ..known }, link).await)
    }

    /// Everything before the order. Nothing is created before it is certain that the order itself is possible.
    async fn prepare(&self, phases: &Phases) -> Result<Plan, DockBridgeError> {
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
        self.forget_gone(&survey.servers)?;
        let left = self.clear_strays(&survey.servers).await?;
        let existing = match existing {
            Existing::Held(held) => match held.abandoned() {
                Some(server) => {
                    self.delete_abandoned(server).await?;
                    Some(held.volume)
                }
                None => return Ok(Plan::Adopt(held, login_key)),
            },
            // Ordered here, adopted by others and given up here: it is theirs by now, and shared like any other of theirs.
            Existing::Ours(volume)
                if let Some(server) = left.iter().find(|server| volume.server == Some(server.id)) =>
            {
                return Ok(Plan::Adopt(Box::new(Held { volume: *volume, server: Some(server.clone()) }), login_key));
            }
            Existing::Ours(volume) => Some(*volume),
            Existing::Missing => None,
        };
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
                Some(volume) => Ok(volume),
                None => phases.run("volume", self.create_volume(&server_type.architecture)).await,
            }
        };
        let (volume, ssh_key, firewall) = tokio::try_join!(
            volume,
            phases.run("ssh key registered", self.ensure_ssh_key(&survey, &login_key)),
            phases.run("firewall", self.ensure_firewall(&survey)),
        )?;
        let server_type = server_type.name.clone();
        Ok(Plan::Order(Box::new(Order { server_type, image, volume, ssh_key, firewall, login_key, host_key })))
    }

    /// Destroys servers of this very installation of which there is no record, and returns those that others hold.
    async fn clear_strays(&self, servers: &[Server]) -> Result<Vec<Server>, DockBridgeError> {
        let mut left = Vec::new();
        for stray in servers.iter().filter(|server| labels::belongs_to(&server.labels, &self.client_id)) {
            if self.clear_stray(stray, |_| {}).await?.is_some() {
                left.push(stray.clone());
            }
        }
        Ok(left)
    }

    /// Deletes a server that somebody else has ordered and that is off, since it keeps the volume from us.
    async fn delete_abandoned(&self, server: &Server) -> Result<(), DockBridgeError> {
        tracing::warn!(
            server = server.name,
            id = %server.id,
            ordered_by = labels::installation(&server.labels),
            host = labels::host(&server.labels),
            "the volume is on a server that is off, so nobody uses it: it is deleted"
        );
        self.delete_server(server.id, &server.name).await
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
            shared: false,
            ending: false,
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
        wanted.labels =
            labels::of_server(&self.owner, order.host_key.public_key(), self.settings.keepalive.self_destruct);
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
}
