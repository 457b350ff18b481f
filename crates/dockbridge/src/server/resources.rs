//! The resources that stay between servers: volume, SSH key and firewall. Each is found by its labels or created.

use std::time::Duration;

use hcloud_client::{
    Architecture, CreateFirewall, CreateSshKey, CreateVolume, Error, FirewallId, FirewallRule, RuleDirection,
    RuleProtocol, SshKeyId, Volume, VolumeFormat, WaitOptions,
};

use super::{HetznerServers, LoginKey, ServerError, adopt::Held, labels, survey::Survey};
use crate::{error::DockBridgeError, state::Intent};

/// How actions are waited for while a user waits: often, since a boot is under way.
pub(super) const WAIT: WaitOptions =
    WaitOptions { poll_interval: Duration::from_millis(250), deadline: Duration::from_mins(2) };

/// The name of the firewall that all servers of the project share.
const FIREWALL: &str = "dockbridge-ssh-only";

/// The volume that holds the images for this architecture.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Existing {
    /// There is none yet.
    Missing,
    /// It is free, or attached to a server that this installation ordered.
    Ours(Box<Volume>),
    /// It is attached to a server that somebody else ordered.
    Held(Box<Held>),
}

/// The volume that holds the images for this architecture, once it is certain that it can be used here.
pub(super) fn existing_volume(
    survey: &Survey,
    architecture: &Architecture,
    location: &str,
    client_id: &str,
) -> Result<Existing, ServerError> {
    let mut ours: Vec<_> = survey.volumes.iter().filter(|v| labels::is_volume_for(&v.labels, architecture)).collect();
    // The oldest holds the user's data, should there ever be two.
    ours.sort_by_key(|volume| volume.id);
    let here = ours.iter().find(|volume| volume.location.name == location);
    let Some(&volume) = here.or(ours.first()) else { return Ok(Existing::Missing) };
    if volume.location.name != location {
        return Err(ServerError::VolumeElsewhere {
            name: volume.name.clone(),
            id: volume.id.get(),
            actual: volume.location.name.clone(),
            wanted: location.to_owned(),
        });
    }
    if let Some(holder) = volume.server {
        let server = survey.servers.iter().find(|server| server.id == holder);
        if !server.is_some_and(|server| labels::belongs_to(&server.labels, client_id)) {
            return Ok(Existing::Held(Box::new(Held { volume: volume.clone(), server: server.cloned() })));
        }
    }
    Ok(Existing::Ours(Box::new(volume.clone())))
}

impl HetznerServers {
    /// Creates the volume, formatted by the API, and waits until it can be attached.
    pub(super) async fn create_volume(&self, architecture: &Architecture) -> Result<Volume, DockBridgeError> {
        let name = format!("dockbridge-{architecture}");
        let wanted = CreateVolume {
            name: name.clone(),
            size_gb: self.settings.volume_size,
            location: self.settings.location.clone(),
            format: Some(VolumeFormat::Ext4),
            labels: labels::of_volume(architecture),
        };
        self.with_intent("volume", &name, async {
            let created = self.client.volumes().create(&wanted).await?;
            self.client.actions().wait([created.action], WAIT).await?;
            Ok(created.volume)
        })
        .await
    }

    /// The id under which the project knows our public key.
    pub(super) async fn ensure_ssh_key(&self, survey: &Survey, key: &LoginKey) -> Result<SshKeyId, DockBridgeError> {
        if let Some(known) = survey.ssh_keys.iter().find(|known| known.fingerprint == key.fingerprint) {
            return Ok(known.id);
        }
        // A key under our name with another fingerprint is a former one of this installation.
        let name = format!("dockbridge-{}", self.client_id);
        for former in survey.ssh_keys.iter().filter(|k| k.name == name && labels::is_managed(&k.labels)) {
            self.client.ssh_keys().delete(former.id).await?;
        }
        let wanted = CreateSshKey {
            name: name.clone(),
            public_key: key.public_key.clone(),
            labels: labels::of_client(&self.client_id),
        };
        self.with_intent("ssh_key", &name, async { Ok(self.client.ssh_keys().create(&wanted).await?.id) }).await
    }

    /// The firewall that lets SSH in and nothing else. Answers to what the server itself asks for always come in.
    pub(super) async fn ensure_firewall(&self, survey: &Survey) -> Result<FirewallId, DockBridgeError> {
        let rule = FirewallRule {
            direction: RuleDirection::In,
            protocol: RuleProtocol::Tcp,
            port: Some("22".to_owned()),
            source_ips: vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()],
            destination_ips: Vec::new(),
            description: Some("SSH".to_owned()),
        };
        let same = |other: &FirewallRule| {
            (&other.direction, &other.protocol, &other.port) == (&rule.direction, &rule.protocol, &rule.port)
        };
        if let Some(known) = survey.firewalls.iter().find(|firewall| firewall.name == FIREWALL) {
            // Somebody may have opened a port by hand, and this firewall promises that only SSH comes in.
            if known.rules.len() != 1 || !known.rules.iter().all(same) {
                let actions = self.client.firewalls().set_rules(known.id, &[rule]).await?;
                self.client.actions().wait(actions, WAIT).await?;
            }
            return Ok(known.id);
        }
        let wanted = CreateFirewall {
            name: FIREWALL.to_owned(),
            labels: labels::shared(),
            rules: vec![rule],
            apply_to: Vec::new(),
        };
        self.with_intent("firewall", FIREWALL, async { Ok(self.client.firewalls().create(&wanted).await?.firewall.id) })
            .await
    }

    /// Says what became of the creations that a former run did not see the end of, and forgets them: what exists has been
    /// found by the survey, and what does not is created anew.
    pub(super) fn settle_intents(&self, survey: &Survey) -> Result<(), DockBridgeError> {
        for intent in self.state.intents()? {
            let exists = match intent.kind.as_str() {
                "volume" => survey.volumes.iter().any(|volume| volume.name == intent.name),
                "ssh_key" => survey.ssh_keys.iter().any(|key| key.name == intent.name),
                _ => survey.firewalls.iter().any(|firewall| firewall.name == intent.name),
            };
            tracing::info!(kind = intent.kind, name = intent.name, exists, "a creation that was cut off is settled");
            self.state.clear_intent(&intent)?;
        }
        Ok(())
    }

    /// Creates something with its intent on disk. The intent stays when it is not known what came of it, and is harmless:
    /// the resource is found by its name and labels next time.
    async fn with_intent<T>(
        &self,
        kind: &str,
        name: &str,
        create: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, DockBridgeError> {
        let intent = Intent::new(kind, name);
        self.state.put_intent(&intent)?;
        let result = create.await;
        if !result.as_ref().is_err_and(Error::may_have_taken_effect) {
            self.state.clear_intent(&intent)?;
        }
        Ok(result?)
    }
}

#[cfg(test)]
#[path = "resources_tests.rs"]
mod tests;
