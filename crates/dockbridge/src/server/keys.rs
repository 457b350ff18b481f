//! SSH keys, made by OpenSSH's own `ssh-keygen`: the pair we log in with, and the host keys of servers.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::{process::Command, time::timeout};

use crate::config::KeyType;

/// How long generating a key may take. RSA with 4096 bits took 2 s at most where it was measured.
const BOUND: Duration = Duration::from_mins(1);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// `ssh-keygen` could not be run.
    #[error("cannot run ssh-keygen: {0}")]
    Missing(io::Error),
    /// `ssh-keygen` said no.
    #[error("ssh-keygen failed: {0}")]
    Failed(String),
    /// It took longer than a minute.
    #[error("ssh-keygen did not end within {} s", BOUND.as_secs())]
    TooSlow,
    /// A file of the pair could not be read or written.
    #[error("cannot use the key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl KeyError {
    /// The stable code shown to users and programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "ssh_keygen_missing",
            Self::Failed(_) | Self::TooSlow => "ssh_keygen_failed",
            Self::Io { .. } => "ssh_key_unusable",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Missing(_) => {
                "install OpenSSH's client (package openssh-client) and see that it is in PATH".to_owned()
            }
            Self::Failed(_) | Self::TooSlow => {
                "run `ssh-keygen -t ed25519 -f /tmp/key` to see whether it works".to_owned()
            }
            Self::Io { path, .. } => format!(
                "check that {0} and {0}.pub exist and are yours; remove both to have a new pair generated",
                path.display()
            ),
        }
    }
}

/// The pair we log in with.
#[derive(Debug, Clone)]
pub struct LoginKey {
    /// The private key's file, mode 0600.
    pub path: PathBuf,
    /// The public key's line, without a comment.
    pub public_key: String,
    /// The MD5 fingerprint as the API writes it: `aa:bb:…`.
    pub fingerprint: String,
}

/// A server's host key: generated here, handed over by cloud-init, accepted from that server alone.
#[derive(Debug, Clone)]
pub struct HostKey {
    private_key: SecretString,
    public_key: String,
}

impl HostKey {
    /// Generates one. Always Ed25519: every server that we create knows it, and it takes no time.
    pub async fn generate() -> Result<Self, KeyError> {
        let unusable = |source| KeyError::Io { path: std::env::temp_dir(), source };
        let folder = tempfile::Builder::new().prefix("dockbridge-host-key").tempdir().map_err(unusable)?;
        let path = folder.path().join("key");
        generate(KeyType::Ed25519, &path).await?;
        let read =
            |path: &Path| fs::read_to_string(path).map_err(|source| KeyError::Io { path: path.to_owned(), source });
        Ok(Self { private_key: read(&path)?.into(), public_key: public_half(&read(&path.with_extension("pub"))?) })
    }

    /// The word cloud-init has for this kind of key, as in `ed25519_private`.
    #[must_use]
    pub const fn cloud_init_name(&self) -> &'static str {
        "ed25519"
    }

    /// The private key in OpenSSH's format, for the server's user-data and nothing else.
    #[must_use]
    pub fn private_key(&self) -> &str {
        self.private_key.expose_secret()
    }

    /// The public key's line, without a comment.
    #[must_use]
    pub fn public_key(&self) -> &str {
        &self.public_key
    }
}

/// The pair at `path`, generated if neither half is there.
pub(super) async fn ensure_login_key(key_type: KeyType, path: &Path) -> Result<LoginKey, KeyError> {
    let public_path = PathBuf::from(format!("{}.pub", path.display()));
    if !path.exists() {
        // Generated beside and moved into place, private half last: a crash leaves a pair or none.
        let unusable = |source| KeyError::Io { path: path.to_owned(), source };
        let parent = path.parent().unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new().prefix(".key.").tempdir_in(parent).map_err(unusable)?;
        let fresh = folder.path().join("key");
        generate(key_type, &fresh).await?;
        fs::rename(fresh.with_extension("pub"), &public_path).map_err(unusable)?;
        fs::rename(&fresh, path).map_err(unusable)?;
    }
    read_login_key(path, &public_path).await
}

