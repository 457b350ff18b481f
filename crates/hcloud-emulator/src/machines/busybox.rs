//! A container image for machines that reach no registry: this host's static busybox and links to its commands.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::MachineError;

/// Where Debian and Ubuntu put the program of their packages `busybox-static` and `busybox`.
const PLACES: [&str; 2] = ["/bin/busybox", "/usr/bin/busybox"];
/// Where it is looked for in a cache directory: `busybox-static` cannot be installed beside `busybox`, which many systems
/// have, but it can be unpacked.
pub(super) const UNPACKED_TO: &str = "busybox-static";
/// The program's places there: before and after Debian moved everything to `/usr`.
const UNPACKED: [&str; 2] = ["bin/busybox", "usr/bin/busybox"];

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

/// A busybox that runs without any library: this host's own, or the one unpacked to `busybox-static` in `cache_dir`.
#[must_use]
pub fn find(cache_dir: &Path) -> Option<PathBuf> {
    let unpacked = cache_dir.join(UNPACKED_TO);
    let places = PLACES.into_iter().map(PathBuf::from).chain(UNPACKED.map(|place| unpacked.join(place)));
    places.into_iter().find(|place| fs::read(place).is_ok_and(|program| is_static(&program)))
}

/// The image's root file system as a tar archive, for `docker import - busybox`. Blocks for some milliseconds.
pub fn archive(cache_dir: &Path) -> Result<Vec<u8>, MachineError> {
    let failed = |reason: String| MachineError { doing: "make an image of busybox".to_owned(), reason };
    let program = find(cache_dir)
        .ok_or_else(|| failed("there is no static busybox: run `cargo xtask machine-image`".to_owned()))?;
    pack(&program).map_err(|error| failed(error.to_string()))
}

/// Whether a program asks for no dynamic loader: whether its ELF file (64 bits, little-endian) has no segment of the type
/// `PT_INTERP` (`elf(5)`).
fn is_static(program: &[u8]) -> bool {
    const PT_INTERP: usize = 3;
    let number = |at: usize, bytes: usize| -> Option<usize> {
        let slice = program.get(at..at.checked_add(bytes)?)?;
        Some(slice.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte)))
    };
    if !program.starts_with(b"\x7fELF\x02\x01") {
        return false;
    }
    let (Some(table), Some(size), Some(count)) = (number(0x20, 8), number(0x36, 2), number(0x38, 2)) else {
        return false;
    };
    (0..count).all(|index| {
        let kind = index.checked_mul(size).and_then(|offset| number(table.checked_add(offset)?, 4));
        kind.is_some_and(|kind| kind != PT_INTERP)
    })
}

fn pack(program: &Path) -> io::Result<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_without_a_loader_is_static() {
        assert!(!is_static(b""));
        assert!(!is_static(b"#!/bin/sh\n"));
        assert!(!is_static(b"\x7fELF\x02\x01"));
        // This very test is linked dynamically.
        let own = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(!is_static(&own));
        // A file header with a single segment of type PT_LOAD behind it, and the same with PT_INTERP.
        let program = |kind: u8| {
            let mut file = vec![0; 0x40 + 56];
            file[..6].copy_from_slice(b"\x7fELF\x02\x01");
            (file[0x20], file[0x36], file[0x38], file[0x40]) = (0x40, 56, 1, kind);
            file
        };
        assert!(is_static(&program(1)));
        assert!(!is_static(&program(3)));
    }
}
