use proptest::prelude::*;

use super::{Labels, Selector, key_fault, value_fault};

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn selects(selector: &str, pairs: &[(&str, &str)]) -> bool {
    Selector::parse(selector).unwrap().matches(&labels(pairs))
}

#[test]
fn every_form_selects_what_it_says() {
    let production = [("env", "production"), ("tier", "web"), ("empty", "")];
    for selector in [
        "",
        "env",
        "env=production",
        "env==production",
        " env = production ",
        "env!=testing",
        "missing!=x",
        "!missing",
        "! missing",
        "env in (testing,production)",
        "env in(production)",
        "env notin (testing, staging)",
        "missing notin (a)",
        "empty=",
        "env=production,!missing,tier in (web,db)",
    ] {
        assert!(selects(selector, &production), "{selector}");
    }
    for selector in [
        "missing",
        "env=testing",
        "env!=production",
        "!env",
        "env in (testing)",
        "missing in (a)",
        "env notin (production)",
        "env=production,missing",
    ] {
        assert!(!selects(selector, &production), "{selector}");
    }
}

#[test]
fn a_key_may_have_a_dns_prefix() {
    assert!(selects("example.com/role=db", &[("example.com/role", "db")]));
    assert!(selects("in=in", &[("in", "in")]));
}

#[test]
fn what_cannot_be_read_is_refused() {
    for selector in
        [",", "a,", "=b", "a=b=c", "a in b", "a in (b", "a in b)", "a in ((b))", "a ? b", "-a", "a=-b", "a b", "!", "ä"]
    {
        assert!(Selector::parse(selector).is_err(), "{selector}");
    }
}

#[test]
fn keys_and_values_follow_the_documented_rules() {
    for key in ["a", "a-b_c.d", "example.com/a", &"a".repeat(63)] {
        assert_eq!(key_fault(key), None, "{key}");
    }
    for key in ["", "-a", "a-", "a b", "hetzner.cloud/a", "/a", "a/", "a/b/c", "-x/a", &"a".repeat(64)] {
        assert!(key_fault(key).is_some(), "{key}");
    }
    assert_eq!(value_fault(""), None);
    assert!(value_fault("a/b").is_some());
    assert!(value_fault(&"v".repeat(64)).is_some());
}

proptest! {
    #[test]
    fn the_parser_never_panics(text in "\\PC*") {
        let _ = Selector::parse(&text);
    }

    #[test]
    fn the_parser_never_panics_on_selector_like_text(text in "[a-z!=(), in]{0,40}") {
        let _ = Selector::parse(&text);
    }

    #[test]
    fn equality_selects_exactly_the_same_value(key in "[a-z]{1,8}", one in "[a-z0-9]{0,4}", two in "[a-z0-9]{0,4}") {
        let selector = Selector::parse(&format!("{key}={one}")).unwrap();
        prop_assert_eq!(selector.matches(&labels(&[(&key, &two)])), one == two);
        let opposite = Selector::parse(&format!("{key}!={one}")).unwrap();
        prop_assert_eq!(opposite.matches(&labels(&[(&key, &two)])), one != two);
    }
}
