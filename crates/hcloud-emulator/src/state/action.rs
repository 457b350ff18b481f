//! Actions: what the API does after it has answered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{Ids, now};

/// Actions that are kept; the oldest finished ones go first.
const KEPT: usize = 10_000;

/// What an action does. The names are those the API sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Command {
    CreateServer,
    StartServer,
    StopServer,
    ShutdownServer,
    RebootServer,
    ResetServer,
    DeleteServer,
    ChangeProtection,
    CreateVolume,
    AttachVolume,
    DetachVolume,
    ResizeVolume,
    ApplyFirewall,
    RemoveFirewall,
    SetFirewallRules,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionStatus {
    Running,
    Success,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Server,
    Image,
    Volume,
    Firewall,
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Resource {
    pub(crate) id: u64,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
}

impl Resource {
    pub(crate) const fn server(id: u64) -> Self {
        Self { id, kind: Kind::Server }
    }
    pub(crate) const fn volume(id: u64) -> Self {
        Self { id, kind: Kind::Volume }
    }
    pub(crate) const fn firewall(id: u64) -> Self {
        Self { id, kind: Kind::Firewall }
    }
    pub(crate) const fn image(id: u64) -> Self {
        Self { id, kind: Kind::Image }
    }
}

/// Why an action failed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// An action, in the shape in which the API sends it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Action {
    pub(crate) id: u64,
    pub(crate) command: Command,
    pub(crate) status: ActionStatus,
    pub(crate) progress: u8,
    pub(crate) started: Timestamp,
    pub(crate) finished: Option<Timestamp>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) error: Option<Failure>,
    /// Not documented, but sent with `next_actions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<u64>,
    /// What nothing else may change while the action runs.
    #[serde(skip)]
    locks: Vec<Resource>,
}

/// What is needed to start an action.
#[derive(Debug)]
pub(crate) struct NewAction {
    pub(crate) command: Command,
    pub(crate) resources: Vec<Resource>,
    pub(crate) locks: Vec<Resource>,
    pub(crate) parent: Option<u64>,
}

/// All actions, by id, which is also the order of their start.
#[derive(Debug, Default)]
pub(crate) struct Actions(BTreeMap<u64, Action>);

impl Actions {
    /// Starts an action.
    pub(crate) fn start(&mut self, ids: &mut Ids, new: NewAction) -> Action {
        let NewAction { command, resources, locks, parent } = new;
        let action = Action {
            id: ids.action(),
            command,
            status: ActionStatus::Running,
            progress: 0,
            started: now(),
            finished: None,
            resources,
            error: None,
            parent_id: parent,
            locks,
        };
        if self.0.len() >= KEPT {
            let oldest = self.0.values().find(|each| each.status != ActionStatus::Running).map(|each| each.id);
            oldest.map(|id| self.0.remove(&id));
        }
        self.0.insert(action.id, action.clone());
        action
    }

    /// Shows progress, in percent.
    pub(crate) fn progress(&mut self, id: u64, percent: u8) {
        if let Some(action) = self.0.get_mut(&id) {
            action.progress = percent;
        }
    }

    /// Ends an action, well or badly, and with it its locks.
    pub(crate) fn finish(&mut self, id: u64, outcome: Result<(), Failure>) {
        if let Some(action) = self.0.get_mut(&id) {
            action.status = if outcome.is_ok() { ActionStatus::Success } else { ActionStatus::Error };
            action.error = outcome.err();
            action.progress = 100;
            action.finished = Some(now());
        }
    }

    /// Whether a running action keeps others away from a resource.
    pub(crate) fn locked(&self, resource: Resource) -> bool {
        self.0.values().any(|each| each.status == ActionStatus::Running && each.locks.contains(&resource))
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Action> {
        self.0.get(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Action> {
        self.0.values()
    }
}
