//! Identifiers of resources, one type for each kind so that they cannot be mixed up.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The number as the API writes it, at most 2^53 - 1.
            #[must_use]
            pub fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                *id
            }
        }
    )*};
}

id! {
    /// Identifies a server.
    ServerId;
    /// Identifies a volume.
    VolumeId;
    /// Identifies an SSH key.
    SshKeyId;
    /// Identifies a firewall.
    FirewallId;
    /// Identifies an action. Real ones have fifteen digits.
    ActionId;
    /// Identifies a server type.
    ServerTypeId;
    /// Identifies a location.
    LocationId;
    /// Identifies an image.
    ImageId;
    /// Identifies a primary IP, the public address of a server.
    PrimaryIpId;
}
