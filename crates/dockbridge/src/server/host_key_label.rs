//! A server's public host key in the form of a label's value, so that another installation can know the server for sure.
//!
//! A label's value holds 63 characters at most and none of base64's `+`, `/` and `=`, so the 32 bytes of an Ed25519 key are
//! written in base32, lower-case and without padding: 52 characters.

use data_encoding::{BASE32_NOPAD, BASE64};

/// What stands before the 32 bytes in the binary form of an Ed25519 public key: the length and the name of the kind, and
/// the length of the key (RFC 8709, section 4, in the notation of RFC 4251, section 5).
const PREFIX: [u8; 19] = *b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20";
/// The size of an Ed25519 public key in bytes (RFC 8032, section 5.1.5).
const KEY_LENGTH: usize = 32;
/// The word before an Ed25519 public key in OpenSSH's files.
const KIND: &str = "ssh-ed25519";

/// The label's value for a public key's line; `None` for a line that is no Ed25519 key.
pub(super) fn encode(line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    let blob = words.next().filter(|kind| *kind == KIND).and_then(|_| words.next())?;
    let blob = BASE64.decode(blob.as_bytes()).ok()?;
    let key = blob.strip_prefix(&PREFIX).filter(|key| key.len() == KEY_LENGTH)?;
    Some(BASE32_NOPAD.encode(key).to_ascii_lowercase())
}

/// The public key's line, without a comment, for a label's value; `None` for a value that `encode` never makes.
pub(super) fn decode(value: &str) -> Option<String> {
    if value.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let key = BASE32_NOPAD.decode(value.to_ascii_uppercase().as_bytes()).ok()?;
    (key.len() == KEY_LENGTH).then(|| format!("{KIND} {}", BASE64.encode(&[&PREFIX, key.as_slice()].concat())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::server::HostKey;

    #[tokio::test]
    async fn a_key_of_openssh_comes_back_as_it_was() {
        let key = HostKey::generate().await.unwrap();
        let value = encode(key.public_key()).unwrap();
        assert_eq!(value.len(), 52);
        assert_eq!(decode(&value).unwrap(), key.public_key());
        assert_eq!(encode(&format!("{} with a comment\n", key.public_key())).unwrap(), value);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let right = BASE32_NOPAD.encode(&[7; 32]).to_ascii_lowercase();
        assert!(decode(&right).is_some());
        for value in
            ["", "a", "rsa", &right[1..], &right.to_uppercase(), &format!("{right}aa"), &right.replace('a', "1")]
        {
            assert_eq!(decode(value), None, "{value}");
        }
        for line in ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa AAAAB3NzaC1yc2E=", "ssh-ed25519 !"] {
            assert_eq!(encode(line), None, "{line}");
        }
    }

    proptest! {
        // A failure is shown with its input; nothing is written into the source tree.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_key_comes_back(key in any::<[u8; 32]>()) {
            let value = BASE32_NOPAD.encode(&key).to_ascii_lowercase();
            let line = decode(&value).unwrap();
            prop_assert_eq!(encode(&line).unwrap(), value);
        }

        #[test]
        fn no_text_is_read_as_something_that_it_is_not(value in "[a-z2-7]{48,54}") {
            // The last character of 52 carries four bits that mean nothing and must be zero, so not every such text is a key.
            if let Some(line) = decode(&value) {
                prop_assert_eq!(encode(&line), Some(value));
            }
        }
    }
}
