use proptest::prelude::*;

use super::*;

#[test]
fn a_selector_joins_its_labels_with_commas() {
    let selector = LabelSelector::equals("managed-by", "me").unwrap().and("example.org/x_y", "").unwrap();
    assert_eq!(selector.as_str(), "managed-by=me,example.org/x_y=");
    assert_eq!(LabelSelector::default().and("a", "b").unwrap().to_string(), "a=b");
}

#[test]
fn keys_and_values_follow_the_documented_rules() {
    let longest = "a".repeat(63);
    let too_long = "a".repeat(64);
    for key in ["a", "A-1_b.c", "example.org/name", longest.as_str()] {
        assert_eq!(validate_key(key), Ok(()), "{key}");
    }
    for key in ["", "-a", "a-", "a b", "a=b", "a,b", "/a", "a/", "a/b/c", "_x.org/a", "ä", too_long.as_str()] {
        assert_eq!(validate_key(key), Err(LabelError::Key(key.to_owned())), "{key}");
    }
    for value in ["", "1", "2026-11-23", longest.as_str()] {
        assert_eq!(validate_value("k", value), Ok(()), "{value}");
    }
    for value in ["a,b", "a/b", ".", "a ", too_long.as_str()] {
        assert!(matches!(validate_value("k", value), Err(LabelError::Value { .. })), "{value}");
    }
}

#[test]
fn a_prefix_has_its_own_limit() {
    let part = "a".repeat(49);
    let longest = [part.as_str(); 5].join(".") + ".aaa";
    assert_eq!(longest.len(), 253);
    assert_eq!(validate_key(&format!("{longest}/name")), Ok(()));
    assert!(validate_key(&format!("{longest}a/name")).is_err());
}

#[test]
fn keys_of_hetzner_are_reserved() {
    let labels = |key: &str| Labels::from([(key.to_owned(), "x".to_owned())]);
    assert_eq!(validate_labels(&labels("hetzner.cloud/x")), Err(LabelError::Reserved("hetzner.cloud/x".to_owned())));
    assert_eq!(validate_labels(&labels("not-hetzner.cloud/x")), Ok(()));
}

proptest! {
    // A failure is shown with its input; nothing is written into the source tree.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is accepted can be written into a selector without changing what the selector means.
    #[test]
    fn accepted_labels_cannot_break_out_of_a_selector(key in ".{0,12}", value in ".{0,12}") {
        if let Ok(selector) = LabelSelector::equals(&key, &value) {
            let (k, v) = selector.as_str().split_once('=').unwrap();
            prop_assert_eq!((k, v), (key.as_str(), value.as_str()));
            prop_assert!(!v.contains(['=', ',', ' ', '(', ')', '!']) && !k.contains([',', ' ', '(', ')', '!']));
        }
    }
}
