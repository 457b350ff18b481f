//! Removes what a run left behind that was killed, and makes sure a finished run leaves nothing.
//!
//! Only what carries the names of one cache directory is touched, and only while its lock is held.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    MachineError, abandoned,
    place::Place,
    tool::{self, QUICK, failed, io_failed},
};

/// How long killed processes and released devices may take to go.
const GONE_BOUND: Duration = Duration::from_secs(20);
/// How often to look whether they are gone.
const GONE_POLL: Duration = Duration::from_millis(50);

/// Removes at once what a run on `cache_dir` left that ended half way, instead of leaving it to the next run. Needs root.
///
/// Waits for a run that still uses the directory.
pub async fn clean_up(cache_dir: &Path) -> Result<(), MachineError> {
    let place = Place::new(cache_dir)?;
    let _lock = place.lock().await?;
    abandoned::clear_all(&place).await;
    clear(&place).await
}

/// Removes processes, loop devices, mounts, the bridge, control groups and files of this place, but not its images.
pub(super) async fn clear(place: &Place) -> Result<(), MachineError> {
    kill_engines(place).await?;
    release_loops_below(&place.volumes()).await?;
    unmount_below(&[&place.cache, &place.run]).await?;
    if Path::new("/sys/class/net").join(&place.name).exists() {
        tool::run("remove the machines' bridge", "ip", ["link", "delete", &place.name], QUICK).await?;
    }
    remove_control_groups(&place.name);
    for directory in [&place.run, &place.volumes(), &place.cache.join("seeds")] {
        remove_tree(directory)?;
    }
    if !place.cache.exists() {
        return Ok(());
    }
    let entries = std::fs::read_dir(&place.cache).map_err(io_failed("clean up", &place.cache))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(super::place::BUILD_PREFIX) {
            remove_tree(&entry.path())?;
        }
    }
    Ok(())
}

/// Kills every process that was started with our data root: an engine that outlived its owner.
async fn kill_engines(place: &Place) -> Result<(), MachineError> {
    let deadline = Instant::now() + GONE_BOUND;
    loop {
        let engines = engines_of(&place.data());
        if engines.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(failed("end an earlier engine", format!("processes {engines:?} do not end")));
        }
        for pid in engines {
            // It may have ended in the meantime, which is what is wanted.
            let _ = kill_process(pid, Signal::KILL);
        }
        tokio::time::sleep(GONE_POLL).await;
    }
}

/// The processes that were started with this data root.
pub(super) fn engines_of(data: &Path) -> Vec<Pid> {
    let wanted = data.as_os_str().as_encoded_bytes();
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    processes
        .flatten()
        .filter_map(|process| {
            let pid = Pid::from_raw(process.file_name().to_str()?.parse().ok()?)?;
            let arguments = std::fs::read(process.path().join("cmdline")).ok()?;
            let mut arguments = arguments.split(|byte| *byte == 0);
            let ours = arguments.any(|argument| argument == b"--data-root") && arguments.next() == Some(wanted);
            ours.then_some(pid)
        })
        .collect()
}

/// Releases every loop device whose file lies below `directory`, and waits until the kernel has let go of them.
pub(super) async fn release_loops_below(directory: &Path) -> Result<(), MachineError> {
    let doing = "release loop devices";
    let deadline = Instant::now() + GONE_BOUND;
    loop {
        let ours = loops_below(directory);
        if ours.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(failed(doing, format!("{} stay in use, probably mounted", ours.join(", "))));
        }
        for device in &ours {
            // A device that is still mounted somewhere is only marked, and looked at again.
            let _ = tool::run(doing, "losetup", ["--detach", device], QUICK).await;
        }
        tokio::time::sleep(GONE_POLL).await;
    }
}

/// The loop devices whose file lies below `directory`, as the kernel itself names it: tools escape blanks.
fn loops_below(directory: &Path) -> Vec<String> {
    let Ok(devices) = std::fs::read_dir("/sys/block") else { return Vec::new() };
    devices
        .flatten()
        .filter_map(|device| {
            let file = std::fs::read_to_string(device.path().join("loop/backing_file")).ok()?;
            let file = file.trim_end_matches('\n').trim_end_matches(" (deleted)");
            let name = device.file_name().into_string().ok()?;
            Path::new(file).starts_with(directory).then(|| format!("/dev/{name}"))
        })
        .collect()
}

/// Undoes the escapes of `/proc/self/mounts`: a backslash and three octal digits (`fstab(5)`).
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (escape, character)| text.replace(escape, character))
}

/// Unmounts whatever is mounted below these directories, the innermost first.
async fn unmount_below(directories: &[&PathBuf]) -> Result<(), MachineError> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let ours: Vec<String> = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1).map(unescaped))
        .filter(|at| {
            directories.iter().any(|directory| Path::new(at) != *directory && Path::new(at).starts_with(directory))
        })
        .collect();
    for at in ours.iter().rev() {
        tool::run("unmount what an earlier run left", "umount", ["--lazy", at], QUICK).await?;
    }
    Ok(())
}

/// Removes our empty control groups from every hierarchy. What is still in use stays; it holds no resources of its own.
fn remove_control_groups(name: &str) {
    let root = Path::new("/sys/fs/cgroup");
    remove_group(&root.join(name));
    for hierarchy in std::fs::read_dir(root).into_iter().flatten().flatten() {
        remove_group(&hierarchy.path().join(name));
    }
}

fn remove_group(group: &Path) {
    let Ok(entries) = std::fs::read_dir(group) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&entry.path());
        }
    }
    let _ = std::fs::remove_dir(group);
}

fn remove_tree(directory: &Path) -> Result<(), MachineError> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_failed("clean up", directory)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_backslashes_of_a_mount_are_undone() {
        assert_eq!(unescaped("/a/b"), "/a/b");
        assert_eq!(unescaped("/my\\040disk/t\\011\\134x"), "/my disk/t\t\\x");
    }
}
