//! Which packages are missing.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use hcloud_emulator::machines::host;

/// Whether a Docker CLI can build with `BuildKit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BuildKit {
    Works,
    Missing,
    /// There is no CLI yet; whether the one to come needs a plugin depends on the distribution.
    NoClient,
}

/// What was found on this computer.
struct Found {
    machines: Vec<&'static str>,
    sshd: bool,
    compose: bool,
    buildkit: BuildKit,
    dbus: bool,
    tools: Vec<&'static str>,
}

/// Programs that tests run and that come in a package of the same name everywhere: the package, and any one of the commands
/// that show that it is there. Distributions install python-dbusmock for their own Python, which need not be the first.
const TOOLS: [(&str, &[&[&str]]); 3] = [
    ("python3-dbusmock", &[&["/usr/bin/python3", "-c", "import dbusmock"], &["python3", "-c", "import dbusmock"]]),
    ("shellcheck", &[&["shellcheck", "--version"]]),
    ("dash", &[&["dash", "-c", ":"]]),
];

/// The packages that are missing; `for_tests` adds what only the tests need: an SSH server that each test starts for itself,
/// compose, `BuildKit` for those Docker CLIs that do not have it built in, a D-Bus daemon with services that can be played,
/// and what checks and runs shell scripts.
pub(super) fn missing(for_tests: bool) -> Vec<&'static str> {
    let machines = host::missing_packages();
    if !for_tests {
        return machines;
    }
    let found = Found {
        machines,
        sshd: Path::new("/usr/sbin/sshd").exists(),
        compose: works("docker", &["compose", "version"]) || works("docker-compose", &["version"]),
        buildkit: buildkit(),
        dbus: works("dbus-daemon", &["--version"]),
        tools: missing_tools(),
    };
    select(found, |package| works("apt-cache", &["show", package]))
}

/// The packages that bring what was not found; `known` says whether the distribution has one of that name.
fn select(found: Found, known: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut packages = found.machines;
    if !found.sshd {
        packages.push("openssh-server");
    }
    if !found.compose {
        // Ubuntu has the present generation under a name of its own.
        packages.push(if known("docker-compose-v2") { "docker-compose-v2" } else { "docker-compose" });
    }
    if found.buildkit != BuildKit::Works {
        // Debian 12 has neither, and a Docker CLI that needs none; the second is Docker's own.
        packages.extend(["docker-buildx", "docker-buildx-plugin"].into_iter().find(|package| known(package)));
    }
    if !found.dbus {
        // Older distributions have the daemon in one package with the system's own bus.
        packages.push(if known("dbus-daemon") { "dbus-daemon" } else { "dbus" });
    }
    packages.extend(found.tools);
    packages
}

/// The packages of those tools that do not work.
fn missing_tools() -> Vec<&'static str> {
    let runs = |command: &[&str]| command.split_first().is_some_and(|(program, arguments)| works(program, arguments));
    let missing = TOOLS.iter().filter(|(_, commands)| !commands.iter().any(|command| runs(command)));
    missing.map(|(package, _)| *package).collect()
}

/// Whether a program is there and does what it is told. Plugins in somebody's home directory do not count: the tests have
/// another one.
pub(super) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).env("HOME", "/nonexistent");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether any Docker CLI in `PATH` can build with `BuildKit`.
fn buildkit() -> BuildKit {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = std::env::split_paths(&path).map(|folder| folder.join("docker")).filter(|program| program.exists());
    let can_build = programs.map(|program| {
        let said = Command::new(&program).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
        has_buildkit(&String::from_utf8_lossy(&said))
            || program.to_str().is_some_and(|program| works(program, &["buildx", "version"]))
    });
    can_build.fold(BuildKit::NoClient, |so_far, can| match (so_far, can) {
        (BuildKit::Works, _) | (_, true) => BuildKit::Works,
        _ => BuildKit::Missing,
    })
}

/// Whether a CLI with this version text builds with `BuildKit` by itself: those before 23 do.
fn has_buildkit(version: &str) -> bool {
    let number = version.strip_prefix("Docker version ").and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    number.is_some_and(|major| major < 23)
}

#[cfg(test)]
mod tests;
