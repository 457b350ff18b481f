//! What a change of state means for the user, in the log; and what it means for the machine that an operation said nothing.

use super::{
    machine::Machine,
    state::{Event, State},
};
use crate::clock::Moment;

/// Says what a change of state means for the user.
pub(super) fn announce(before: &Machine, after: &Machine, now: Moment) {
    match (before.state, after.state) {
        (State::Running { .. }, State::Grace { until, reason, .. }) => {
            let seconds = until.since(now).as_secs();
            tracing::info!(seconds, because = reason.words(), "the server is destroyed soon, unless it is used");
        }
        (State::Grace { .. }, State::Running { reconnecting: false, .. }) => {
            tracing::info!("the server is used again, and kept");
        }
        (earlier, State::ShuttingDown { reason, failures: 0, .. })
            if !matches!(earlier, State::ShuttingDown { .. }) =>
        {
            tracing::info!(because = reason.words(), "the server is being destroyed");
        }
        _ => {}
    }
    if std::mem::discriminant(&before.state) != std::mem::discriminant(&after.state) {
        tracing::debug!(from = ?before.state, to = ?after.state, "lifecycle");
    }
}

/// What it means that the effect under way ended without an outcome: the worst that it can have been.
pub(super) const fn abnormal_end(machine: &Machine) -> Event {
    let generation = machine.generation;
    match machine.state {
        State::Provisioning { .. } => Event::ProvisionFailed { generation, leftover: true },
        State::ShuttingDown { .. } => Event::DestroyFailed { generation, untouched: false },
        State::Gone { .. } => Event::ForgetFailed(generation),
        State::Running { .. } | State::Grace { .. } => Event::ReconnectFailed(generation),
        State::Absent | State::Unreachable { .. } | State::Failed { .. } => Event::SearchFailed(generation),
    }
}
