//! What an operation on the server came to, as the machine is told of it.

use super::Driver;
use crate::{
    error::DockBridgeError,
    lifecycle::state::{Event, Generation, State},
    server::{Ended, Engine, Failure, ForeignLease, Search, ServerError, ServerManager, Unended},
};

/// After how many failed attempts to destroy a server those who wait for the next one are told: about a minute.
const PATIENCE: u32 = 6;

/// What an effect came to.
pub(super) enum Outcome {
    Provisioned(Generation, Result<Engine, Failure>),
    Reconnected(Generation, Result<Search, DockBridgeError>),
    Searched(Generation, Result<Search, DockBridgeError>),
    Destroyed(Generation, Result<Ended, Unended>),
    Forgotten(Generation, Result<(), DockBridgeError>),
}

impl<M: ServerManager> Driver<M> {
    pub(super) fn take(&mut self, outcome: Outcome) {
        let event = match outcome {
            Outcome::Provisioned(generation, Ok(engine)) => {
                let age = engine.age;
                self.keep(engine);
                Event::Provisioned { generation, age }
            }
            Outcome::Reconnected(generation, Ok(Search::Found(engine)))
            | Outcome::Searched(generation, Ok(Search::Found(engine))) => {
                let age = engine.age;
                self.keep(*engine);
                Event::Reconnected { generation, age }
            }
            Outcome::Provisioned(generation, Err(Failure { error, leftover })) => {
                if is_stopping(&error) {
                    tracing::info!("the provisioning is cut short");
                } else {
                    tracing::error!(error = error.in_one_line(), "no server could be provisioned");
                }
                self.refuse(error);
                Event::ProvisionFailed { generation, leftover }
            }
            Outcome::Reconnected(generation, Ok(Search::Gone)) | Outcome::Searched(generation, Ok(Search::Gone)) => {
                tracing::warn!(
                    "the server does not exist any more: it has deleted itself, or somebody else deleted it"
                );
                Event::ServerGone(generation)
            }
            Outcome::Reconnected(generation, Ok(Search::Useless))
            | Outcome::Searched(generation, Ok(Search::Useless)) => Event::ServerUseless(generation),
            // Those who wait go on waiting: the API is asked next.
            Outcome::Reconnected(generation, Err(error)) => {
                if !is_stopping(&error) {
                    tracing::warn!(error = error.in_one_line(), "the connection could not be replaced");
                }
                Event::ReconnectFailed(generation)
            }
            Outcome::Searched(generation, Err(error)) => {
                let again = matches!(self.machine().state, State::Unreachable { failures: 1.., .. });
                if is_stopping(&error) {
                    tracing::info!("the search for the server is cut short");
                } else if again {
                    tracing::debug!(error = error.in_one_line(), "the server could not be found again yet");
                } else {
                    tracing::error!(error = error.in_one_line(), "the server could not be found again");
                }
                self.refuse(error);
                Event::SearchFailed(generation)
            }
            Outcome::Destroyed(generation, Ok(ended)) => {
                match &ended {
                    Ended::Destroyed => tracing::info!("the server is destroyed; the volume is kept"),
                    Ended::LeftTo(others) => {
                        let hosts: Vec<_> = others.iter().map(|lease| lease.host.as_str()).collect();
                        let hosts = hosts.join(", ");
                        if others.iter().all(ForeignLease::is_known) {
                            tracing::warn!(held_by = hosts, "the server is left running, since others use it");
                        } else {
                            tracing::warn!(
                                ordered_by = hosts,
                                "the server is left running: it cannot be asked who uses it"
                            );
                        }
                    }
                }
                self.snapshot.send_modify(|snapshot| snapshot.ended = Some(ended));
                Event::Destroyed(generation)
            }
            Outcome::Destroyed(generation, Err(Unended { error, untouched })) => {
                tracing::error!(error = error.in_one_line(), "the server could not be destroyed yet");
                // A failure that passes is nobody's business. It is tried again without end, and nobody is kept waiting that long.
                if matches!(self.machine().state, State::ShuttingDown { failures: PATIENCE.., .. }) {
                    self.refuse(error);
                } else {
                    self.note(error);
                }
                Event::DestroyFailed { generation, untouched }
            }
            Outcome::Forgotten(generation, Ok(())) => Event::Forgotten(generation),
            Outcome::Forgotten(generation, Err(error)) => {
                tracing::error!(
                    error = error.in_one_line(),
                    "the record of a server that is gone could not be removed"
                );
                self.refuse(error);
                Event::ForgetFailed(generation)
            }
        };
        self.tell(event);
    }
}

const fn is_stopping(error: &DockBridgeError) -> bool {
    matches!(error, DockBridgeError::Server(ServerError::Stopping))
}
