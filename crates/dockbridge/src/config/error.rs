//! What can be wrong with a configuration.

use std::path::PathBuf;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No API token was found anywhere.
    #[error("no Hetzner Cloud API token is configured")]
    NoToken,
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not valid: a typing error, an unknown key or a value of the wrong kind.
    #[error("{path} is not valid: {reason}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The parser's message, with line and column.
        reason: String,
    },
    /// An environment variable holds a value that cannot be used.
    #[error("the environment variable {name} cannot be used: {reason}")]
    Variable {
        /// The variable's name.
        name: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// A setting has a value out of its range.
    #[error("{key} cannot be used: {reason}")]
    Setting {
        /// The key, such as `hetzner.volume_size`.
        key: &'static str,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// An argument of a command cannot be used.
    #[error("`dockbridge {command}` cannot be carried out: {reason}")]
    Argument {
        /// The command.
        command: &'static str,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// The file holds a token and others can read it.
    #[error("{path} holds an API token and can be read by other users (mode {mode:04o})")]
    TokenExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Neither `HOME` nor an XDG directory is set, so there is no place for keys and state.
    #[error("there is no home directory to keep keys and state in")]
    NoHome,
}

impl ConfigError {
    /// The stable code shown to users and programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::Unreadable { .. } => "config_unreadable",
            Self::Invalid { .. } => "config_invalid",
            Self::Variable { .. } => "environment_invalid",
            Self::Setting { .. } => "setting_invalid",
            Self::Argument { .. } => "argument_invalid",
            Self::TokenExposed { .. } => "token_exposed",
            Self::NoHome => "no_home",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoToken => "create a token with read and write permission in the Hetzner Console (your project, \
                 Security, API tokens) and set it: export HETZNER_API_TOKEN=…"
                .to_owned(),
            Self::Unreadable { path, .. } => {
                format!("check that {} exists and that you may read it", path.display())
            }
            Self::Invalid { .. } => "see dockbridge.example.yaml for every key with its default".to_owned(),
            Self::Variable { name, .. } => format!("correct it, or `unset {name}`"),
            Self::Setting { .. } => "see dockbridge.example.yaml for what is allowed".to_owned(),
            Self::Argument { command, .. } => format!("see `dockbridge help {command}`"),
            Self::TokenExposed { path, .. } => {
                format!("run `chmod 600 {}`, or set HETZNER_API_TOKEN instead", path.display())
            }
            Self::NoHome => "set HOME, or XDG_STATE_HOME and XDG_CONFIG_HOME".to_owned(),
        }
    }
}
