//! Who holds a lease.

/// The longest host name that is sent, in bytes: that of one label of a domain name (RFC 1035, section 2.3.4).
const HOST_MAX: usize = 63;

/// Whose lease it is: the installation, and the computer that people know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    client_id: String,
    host: String,
}

impl Owner {
    /// The owner with this installation's id and this computer's name. What could mean something to a shell or in the
    /// monitor's files is left out of the name, and what could look like an option or a hidden file at its beginning; a
    /// name of which nothing is left becomes `unknown`.
    #[must_use]
    pub fn new(client_id: impl Into<String>, host: &str) -> Self {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let plain: String =
            host.chars().filter(is_plain).skip_while(|c| matches!(c, '.' | '-')).take(HOST_MAX).collect();
        let host = if plain.is_empty() { "unknown".to_owned() } else { plain };
        Self { client_id: client_id.into(), host }
    }

    /// The id of the installation.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The computer's name: letters, digits, dots and hyphens, 63 at most.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_made_plain() {
        for (host, plain) in [
            ("laptop.example.org", "laptop.example.org"),
            ("Anna's Laptop", "AnnasLaptop"),
            ("$(reboot);`x`\n", "rebootx"),
            ("Büro", "Bro"),
            ("-n.local", "n.local"),
            ("", "unknown"),
            ("日本", "unknown"),
        ] {
            assert_eq!(Owner::new("c0ffee", host).host(), plain);
        }
    }

    proptest! {
        #[test]
        fn no_name_is_empty_long_or_special(host in any::<String>()) {
            let owner = Owner::new("c0ffee", &host);
            prop_assert!((1..=HOST_MAX).contains(&owner.host().len()));
            prop_assert!(owner.host().bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b)));
            prop_assert!(!owner.host().starts_with(['.', '-']));
        }
    }
}
