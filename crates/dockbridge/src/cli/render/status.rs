//! What `dockbridge status` shows.

use std::fmt::Write;

use jiff::tz::TimeZone;

use super::{clock_time, phase};
use crate::{
    control::{Degradation, StatusReport},
    lock::Source,
    server::{Overview, ServerInfo},
};

fn described(server: &ServerInfo) -> String {
    let known = |key: &str| server.metadata.get(key).map_or("?", String::as_str);
    let (kind, location) = (known("server_type"), known("location"));
    format!("{} (id {}, {kind} in {location}, {})", server.name, server.id, server.ip_address)
}

/// The whole state, and what else there is in the project.
pub(in crate::cli) fn status(report: &StatusReport, others: &Overview, zone: &TimeZone) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<10} {value}");
    };
    let proxy = &report.proxy;
    line("Proxy", if proxy.running { format!("listens on {}", proxy.local_socket) } else { "not running".to_owned() });
    line("State", report.state.replace('_', " "));
    match &report.server {
        Some(server) => {
            line("Server", described(server));
            line("Created", server.created_at.to_string());
            if !proxy.running {
                line("", "It is billed: `dockbridge start` takes it up, `dockbridge stop` destroys it.".to_owned());
            }
        }
        None => line(
            "Server",
            match report.state.as_str() {
                "absent" if !others.other_servers.is_empty() => "none of this installation",
                "absent" => "none; nothing is billed but the volume",
                "provisioning" => "not ordered yet",
                _ => "not known at the moment",
            }
            .to_owned(),
        ),
    }
    if let Some(volume) = &report.volume {
        line("Volume", format!("{} (id {}, {} GB at {})", volume.name, volume.id, volume.size, volume.mount_path));
    } else {
        line("Volume", "none".to_owned());
    }
    for (server, installation) in &others.other_servers {
        line("Other", format!("server {}", described(server)));
        line("", format!("It is billed and belongs to another DockBridge (installation {installation}): only"));
        line("", "`dockbridge stop` there destroys it; this one leaves it alone.".to_owned());
    }
    for (volume, location) in &others.other_volumes {
        line("Other", format!("volume {} (id {}, {} GB in {location})", volume.name, volume.id, volume.size));
        line("", "It is billed, and not used with the location and the server type that are configured.".to_owned());
    }
    lifetime(report, zone, &mut line);
    if proxy.running {
        line("Traffic", format!("{} bytes", proxy.bytes_transferred));
    }
    if !report.phases.is_empty() {
        line("Phases", "of the present or last provisioning (they overlap):".to_owned());
        for step in &report.phases {
            text.push_str(&phase(step));
        }
    }
    for Degradation { part, error } in &report.degraded {
        // Where there is no screen, or nobody to tell of it, that is no fault.
        if part == "lock_detection" && report.lock.source == Source::Off && !error.retryable {
            let _ = writeln!(text, "Screen     not watched [{}::{}]", error.category, error.code);
            continue;
        }
        let _ = writeln!(
            text,
            "Degraded   {}: {} [{}::{}]",
            part.replace('_', " "),
            error.message,
            error.category,
            error.code
        );
        if let Some(hint) = &error.hint {
            let _ = writeln!(text, "           {hint}");
        }
    }
    if let Some(error) = &report.last_error {
        let _ = writeln!(text, "Last error {} [{}]", error.message, error.code);
        if let Some(hint) = &error.hint {
            let _ = writeln!(text, "           {hint}");
        }
    }
    text
}

/// When and why the server ends.
fn lifetime(report: &StatusReport, zone: &TimeZone, line: &mut impl FnMut(&str, String)) {
    let activity = &report.activity;
    if let Some(last) = activity.last_docker_command {
        line("Activity", format!("last request {last}, {} connections open", activity.open_connections));
    }
    if !activity.shutdown_reason.is_empty() {
        let left = activity.time_until_shutdown.map(|left| format!(" (destroyed in {left})")).unwrap_or_default();
        line("Lifetime", format!("{}{left}", activity.shutdown_reason));
    }
    if let Some(paid) = activity.paid_until {
        line("Paid", format!("until {}", clock_time(paid, zone)));
    }
    if let Some(until) = report.lease.until {
        let end = match report.lease.self_destruct.as_str() {
            "delete" if report.degraded.iter().any(|entry| entry.part == "self_destruct") => {
                "powers off, and is billed even then,"
            }
            "delete" => "deletes itself",
            _ => "powers off",
        };
        line("Lease", format!("without this DockBridge the server {end} at {}", clock_time(until, zone)));
    }
    for other in &report.lease.others {
        line(
            "",
            format!(
                "It is held by {} (installation {}) as well, and not destroyed meanwhile.",
                other.host, other.client_id
            ),
        );
    }
    if report.lock.locked {
        line("Screen", "locked".to_owned());
    }
}
