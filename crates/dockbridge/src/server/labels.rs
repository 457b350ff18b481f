//! How our resources are marked in the project, so that they are found again and nothing else is ever touched.

use hcloud_client::{Architecture, LabelSelector, Labels};

/// Everything that DockBridge creates carries this label.
const MANAGED_BY: (&str, &str) = ("managed-by", "dockbridge");
/// Which installation created it: servers and keys belong to one, volumes and firewalls to the project.
const CLIENT: &str = "dockbridge/client";
/// Which processor architecture the images on a volume are for.
const ARCHITECTURE: &str = "dockbridge/architecture";

fn labels(further: &[(&str, &str)]) -> Labels {
    [MANAGED_BY].iter().chain(further).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The labels of what belongs to one installation.
pub(super) fn of_client(client: &str) -> Labels {
    labels(&[(CLIENT, client)])
}

/// The labels of what all installations of the project share.
pub(super) fn shared() -> Labels {
    labels(&[])
}

/// The labels of a volume.
pub(super) fn of_volume(architecture: &Architecture) -> Labels {
    labels(&[(ARCHITECTURE, architecture.as_str())])
}

/// Whether a resource with these labels is ours.
pub(super) fn is_managed(labels: &Labels) -> bool {
    labels.get(MANAGED_BY.0).is_some_and(|value| value == MANAGED_BY.1)
}

/// Whether a server with these labels was created by this installation.
pub(super) fn belongs_to(labels: &Labels, client: &str) -> bool {
    is_managed(labels) && labels.get(CLIENT).is_some_and(|value| value == client)
}

/// Which installation created a resource with these labels, where they say so.
pub(super) fn installation(labels: &Labels) -> Option<&str> {
    labels.get(CLIENT).map(String::as_str)
}

/// Whether a volume with these labels is ours and holds images for this architecture.
pub(super) fn is_volume_for(labels: &Labels, architecture: &Architecture) -> bool {
    is_managed(labels) && labels.get(ARCHITECTURE).is_some_and(|value| value == architecture.as_str())
}

/// Selects everything that DockBridge created in the project.
pub(super) fn managed() -> LabelSelector {
    // The key and the value are constants that follow the API's rules, which the test below holds fast.
    LabelSelector::equals(MANAGED_BY.0, MANAGED_BY.1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use hcloud_client::validate_labels;

    use super::*;

    #[test]
    fn the_labels_follow_the_apis_rules() {
        for labels in [of_client("0123456789ab"), shared(), of_volume(&Architecture::X86)] {
            validate_labels(&labels).unwrap();
            assert!(is_managed(&labels));
        }
        assert_eq!(managed().as_str(), "managed-by=dockbridge");
    }

    #[test]
    fn what_is_not_labelled_is_not_ours() {
        assert!(!is_managed(&Labels::new()));
        assert!(!belongs_to(&shared(), "0123456789ab"));
        assert!(!belongs_to(&of_client("ba9876543210"), "0123456789ab"));
        assert!(!is_volume_for(&of_volume(&Architecture::Arm), &Architecture::X86));
        let foreign: Labels = [(CLIENT.to_owned(), "0123456789ab".to_owned())].into();
        assert!(!belongs_to(&foreign, "0123456789ab"));
    }
}
