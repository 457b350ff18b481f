//! How our resources are marked in the project, so that they are found again and nothing else is ever touched.

use hcloud_client::{Architecture, LabelSelector, Labels};

use super::host_key_label;
use crate::{config::SelfDestruct, keepalive::Owner};

/// Everything that DockBridge creates carries this label.
const MANAGED_BY: (&str, &str) = ("managed-by", "dockbridge");
/// Which installation created it: servers and keys belong to one, volumes and firewalls to the project.
const CLIENT: &str = "dockbridge/client";
/// Which processor architecture the images on a volume are for.
const ARCHITECTURE: &str = "dockbridge/architecture";
/// The public host key that a server was given.
const HOST_KEY: &str = "dockbridge/host-key";
/// The name of the computer that ordered a server.
const HOST: &str = "dockbridge/host";
/// What a server does once nobody holds a lease on it.
const SELF_DESTRUCT: &str = "dockbridge/self-destruct";

fn labels(further: &[(&str, &str)]) -> Labels {
    [MANAGED_BY].iter().chain(further).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The labels of what belongs to one installation.
pub(super) fn of_client(client: &str) -> Labels {
    labels(&[(CLIENT, client)])
}

/// The labels of a server: who ordered it, how it is known for sure, and what becomes of it without a client.
pub(super) fn of_server(owner: &Owner, host_key: &str, self_destruct: SelfDestruct) -> Labels {
    // A value begins and ends with a letter or a digit.
    let host = owner.host().trim_matches(['.', '-']);
    let mut labels = labels(&[(CLIENT, owner.client_id()), (HOST, host), (SELF_DESTRUCT, self_destruct.word())]);
    labels.extend(host_key_label::encode(host_key).map(|value| (HOST_KEY.to_owned(), value)));
    labels
}

/// The public key's line that a server with these labels was given as its host key.
pub(super) fn host_key(labels: &Labels) -> Option<String> {
    labels.get(HOST_KEY).and_then(|value| host_key_label::decode(value))
}

/// The name of the computer that ordered a server with these labels.
pub(super) fn host(labels: &Labels) -> Option<&str> {
    labels.get(HOST).map(String::as_str).filter(|host| !host.is_empty())
}

/// What a server with these labels does once nobody holds a lease on it: nothing, where they do not say so.
pub(super) fn self_destruct(labels: &Labels) -> SelfDestruct {
    labels.get(SELF_DESTRUCT).and_then(|word| word.parse().ok()).unwrap_or(SelfDestruct::Off)
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
    use proptest::prelude::*;

    use super::*;

    fn server_labels(host: &str) -> Labels {
        let key = host_key_label::decode(&"a".repeat(52)).unwrap();
        of_server(&Owner::new("0123456789ab", host), &key, SelfDestruct::PowerOff)
    }

    #[test]
    fn a_servers_labels_are_read_back() {
        let labels = server_labels("laptop.example.org");
        assert!(belongs_to(&labels, "0123456789ab"));
        assert_eq!(host(&labels), Some("laptop.example.org"));
        assert_eq!(self_destruct(&labels), SelfDestruct::PowerOff);
        assert_eq!(host_key_label::encode(&host_key(&labels).unwrap()).unwrap(), "a".repeat(52));
        let older = of_client("0123456789ab");
        assert_eq!((host_key(&older), host(&older), self_destruct(&older)), (None, None, SelfDestruct::Off));
    }

    proptest! {
        // A failure is shown with its input; nothing is written into the source tree.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_name_of_a_computer_makes_labels_that_the_api_takes(host in any::<String>(), plain in "[.-]{0,3}[a-z.-]{0,70}") {
            for host in [host, plain] {
                prop_assert_eq!(validate_labels(&server_labels(&host)), Ok(()), "{}", host);
            }
        }
    }

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
