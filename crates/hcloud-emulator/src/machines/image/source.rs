//! Where Debian's packages come from: as this host is set up, or Debian's own archive.

use super::super::tool::{self, QUICK};

/// The Debian release of the machines: Debian 12.
pub(super) const SUITE: &str = "bookworm";

/// Where packages come from.
#[derive(Debug)]
pub(super) struct Source {
    /// The address of the archive; `None` leaves it to `mmdebstrap`, which knows Debian's own.
    pub(super) mirror: Option<String>,
    /// Settings of the host's apt for fetching (proxies, validity of dates), in apt's syntax.
    pub(super) apt_options: String,
}

/// How this host fetches packages.
pub(super) async fn of_this_host() -> Source {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    // On another distribution the configured archive holds another distribution's packages.
    let mirror = if release.lines().any(|line| line == "ID=debian") { configured_mirror() } else { None };
    let settings = tool::run("read apt's settings", "apt-config", ["dump"], QUICK).await.unwrap_or_default();
    Source { mirror, apt_options: fetching(&settings) }
}

fn configured_mirror() -> Option<String> {
    let mut files = vec![std::path::PathBuf::from("/etc/apt/sources.list")];
    let mut more: Vec<_> =
        std::fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|file| file.path()).collect();
    more.sort();
    files.extend(more);
    files.iter().find_map(|file| {
        let text = std::fs::read_to_string(file).ok()?;
        match file.extension()?.to_str()? {
            "list" => one_line(&text),
            "sources" => deb822(&text),
            _ => None,
        }
    })
}

/// The first archive of Debian itself in a file of the one-line format.
pub(super) fn one_line(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let rest = line.split('#').next()?.trim().strip_prefix("deb ")?.trim_start();
        // Options in brackets come before the address.
        let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
        let mut words = rest.split_whitespace();
        usable(words.next()?, words.next()?)
    })
}

/// The first archive of Debian itself in a file of the deb822 format.
pub(super) fn deb822(text: &str) -> Option<String> {
    text.split("\n\n").find_map(|stanza| {
        let field = |name: &str| {
            stanza.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        if field("Enabled").is_some_and(|value| value.eq_ignore_ascii_case("no")) {
            return None;
        }
        field("Types")?.split_whitespace().find(|kind| *kind == "deb")?;
        let suite = field("Suites")?.split_whitespace().next()?;
        field("URIs")?.split_whitespace().find_map(|address| usable(address, suite))
    })
}

/// An address that holds Debian's main archive: not its security archive, nor somebody else's, nor a local medium.
fn usable(address: &str, suite: &str) -> Option<String> {
    let address = address.trim_end_matches('/');
    let remote = address.starts_with("http://") || address.starts_with("https://");
    (remote && address.ends_with("/debian") && !suite.contains("-security") && !suite.contains('/'))
        .then(|| address.to_owned())
}

/// Those of apt's settings that say how to fetch.
pub(super) fn fetching(settings: &str) -> String {
    const WANTED: [&str; 4] =
        ["Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until", "Acquire::Check-Date"];
    settings
        .lines()
        .filter(|line| WANTED.iter().any(|wanted| line.starts_with(wanted)))
        .fold(String::new(), |all, line| all + line + "\n")
}
