//! A running `dockbridge start`.

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::support::{Ended, PATIENCE};

/// See the module's description. Killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) pid: Pid,
    err: watch::Receiver<String>,
    readers: [JoinHandle<String>; 2],
}

/// Reads all of a pipe, and says what there is so far.
fn follow(mut pipe: impl AsyncRead + Unpin + Send + 'static) -> (watch::Receiver<String>, JoinHandle<String>) {
    let (sender, receiver) = watch::channel(String::new());
    let reader = tokio::spawn(async move {
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
            bytes.extend_from_slice(&buffer[..count]);
            sender.send_replace(String::from_utf8_lossy(&bytes).into_owned());
        }
        String::from_utf8(bytes).unwrap()
    });
    (receiver, reader)
}

impl Daemon {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        let (_, out_reader) = follow(child.stdout.take().unwrap());
        let (err, err_reader) = follow(child.stderr.take().unwrap());
        Self { child, pid, err, readers: [out_reader, err_reader] }
    }

    /// Waits until it has written `text` to standard error.
    pub(crate) async fn wait_for(&mut self, text: &str) {
        let found = timeout(PATIENCE, self.err.wait_for(|seen| seen.contains(text))).await.map(|found| found.is_ok());
        assert!(matches!(found, Ok(true)), "{text:?} is not in: {}", *self.err.borrow());
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> Ended {
        let status = timeout(PATIENCE, self.child.wait()).await;
        let Ok(status) = status else { panic!("it does not end: {}", *self.err.borrow()) };
        let [out, err] = self.readers;
        Ended { code: status.unwrap().code(), out: out.await.unwrap(), err: err.await.unwrap() }
    }

    /// Ends it as Ctrl-C does.
    pub(crate) async fn interrupt(self) -> Ended {
        self.signal(Signal::INT);
        self.ended().await
    }

    /// Ends it as a crash does.
    pub(crate) async fn kill(self) {
        self.signal(Signal::KILL);
        assert_eq!(self.ended().await.code, None);
    }
}
