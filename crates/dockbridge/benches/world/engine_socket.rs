//! The engine's own socket inside a machine, reached past DockBridge and past SSH.
//!
//! A machine is a set of processes of this host, so root finds the machine's files, sockets included, under
//! `/proc/<process>/root`.

use std::{fs, path::PathBuf};

/// The socket of the engine on the machine with this host name, once its first process runs. The file need not exist yet.
pub(crate) fn find(host_name: &str) -> Option<PathBuf> {
    let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
    processes.filter(|process| is_first(process)).find_map(|process| {
        let root = process.join("root");
        let name = fs::read_to_string(root.join("etc/hostname")).ok()?;
        // Not `/var/run`: a link in there would lead to this host's own.
        (name.trim() == host_name).then(|| root.join("run/docker.sock"))
    })
}

/// Whether the process is the first in a process namespace of its own.
fn is_first(process: &std::path::Path) -> bool {
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    let mut ids = ids.split_whitespace();
    ids.clone().count() > 1 && ids.next_back() == Some("1")
}
