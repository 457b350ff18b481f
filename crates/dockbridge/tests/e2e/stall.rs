//! A client that stops reading holds up nobody else.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::world::{World, run_within, succeeded};

/// How long a command may take that nobody holds up: a fraction of a second, but for a busy machine.
const UNDISTURBED: Duration = Duration::from_secs(15);

/// A command whose output is read a little and then no more.
struct Paused(Child);

impl Paused {
    fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut first = [0; 4096];
        child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
        Self(child)
    }

    /// Reads the rest.
    fn resume(mut self) -> u64 {
        let mut stdout = self.0.stdout.take().unwrap();
        let count = std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
        assert!(self.0.wait().unwrap().success());
        count
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        // Gone already where it was resumed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_logs_and_a_paused_save_hold_up_nobody() {
    let world = World::started().await;
    world.import_busybox();
    // An image of 96 MB that does not compress, more than every buffer on the way holds.
    world.docker(&["run", "--name", "big", "busybox", "dd", "if=/dev/urandom", "of=/blob", "bs=1M", "count=96"]);
    world.docker(&["commit", "big", "big"]);
    world.docker(&[
        "run",
        "--detach",
        "--name",
        "chatty",
        "busybox",
        "yes",
        "a line that is written for ever and ever",
    ]);

    let logs = Paused::spawn(&mut world.docker_command("docker", &["logs", "--follow", "chatty"]));
    let save = Paused::spawn(&mut world.docker_command("docker", &["save", "big"]));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..20)
            .map(|_| {
                let mut command = world.docker_command("docker", &["version"]);
                scope.spawn(move || run_within(UNDISTURBED, &mut command, b""))
            })
            .collect();
        for client in clients {
            succeeded("docker version", &client.join().unwrap());
        }
    });
    // They were paused, not broken.
    assert!(save.resume() > 90 << 20);
    drop(logs);
    world.docker(&["rm", "--force", "chatty"]);
    world.finish().await;
}
