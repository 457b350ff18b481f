//! What is destroyed, and what is left to whom.

use serde_json::json;

use super::*;

fn lease(client_id: &str, host: &str, remaining_seconds: u64) -> ForeignLease {
    ForeignLease { client_id: client_id.to_owned(), host: host.to_owned(), remaining_seconds }
}

#[test]
fn what_others_hold_is_left_to_them_whoever_ordered_it() {
    let others = vec![lease("ba9876543210", "desk", 200)];
    for shared in [false, true] {
        let left = left_to(shared, Rights::Shared(others.clone()), vec![lease("0123456789ab", "laptop", 0)]);
        assert_eq!(left, Some(others.clone()));
    }
}

#[test]
fn what_is_ours_alone_is_destroyed() {
    for shared in [false, true] {
        assert_eq!(left_to(shared, Rights::OursAlone, vec![lease("0123456789ab", "laptop", 0)]), None);
    }
}

#[test]
fn where_it_is_not_known_only_what_was_never_shared_is_destroyed() {
    let seen = vec![lease("ba9876543210", "desk", 0)];
    assert_eq!(left_to(false, Rights::Unknown, seen.clone()), None);
    assert_eq!(left_to(true, Rights::Unknown, seen.clone()), Some(seen));
}

#[test]
fn who_ordered_a_server_is_known_by_its_labels_or_its_name() {
    let name = "dockbridge-ba9876543210-c0ffee";
    assert_eq!(orderer(name, None), lease("ba9876543210", "unknown", 0));
    let server: Server = serde_json::from_value(json!({
        "id": 7, "name": name, "status": "running", "created": "2026-11-23T10:00:00Z",
        "server_type": {"id": 1, "name": "cx33"}, "location": {"id": 1, "name": "fsn1"},
        "labels": {"dockbridge/client": "ba9876543210", "dockbridge/host": "desk"},
    }))
    .unwrap();
    assert_eq!(orderer(name, Some(&server)), lease("ba9876543210", "desk", 0));
}