/// The user's own pair at `path`, which must exist.
pub(super) async fn own_login_key(path: &Path) -> Result<LoginKey, KeyError> {
    fs::metadata(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
    read_login_key(path, &PathBuf::from(format!("{}.pub", path.display()))).await
}

async fn read_login_key(path: &Path, public_path: &Path) -> Result<LoginKey, KeyError> {
    let text =
        fs::read_to_string(public_path).map_err(|source| KeyError::Io { path: public_path.to_owned(), source })?;
    // Prints `256 MD5:aa:bb:… comment (ED25519)`.
    let listing = run(ssh_keygen().args(["-l", "-E", "md5", "-f"]).arg(public_path)).await?;
    let fingerprint = listing
        .split_whitespace()
        .find_map(|word| word.strip_prefix("MD5:"))
        .ok_or_else(|| KeyError::Failed(format!("no fingerprint in `{}`", listing.trim())))?
        .to_owned();
    Ok(LoginKey { path: path.to_owned(), public_key: public_half(&text), fingerprint })
}

async fn generate(key_type: KeyType, path: &Path) -> Result<(), KeyError> {
    let mut command = ssh_keygen();
    command.args(["-q", "-N", "", "-C", "dockbridge"]);
    match key_type {
        KeyType::Ed25519 => command.args(["-t", "ed25519"]),
        KeyType::Rsa4096 => command.args(["-t", "rsa", "-b", "4096"]),
    };
    run(command.arg("-f").arg(path)).await.map(drop)
}

/// `ssh-keygen` with what it needs of our environment, in which the API token may be.
fn ssh_keygen() -> Command {
    let mut command = Command::new("ssh-keygen");
    command.env_clear().env("LC_ALL", "C");
    command.envs(["PATH", "HOME"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}

async fn run(command: &mut Command) -> Result<String, KeyError> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(BOUND, command.output()).await.map_err(|_| KeyError::TooSlow)?.map_err(KeyError::Missing)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(KeyError::Failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

/// Kind and key of a public key's line; the comment is nobody's business.
fn public_half(line: &str) -> String {
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_pair_is_generated_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id_ed25519");
        let first = ensure_login_key(KeyType::Ed25519, &path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(first.public_key.starts_with("ssh-ed25519 "), "{}", first.public_key);
        assert_eq!(first.fingerprint.split(':').count(), 16);
        let second = ensure_login_key(KeyType::Ed25519, &path).await.unwrap();
        assert_eq!(first.public_key, second.public_key);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing but the pair is left");
    }

    #[test]
    fn ssh_keygen_is_given_no_variable_but_those_it_needs() {
        let command = ssh_keygen();
        let names: Vec<_> = command.as_std().get_envs().map(|(name, _)| name.to_str().unwrap()).collect();
        assert!(names.iter().all(|name| ["PATH", "HOME", "LC_ALL"].contains(name)), "{names:?}");
        // A cleared environment is shown as such and in no other way.
        assert!(format!("{:?}", command.as_std()).contains("env -i"), "{command:?}");
    }

    #[tokio::test]
    async fn rsa_keys_have_4096_bits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id_rsa");
        ensure_login_key(KeyType::Rsa4096, &path).await.unwrap();
        let listing = run(ssh_keygen().arg("-l").arg("-f").arg(&path)).await.unwrap();
        assert!(listing.starts_with("4096 "), "{listing}");
    }

    #[tokio::test]
    async fn a_missing_key_of_the_users_own_is_not_generated() {
        let folder = tempfile::tempdir().unwrap();
        let error = own_login_key(&folder.path().join("id")).await.unwrap_err();
        assert_eq!(error.code(), "ssh_key_unusable");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn host_keys_differ_and_hide_their_private_half() {
        let (one, two) = (HostKey::generate().await.unwrap(), HostKey::generate().await.unwrap());
        assert_ne!(one.public_key(), two.public_key());
        let body = one.private_key().lines().nth(1).unwrap();
        assert!(!format!("{one:?}").contains(body));
    }
}
