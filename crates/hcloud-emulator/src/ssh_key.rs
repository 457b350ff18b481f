//! OpenSSH public keys: whether a line is one, and its fingerprint as the API shows it.

#[cfg(test)]
mod tests;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};

/// Key types that an OpenSSH server of today accepts.
const ALGORITHMS: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Length of an Ed25519 public key, in bytes (RFC 8032).
const ED25519_LENGTH: usize = 32;

/// The MD5 fingerprint of the key in a public key line, in hexadecimal with colons; `None` where it is not a key.
pub(crate) fn fingerprint(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let algorithm = words.next()?;
    if !ALGORITHMS.contains(&algorithm) || line.trim().contains('\n') {
        return None;
    }
    let blob = STANDARD.decode(words.next()?).ok()?;
    let (name, rest) = take_string(&blob)?;
    if name != algorithm.as_bytes() {
        return None;
    }
    let (key, rest) = take_string(rest)?;
    let complete = match algorithm {
        "ssh-ed25519" => key.len() == ED25519_LENGTH && rest.is_empty(),
        "ssh-rsa" => {
            !key.is_empty() && take_string(rest).is_some_and(|(modulus, rest)| !modulus.is_empty() && rest.is_empty())
        }
        _ => !key.is_empty() && take_string(rest).is_some(),
    };
    complete.then(|| colon_hex(&Md5::digest(&blob)))
}

/// Takes a length-prefixed string off the front, as RFC 4251 section 5 encodes it.
fn take_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn colon_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}
