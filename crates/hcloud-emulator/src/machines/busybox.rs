//! A container image for machines that reach no registry: this host's static busybox and links to its commands.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};

use super::MachineError;

/// Where Debian and Ubuntu put the program of their package `busybox-static`.
const PLACES: [&str; 2] = ["/bin/busybox", "/usr/bin/busybox"];

/// Commands of busybox that are linked in the image's `/bin`.
const COMMANDS: [&str; 24] = [
    "cat",
    "dd",
    "echo",
    "false",
    "head",
    "hostname",
    "httpd",
    "ls",
    "mkdir",
    "netstat",
    "seq",
    "sh",
    "sha256sum",
    "sleep",
    "stty",
    "tail",
    "tee",
    "test",
    "touch",
    "true",
    "tty",
    "wc",
    "wget",
    "yes",
];

/// The image's root file system as a tar archive, for `docker import - busybox`. Blocks for some milliseconds.
pub fn archive() -> Result<Vec<u8>, MachineError> {
    let failed = |reason: String| MachineError { doing: "make an image of busybox".to_owned(), reason };
    let program = PLACES
        .into_iter()
        .find(|place| Path::new(place).exists())
        .ok_or_else(|| failed("there is no static busybox: install the package busybox-static".to_owned()))?;
    pack(program).map_err(|error| failed(error.to_string()))
}

fn pack(program: &str) -> io::Result<Vec<u8>> {
    let root = tempfile::tempdir()?;
    let bin = root.path().join("bin");
    fs::create_dir(&bin)?;
    fs::create_dir(root.path().join("tmp"))?;
    fs::copy(program, bin.join("busybox"))?;
    for command in COMMANDS {
        symlink("busybox", bin.join(command))?;
    }
    let output = Command::new("tar").arg("-C").arg(root.path()).args(["-c", "."]).stdin(Stdio::null()).output()?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}
