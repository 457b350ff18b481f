//! Ctrl-C and SIGTERM, which end a chore in order instead of at once.

use std::process::ExitCode;

use rustix::process::Signal;
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::Failure;

/// From its making on, neither signal ends this process; the chore looks for them and ends itself.
pub(crate) struct Interrupt {
    came: watch::Receiver<Option<Signal>>,
    // The task that takes the signals ends with it.
    runtime: Runtime,
}

impl Interrupt {
    /// Takes both signals over.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let runtime = Runtime::new()?;
        let (mut interrupt, mut terminate) = {
            let _context = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let (tell, came) = watch::channel(None);
        runtime.spawn(async move {
            loop {
                let signal = tokio::select! {
                    _ = interrupt.recv() => Signal::INT,
                    _ = terminate.recv() => Signal::TERM,
                };
                tell.send_replace(Some(signal));
            }
        });
        Ok(Self { came, runtime })
    }

    /// Whether somebody wants an end.
    pub(crate) fn seen(&self) -> bool {
        self.came.borrow().is_some()
    }

    /// Returns once somebody wants an end, with the signal that said so last.
    pub(crate) async fn wait(&self) -> Signal {
        let mut came = self.came.clone();
        match came.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(signal)) => *signal,
            // The runtime is about to end, and with it whoever waits.
            _ => Signal::TERM,
        }
    }

    /// Runs a future to its end.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// The exit code of a chore that was ended: by the convention of shells 128 and the number of SIGINT.
    pub(crate) fn code() -> ExitCode {
        ExitCode::from(130)
    }
}
