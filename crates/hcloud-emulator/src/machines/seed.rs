//! What a machine's cloud-init finds: the `NoCloud` seed. The machine's metadata service hands it out, too.

use std::path::Path;

use serde_json::json;

use super::{MachineError, MachineSpec, tool::io_failed};

/// Where cloud-init's `NoCloud` source looks, inside the machine.
pub(super) const DIRECTORY: &str = "/var/lib/cloud/seed/nocloud";

/// Writes the seed's files into `directory`. The user data is written byte for byte.
pub(super) fn write(directory: &Path, spec: &MachineSpec) -> Result<(), MachineError> {
    let doing = format!("boot server {}", spec.server_id);
    std::fs::create_dir_all(directory).map_err(io_failed(&doing, directory))?;
    let files = [
        ("user-data", spec.user_data.clone().unwrap_or_default()),
        ("meta-data", meta_data(spec)),
        // For the metadata service alone, which has a path of its own for it.
        ("instance-id", spec.server_id.to_string()),
    ];
    for (name, content) in files {
        let path = directory.join(name);
        std::fs::write(&path, content).map_err(io_failed(&doing, &path))?;
    }
    Ok(())
}

/// The metadata, in JSON, which is YAML too.
fn meta_data(spec: &MachineSpec) -> String {
    json!({
        "instance-id": spec.server_id.to_string(),
        "local-hostname": spec.name,
        "public-keys": spec.ssh_keys.iter().map(|key| key.trim()).collect::<Vec<_>>(),
    })
    .to_string()
}

#[cfg(test)]
mod tests;
