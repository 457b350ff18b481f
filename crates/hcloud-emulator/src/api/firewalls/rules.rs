//! Rules of a firewall, as a request brings them.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::super::input::Input;
use crate::state::{Direction, Rule};

/// Most rules of a firewall.
const MOST_RULES: usize = 50;

/// Most address ranges of a rule's direction.
const MOST_RANGES: usize = 100;

/// Longest description, in characters.
const DESCRIPTION_LENGTH: usize = 255;

/// Protocols a rule can name.
const PROTOCOLS: [&str; 5] = ["tcp", "udp", "icmp", "esp", "gre"];

/// Reads the field `rules`; `None` where it is not there.
pub(super) fn read(input: &mut Input) -> Option<Vec<Rule>> {
    let items = input.array("rules")?;
    if items.len() > MOST_RULES {
        input.fault("rules", "Longer than maximum length 50.");
    }
    let mut rules = Vec::new();
    for (position, item) in items.into_iter().enumerate() {
        let Some(mut item) = Input::nested(item) else {
            input.fault("rules", "Not a valid object.");
            continue;
        };
        rules.push(read_one(&mut item));
        input.adopt(&format!("rules.{position}"), item);
    }
    Some(rules)
}

fn read_one(input: &mut Input) -> Rule {
    let direction = match input.required("direction", Input::text).as_str() {
        "out" => Direction::Out,
        "in" | "" => Direction::In,
        _ => {
            input.fault("direction", "Must be one of: in, out.");
            Direction::In
        }
    };
    let protocol = input.required("protocol", Input::text);
    if !protocol.is_empty() && !PROTOCOLS.contains(&protocol.as_str()) {
        input.fault("protocol", "Must be one of: tcp, udp, icmp, esp, gre.");
    }
    let port = input.text("port");
    match (&port, protocol.as_str()) {
        (None, "tcp" | "udp") => input.fault("port", "Missing data for required field."),
        (Some(_), "icmp" | "esp" | "gre") => input.fault("port", "not allowed for this protocol"),
        (Some(port), _) if !is_port_range(port) => {
            input.fault("port", "Not a valid port or port range.");
        }
        (Some(_) | None, _) => {}
    }
    let source_ips = read_ranges(input, "source_ips", direction == Direction::In);
    let destination_ips = read_ranges(input, "destination_ips", direction == Direction::Out);
    let description = input.text("description");
    if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_LENGTH) {
        input.fault("description", "Longer than maximum length 255.");
    }
    Rule { description, direction, source_ips, destination_ips, protocol, port }
}

/// Ranges belong to the side that the direction leaves open.
fn read_ranges(input: &mut Input, name: &str, expected: bool) -> Vec<String> {
    let items = input.array(name).unwrap_or_default();
    if expected && items.is_empty() {
        input.fault(name, "Missing data for required field.");
    }
    if !expected && !items.is_empty() {
        input.fault(name, "not allowed for this direction");
    }
    if items.len() > MOST_RANGES {
        input.fault(name, "Longer than maximum length 100.");
    }
    let mut ranges = Vec::new();
    for item in items {
        match item.as_str().and_then(canonical_range) {
            Some(range) => ranges.push(range),
            None => input.fault(name, format!("{item} is not a valid CIDR")),
        }
    }
    ranges
}

/// `22` or `80-85`, within 1 to 65535.
fn is_port_range(text: &str) -> bool {
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    match text.split_once('-') {
        None => port(text).is_some(),
        Some((low, high)) => port(low).zip(port(high)).is_some_and(|(low, high)| low <= high),
    }
}

/// A CIDR block with its address in canonical form; `None` where it is none.
fn canonical_range(text: &str) -> Option<String> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length: u8 = length.parse().ok().filter(|length| *length <= longest)?;
    Some(format!("{address}/{length}"))
}
