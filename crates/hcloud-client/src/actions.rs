//! Actions: changes that the API has begun, and how to wait for them.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, MissedTickBehavior};

use crate::{
    ActionId, Error, ErrorCode,
    decode::null_as_default,
    error::none_if_not_found,
    transport::{Query, Transport},
    words::words,
};

/// Actions asked for in one request, as Hetzner's own Go client does: the answer is then a single page.
const IDS_PER_REQUEST: usize = 25;

words! {
    /// How far an action has come.
    pub enum ActionStatus {
        /// It has not finished.
        Running = "running",
        /// It has finished.
        Success = "success",
        /// It has failed.
        Error = "error",
    }
}

/// A change that the API has begun.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Action {
    /// Identifies it.
    pub id: ActionId,
    /// What it is to do, such as `create_server`.
    pub command: String,
    /// How far it has come.
    pub status: ActionStatus,
    /// How far it has come, in percent. Not exact.
    #[serde(default, deserialize_with = "null_as_default")]
    pub progress: u8,
    /// When it began.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// When it finished.
    #[serde(default)]
    pub finished: Option<Timestamp>,
    /// What it changes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub resources: Vec<ActionResource>,
    /// Why it failed. Means nothing unless the status is [`ActionStatus::Error`].
    #[serde(default)]
    pub error: Option<ActionError>,
}

/// A resource that an action changes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ActionResource {
    /// Its number among the resources of its kind.
    pub id: u64,
    /// Its kind, such as `server`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Why an action failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ActionError {
    /// The reason, for machines.
    pub code: ErrorCode,
    /// The reason, for humans.
    pub message: String,
}

impl From<&Action> for ActionId {
    fn from(action: &Action) -> Self {
        action.id
    }
}

impl From<Action> for ActionId {
    fn from(action: Action) -> Self {
        action.id
    }
}

/// How to wait for actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitOptions {
    /// The time from one question to the next. It stays the same, because a wait that grows costs time at the end.
    pub poll_interval: Duration,
    /// How long all of it may take, counted from the call.
    pub deadline: Duration,
}

impl Default for WaitOptions {
    /// Asks twice a second, as Hetzner's own Go client does, for five minutes.
    fn default() -> Self {
        Self { poll_interval: Duration::from_millis(500), deadline: Duration::from_mins(5) }
    }
}

/// Operations on actions.
#[derive(Clone, Copy)]
pub struct Actions<'a> {
    pub(crate) transport: &'a Transport,
}

#[derive(Deserialize)]
pub(crate) struct ActionAnswer {
    pub(crate) action: Action,
}

#[derive(Deserialize)]
pub(crate) struct ActionsAnswer {
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) actions: Vec<Action>,
}

impl Actions<'_> {
    /// The action, or `None` if there is none of this number.
    pub async fn get(&self, id: ActionId) -> Result<Option<Action>, Error> {
        let answer = self.transport.get(&format!("/actions/{id}"), &Query::new()).await;
        Ok(none_if_not_found(answer)?.map(|ActionAnswer { action }| action))
    }

    /// The actions of these numbers. Those that the API does not know are not in the answer.
    pub async fn list(&self, ids: &[ActionId]) -> Result<Vec<Action>, Error> {
        let mut actions = Vec::with_capacity(ids.len());
        for some in ids.chunks(IDS_PER_REQUEST) {
            let mut query: Query = some.iter().map(|id| ("id", id.to_string())).collect();
            query.push(("per_page", IDS_PER_REQUEST.to_string()));
            let answer: ActionsAnswer = self.transport.get("/actions", &query).await?;
            actions.extend(answer.actions);
        }
        Ok(actions)
    }

    /// Waits until all of the actions have succeeded, and returns them in the order given.
    ///
    /// The first that has failed ends the wait with [`Error::ActionFailed`], the deadline with
    /// [`Error::ActionsUnfinished`]. A request that fails while it lasts is retried as usual and then ends it too.
    pub async fn wait<I>(&self, actions: I, options: WaitOptions) -> Result<Vec<Action>, Error>
    where
        I: IntoIterator,
        I::Item: Into<ActionId>,
    {
        let ids: Vec<ActionId> = actions.into_iter().map(Into::into).collect();
        wait_for(&ids, options, |pending: Vec<ActionId>| async move { self.list(&pending).await }).await
    }
}

/// The wait itself, without a network.
async fn wait_for<F, A>(ids: &[ActionId], options: WaitOptions, mut fetch: F) -> Result<Vec<Action>, Error>
where
    F: FnMut(Vec<ActionId>) -> A,
    A: Future<Output = Result<Vec<Action>, Error>>,
{
    let start = Instant::now();
    // An interval of nothing would be refused by the timer.
    let mut ticks = tokio::time::interval(options.poll_interval.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut finished: Vec<Action> = Vec::with_capacity(ids.len());
    loop {
        let pending = unfinished(ids, &finished);
        if pending.is_empty() {
            return Ok(in_order(ids, finished));
        }
        let poll = async {
            ticks.tick().await;
            fetch(pending.clone()).await
        };
        let left = options.deadline.saturating_sub(start.elapsed());
        let Ok(answer) = tokio::time::timeout(left, poll).await else {
            return Err(Error::ActionsUnfinished { pending, waited: options.deadline });
        };
        let answer = answer?;
        let unknown: Vec<ActionId> =
            pending.into_iter().filter(|id| answer.iter().all(|action| action.id != *id)).collect();
        for action in answer {
            match action.status {
                ActionStatus::Success => finished.push(action),
                ActionStatus::Error => return Err(failure(action)),
                // A new word can only be a new way of not being done; the deadline bounds a mistake about that.
                ActionStatus::Running | ActionStatus::Other(_) => {}
            }
        }
        if !unknown.is_empty() {
            return Err(Error::ActionsUnknown { ids: unknown });
        }
    }
}

fn unfinished(ids: &[ActionId], finished: &[Action]) -> Vec<ActionId> {
    let mut pending: Vec<ActionId> =
        ids.iter().copied().filter(|id| finished.iter().all(|action| action.id != *id)).collect();
    pending.sort_unstable();
    pending.dedup();
    pending
}

fn in_order(ids: &[ActionId], mut finished: Vec<Action>) -> Vec<Action> {
    finished.sort_by_key(|action| ids.iter().position(|id| *id == action.id));
    finished
}

fn failure(action: Action) -> Error {
    let ActionError { code, message } = action
        .error
        .unwrap_or_else(|| ActionError { code: ErrorCode::UnknownError, message: "no reason was given".to_owned() });
    Error::ActionFailed { id: action.id, command: action.command, code, message }
}

#[cfg(test)]
mod tests;
