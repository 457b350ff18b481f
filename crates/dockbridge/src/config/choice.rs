//! Settings that are one word out of a few.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};

/// Declares an enum whose variants are words, read and shown alike from files and variables.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every word that is allowed.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word as it stands in a configuration file.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!("`{other}` is not allowed here, choose from: {}", Self::WORDS.join(", "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

choice! {
    /// The kind of SSH key pair that is generated.
    KeyType {
        /// Small, fast and what OpenSSH generates by default.
        Ed25519 = "ed25519",
        /// RSA with 4096 bits, for rules that demand it; takes up to some seconds to generate.
        Rsa4096 = "rsa-4096",
    }
}

choice! {
    /// What containers that run without a client mean for an idle server.
    RunningContainers {
        /// Nothing: only clients count.
        Ignore = "ignore",
        /// They count while they use the processor.
        Busy = "busy",
        /// They count for as long as they run.
        Keep = "keep",
    }
}

choice! {
    /// What a server does whose client is not heard of any more.
    SelfDestruct {
        /// It deletes itself through the API, for which it is given the token.
        Delete = "delete",
        /// It powers off, which keeps the token at home. It is billed until the next start deletes it.
        PowerOff = "poweroff",
        /// Nothing: it runs, and is billed, until a client ends it.
        Off = "off",
    }
}

choice! {
    /// How much is logged.
    LogLevel {
        /// Only what failed.
        Error = "error",
        /// What failed and what looks wrong.
        Warn = "warn",
        /// What a user wants to know.
        Info = "info",
        /// What somebody who looks for a fault wants to know.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

choice! {
    /// The form of a log line.
    LogFormat {
        /// For people.
        Text = "text",
        /// A JSON object a line, for programs.
        Json = "json",
    }
}
