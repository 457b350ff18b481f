//! Labels: what is allowed in a key and a value, and how resources are selected by them.
//!
//! The rules are those of <https://docs.hetzner.cloud/reference/cloud#description/labels>.

mod selector;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use self::selector::Selector;

/// The labels of a resource.
pub(crate) type Labels = BTreeMap<String, String>;

/// Longest name of a key, without its prefix, and longest value, in characters.
const NAME_LENGTH: usize = 63;

/// Longest prefix of a key: that of a DNS name.
const PREFIX_LENGTH: usize = 253;

/// Says what is wrong with a key; `None` where nothing is.
pub(crate) fn key_fault(key: &str) -> Option<&'static str> {
    let name = match key.split_once('/') {
        Some((prefix, _)) if prefix == "hetzner.cloud" || prefix.ends_with(".hetzner.cloud") => {
            return Some("the prefix hetzner.cloud/ is reserved");
        }
        Some((prefix, name)) if is_dns_name(prefix) => name,
        Some(_) => return Some("the prefix of a label key must be a DNS name"),
        None => key,
    };
    (!is_name(name)).then_some("a label key must be 1 to 63 letters, digits, dashes, underscores and dots")
}

/// Says what is wrong with a value; `None` where nothing is.
pub(crate) fn value_fault(value: &str) -> Option<&'static str> {
    (!value.is_empty() && !is_name(value))
        .then_some("a label value must be empty or 1 to 63 letters, digits, dashes, underscores and dots")
}

/// Letters and digits at both ends; dashes, underscores and dots between them.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    bytes.len() <= NAME_LENGTH
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_dns_name(text: &str) -> bool {
    text.len() <= PREFIX_LENGTH
        && text.split('.').all(|part| {
            let bytes = part.as_bytes();
            !bytes.is_empty()
                && bytes.len() <= NAME_LENGTH
                && !part.starts_with('-')
                && !part.ends_with('-')
                && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        })
}
