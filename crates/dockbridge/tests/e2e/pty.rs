//! A terminal for a command that wants one.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// A command on a pseudo-terminal, and the side of it that a person would sit at.
pub(crate) struct Terminal {
    controller: File,
    child: Child,
    output: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// Starts the command with a terminal of that size as its controlling terminal.
    pub(crate) fn spawn(command: &Command, rows: u16, columns: u16) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let controller = File::from(controller);
        resize(&controller, rows, columns);
        // `setsid --ctty` makes the terminal the controlling one, without which no change of size is announced.
        let mut with_terminal = Command::new("setsid");
        with_terminal.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args()).env_clear();
        with_terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let child = with_terminal
            .stdin(Stdio::from(terminal.try_clone().unwrap()))
            .stdout(Stdio::from(terminal.try_clone().unwrap()))
            .stderr(Stdio::from(terminal))
            .spawn()
            .unwrap();
        let (sender, output) = mpsc::channel();
        let mut source = controller.try_clone().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Reading fails once the last process at the terminal has gone.
            while let Ok(count @ 1..) = source.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { controller, child, output, seen: String::new() }
    }

    /// Waits until `part` has been shown, and forgets all up to it.
    pub(crate) fn wait_for(&mut self, part: &str) {
        assert!(self.shows(part, Duration::from_mins(1)), "`{part}` was not shown, but:\n{}", self.seen);
    }

    /// Whether `part` is shown in time; then all up to it is forgotten.
    fn shows(&mut self, part: &str, bound: Duration) -> bool {
        let deadline = Instant::now() + bound;
        loop {
            if let Some(at) = self.seen.find(part) {
                self.seen.drain(..at + part.len());
                return true;
            }
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => return false,
            }
        }
    }

    /// Changes the size of the window until `part` has been shown. The Docker CLI misses a change that comes before it has
    /// begun to listen for changes, which is a moment after the terminal is of use already.
    pub(crate) fn resize_until(&mut self, rows: u16, columns: u16, part: &str) {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            // A change to the present size is none.
            resize(&self.controller, rows, columns - 1);
            resize(&self.controller, rows, columns);
            if self.shows(part, Duration::from_secs(2)) {
                return;
            }
            assert!(Instant::now() < deadline, "`{part}` was not shown, but:\n{}", self.seen);
        }
    }

    /// Types a text.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.controller.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end of the command.
    pub(crate) fn wait(mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }
}

fn resize(controller: &File, rows: u16, columns: u16) {
    tcsetwinsize(controller, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
}
