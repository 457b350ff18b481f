//! Everything DockBridge takes from its surroundings, gathered once and handed down, so that a test can bring its own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Environment variables and the directories that follow from them.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    working_dir: PathBuf,
}

/// Shows the names of variables alone: some of their values are secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        f.debug_struct("Environment").field("variables", &names).field("working_dir", &self.working_dir).finish()
    }
}

impl Environment {
    /// Reads the process's environment and working directory. Variables that are not UTF-8 are left out, since no
    /// setting of ours can be one of them.
    #[must_use]
    pub fn from_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { variables, working_dir: std::env::current_dir().unwrap_or_default() }
    }

    /// Builds an environment out of pairs, for a caller that brings its own.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, working_dir: &Path) -> Self {
        let variables = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { variables, working_dir: working_dir.to_owned() }
    }

    /// The value of a variable; an empty one counts as unset, as the XDG specification asks.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Names of all variables that are set and start with `prefix`.
    pub fn names_with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.variables.keys().map(String::as_str).filter(move |name| name.starts_with(prefix))
    }

    /// The folder the command was started in.
    #[must_use]
    pub fn working_dir(&self) -> &Path {
        &self.working_dir
    }

    /// `$XDG_CONFIG_HOME/dockbridge`, by default `~/.config/dockbridge`; `None` without a home.
    #[must_use]
    pub fn config_dir(&self) -> Option<PathBuf> {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// `$XDG_STATE_HOME/dockbridge`, by default `~/.local/state/dockbridge`; `None` without a home.
    #[must_use]
    pub fn state_dir(&self) -> Option<PathBuf> {
        self.xdg("XDG_STATE_HOME", ".local/state")
    }

    /// Where private sockets go: `$XDG_RUNTIME_DIR`, else the temporary directory. Kept apart from the state directory,
    /// since the path of a Unix socket holds 107 bytes at most (`unix(7)`).
    #[must_use]
    pub fn runtime_dir(&self) -> PathBuf {
        self.absolute("XDG_RUNTIME_DIR").or_else(|| self.absolute("TMPDIR")).unwrap_or_else(|| PathBuf::from("/tmp"))
    }

    /// The path with a leading `~/` put in place of the home directory.
    #[must_use]
    pub fn expand(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), self.absolute("HOME")) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    fn xdg(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let base = self.absolute(variable).or_else(|| Some(self.absolute("HOME")?.join(below_home)))?;
        Some(base.join("dockbridge"))
    }

    /// Relative values are invalid by the XDG specification and ignored.
    fn absolute(&self, variable: &str) -> Option<PathBuf> {
        self.var(variable).map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        let environment = Environment::from_pairs([("HETZNER_API_TOKEN", "precious")], Path::new("/work"));
        let shown = format!("{environment:?}");
        assert!(shown.contains("HETZNER_API_TOKEN") && !shown.contains("precious"), "{shown}");
    }
}
