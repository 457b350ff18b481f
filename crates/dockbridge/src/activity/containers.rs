//! What running containers use, asked of the engine itself.
//!
//! This goes past the proxy, so asking is no use of the engine.

mod client;
mod error;

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use self::client::EngineClient;
pub use self::error::ExamineError;
use crate::server::EngineLink;

/// The containers of an engine over some time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Containers {
    /// How many run at the end of it. Paused and restarting ones are among them, as the engine counts.
    pub running: usize,
    /// What the busiest of them used, in per cent of one core. `None` if none runs.
    pub busiest_percent_of_a_core: Option<f64>,
}

/// All running containers at one moment.
struct Look {
    began: Instant,
    /// By id: when it was measured, and the processor time it had used by then.
    used: HashMap<String, (Instant, Duration)>,
}

/// Measures for as long as `window` what running containers use. Without any it returns at once.
///
/// One that has come meanwhile, or was started again, counts from nothing; one that has gone is left out; one that is paused
/// or waits to be restarted uses nothing by itself.
pub async fn busiest(link: &dyn EngineLink, window: Duration) -> Result<Containers, ExamineError> {
    let before = look(link).await?;
    if before.used.is_empty() {
        return Ok(Containers::default());
    }
    // Each look has a connection of its own: none has to stay alive for so long.
    tokio::time::sleep(window).await;
    let after = look(link).await?;
    let busiest = after.used.iter().map(|(id, measured)| percent(&before, id, *measured)).max_by(f64::total_cmp);
    Ok(Containers { running: after.used.len(), busiest_percent_of_a_core: busiest })
}

/// What one container used since `before`, in per cent of one core.
fn percent(before: &Look, id: &str, (now, total): (Instant, Duration)) -> f64 {
    let (since, used) = match before.used.get(id) {
        // Less than before means that it was started again, and its counter with it.
        Some((since, earlier)) => (*since, total.checked_sub(*earlier).unwrap_or(total)),
        None => (before.began, total),
    };
    let elapsed = now.duration_since(since);
    if elapsed.is_zero() { 0.0 } else { used.div_duration_f64(elapsed) * 100.0 }
}

/// Asks once for all running containers and what each has used since it was started.
async fn look(link: &dyn EngineLink) -> Result<Look, ExamineError> {
    let began = Instant::now();
    let (mut engine, connection) = client::connect(link).await?;
    let mut asking = std::pin::pin!(measure(&mut engine, began));
    // Driven here and not by a task of its own, so that dropping this ends it.
    tokio::select! {
        biased;
        looked = &mut asking => return looked,
        () = connection => {}
    }
    // The engine may have closed the connection after its last answer, which is complete then.
    asking.await
}

async fn measure(engine: &mut EngineClient, began: Instant) -> Result<Look, ExamineError> {
    let mut used = HashMap::new();
    for container in engine.running().await? {
        // It is gone if it ended since the list was made.
        if let Some(total) = engine.processor_time(&container).await? {
            used.insert(container, (Instant::now(), total));
        }
    }
    Ok(Look { began, used })
}

#[cfg(test)]
mod tests;
