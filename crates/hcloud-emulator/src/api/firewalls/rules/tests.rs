use serde_json::{Value, json};

use super::{super::super::input::Input, canonical_range, is_port_range, read};

fn faults(rules: &Value) -> bool {
    let mut input = Input::parse(json!({"rules": rules}).to_string().as_bytes()).unwrap();
    read(&mut input);
    input.finish().is_err()
}

#[test]
fn a_rule_for_ssh_is_accepted() {
    assert!(!faults(
        &json!([{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0", "::/0"]}])
    ));
    assert!(!faults(&json!([{"direction": "in", "protocol": "icmp", "source_ips": ["10.0.0.0/8"]}])));
    assert!(!faults(&json!([])));
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    for rule in [
        json!({}),
        json!("tcp"),
        json!({"direction": "in", "protocol": "tcp", "source_ips": ["0.0.0.0/0"]}),
        json!({"direction": "in", "protocol": "tcp", "port": "22"}),
        json!({"direction": "in", "protocol": "tcp", "port": 22, "source_ips": ["0.0.0.0/0"]}),
        json!({"direction": "out", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"]}),
        json!({"direction": "in", "protocol": "icmp", "port": "22", "source_ips": ["0.0.0.0/0"]}),
        json!({"direction": "in", "protocol": "http", "port": "22", "source_ips": ["0.0.0.0/0"]}),
        json!({"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0"]}),
    ] {
        assert!(faults(&json!([rule])), "{rule}");
    }
}

#[test]
fn ports_are_single_or_ranges() {
    for text in ["1", "22", "80-85", "65535", "1-65535"] {
        assert!(is_port_range(text), "{text}");
    }
    for text in ["", "0", "65536", "85-80", "80-", "-80", "a", "1-2-3"] {
        assert!(!is_port_range(text), "{text}");
    }
}

#[test]
fn ranges_become_canonical() {
    assert_eq!(canonical_range("2001:0db8::0001/128").as_deref(), Some("2001:db8::1/128"));
    assert_eq!(canonical_range("10.0.0.0/33"), None);
    assert_eq!(canonical_range("10.0.0/8"), None);
}
