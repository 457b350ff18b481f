//! A firewall as the API sends it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    labels::Labels,
    state::{Firewall, Rule, State as Project, Target},
};

#[derive(Serialize)]
pub(super) struct Wire<'a> {
    id: u64,
    name: &'a str,
    labels: &'a Labels,
    created: Timestamp,
    rules: &'a [Rule],
    applied_to: Vec<Value>,
}

impl<'a> Wire<'a> {
    pub(super) fn of(project: &Project, firewall: &'a Firewall) -> Self {
        Self {
            id: firewall.id,
            name: &firewall.name,
            labels: &firewall.labels,
            created: firewall.created,
            rules: &firewall.rules,
            applied_to: firewall.targets.iter().map(|target| applied(project, target)).collect(),
        }
    }
}

fn applied(project: &Project, target: &Target) -> Value {
    match target {
        Target::Server(id) => json!({"type": "server", "server": {"id": id}}),
        Target::Labels { text, selector } => {
            let servers: Vec<Value> = project
                .servers
                .values()
                .filter(|each| selector.matches(&each.labels))
                .map(|each| json!({"type": "server", "server": {"id": each.id}}))
                .collect();
            json!({
                "type": "label_selector",
                "label_selector": {"selector": text},
                "applied_to_resources": servers,
            })
        }
    }
}
