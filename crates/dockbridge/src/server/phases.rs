//! How long each step of a provisioning took: shown while it runs, kept until the next one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::{sync::watch, time::Instant};

/// One step of a provisioning. Steps overlap, so their times do not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// What is done.
    pub name: String,
    /// When it began, in milliseconds from the beginning of the provisioning.
    pub started_ms: u64,
    /// How long it took in milliseconds; `None` while it lasts.
    pub took_ms: Option<u64>,
    /// Whether it ended with an error.
    pub failed: bool,
}

/// Takes the time of the steps of one provisioning after the other.
#[derive(Debug)]
pub struct Phases {
    sender: watch::Sender<(Option<Instant>, Vec<Phase>)>,
}

impl Default for Phases {
    fn default() -> Self {
        Self { sender: watch::Sender::new((None, Vec::new())) }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Phases {
    /// Forgets the steps of the last provisioning and starts the clock.
    pub fn restart(&self) {
        self.sender.send_replace((Some(Instant::now()), Vec::new()));
    }

    /// Does `work` as the step `name`.
    pub async fn run<T, E>(&self, name: &str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let began = Instant::now();
        let mut index = 0;
        self.sender.send_modify(|(start, phases)| {
            index = phases.len();
            let started_ms = milliseconds(began - start.unwrap_or(began));
            phases.push(Phase { name: name.to_owned(), started_ms, took_ms: None, failed: false });
        });
        let mut step = Step { phases: self, name, index, began, failed: true };
        let result = work.await;
        step.failed = result.is_err();
        result
    }

    /// The steps so far.
    #[must_use]
    pub fn list(&self) -> Vec<Phase> {
        self.sender.borrow().1.clone()
    }

    /// Follows the steps as they change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<(Option<Instant>, Vec<Phase>)> {
        self.sender.subscribe()
    }
}

/// A step under way. It ends when this is dropped, so one that is given up half-way ends as well: as failed.
struct Step<'a> {
    phases: &'a Phases,
    name: &'a str,
    index: usize,
    began: Instant,
    failed: bool,
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        let took = milliseconds(self.began.elapsed());
        tracing::debug!(phase = self.name, took_ms = took, failed = self.failed, "provisioning");
        self.phases.sender.send_modify(|(_, phases)| {
            if let Some(phase) = phases.get_mut(self.index).filter(|phase| phase.name == self.name) {
                phase.took_ms = Some(took);
                phase.failed = self.failed;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn steps_overlap_and_are_forgotten_by_the_next_provisioning() {
        let phases = Phases::default();
        phases.restart();
        let wait = |ms, fails: bool| async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            if fails { Err(()) } else { Ok(()) }
        };
        let (volume, key) = tokio::join!(phases.run("volume", wait(300, false)), phases.run("key", wait(100, true)));
        assert!(volume.is_ok() && key.is_err());
        let list = phases.list();
        assert_eq!(
            list.iter().map(|p| (p.name.as_str(), p.took_ms, p.failed)).collect::<Vec<_>>(),
            [("volume", Some(300), false), ("key", Some(100), true)]
        );
        assert_eq!(list[1].started_ms, 0);
        phases.restart();
        assert!(phases.list().is_empty());
    }
    #[tokio::test(start_paused = true)]
    async fn a_step_that_is_given_up_has_failed() {
        let phases = Phases::default();
        phases.restart();
        let endless = phases.run("engine", std::future::pending::<Result<(), ()>>());
        assert!(tokio::time::timeout(Duration::from_millis(70), endless).await.is_err());
        let list = phases.list();
        assert_eq!((list[0].took_ms, list[0].failed), (Some(70), true));
    }
}
