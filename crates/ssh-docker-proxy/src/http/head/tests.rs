use proptest::prelude::*;

use super::*;

fn request(text: &str) -> RequestHead {
    match parse_request(text.as_bytes()) {
        Parsed::Complete(head, length) => {
            assert_eq!(length, text.len());
            head
        }
        other => panic!("{text:?} gave {other:?}"),
    }
}

#[test]
fn the_version_is_stripped_only_where_it_is_one() {
    for (target, path) in [
        ("/v1.41/containers/json?all=1", "/containers/json"),
        ("/_ping", "/_ping"),
        ("/v1.41", "/v1.41"),
        ("/version", "/version"),
        ("/volumes/v1.41/x", "/volumes/v1.41/x"),
        ("/v1/info", "/v1/info"),
        ("/v1.x/info", "/v1.x/info"),
        ("/v1.41/", "/"),
    ] {
        let head = request(&format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(head.path_without_version(), path);
    }
}

#[test]
fn headers_are_found_whatever_their_case() {
    let head = request("GET /info?x=1 HTTP/1.0\r\nhOsT: docker \r\nX-Bytes: \u{e9}\r\n\r\n");
    assert_eq!(head.header("Host"), Some("docker"));
    assert_eq!(head.header("missing"), None);
    assert_eq!((head.minor_version, head.query()), (0, "x=1"));
}

#[test]
fn what_is_not_http_1_is_opaque() {
    for bytes in [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], b"\x16\x03\x01\x02\x00", b"GET /\x00 HTTP/1.1\r\n\r\n"] {
        assert_eq!(parse_request(bytes), Parsed::Opaque, "{bytes:?}");
    }
    assert_eq!(parse_response(b"SSH-2.0-OpenSSH\r\n"), Parsed::Opaque);
}

#[test]
fn huge_heads_are_opaque_however_they_arrive() {
    let huge = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(MAX_HEAD_BYTES));
    assert_eq!(parse_request(huge.as_bytes()), Parsed::Opaque);
    assert_eq!(parse_request(&huge.as_bytes()[..=MAX_HEAD_BYTES]), Parsed::Opaque);
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(MAX_HEADERS + 1));
    assert_eq!(parse_request(many.as_bytes()), Parsed::Opaque);
}

proptest! {
    #[test]
    fn a_head_is_found_at_its_last_byte(path in "/[a-z0-9/]{0,40}", values in prop::collection::vec("[ -~]{0,30}", 0..8), tail in prop::collection::vec(any::<u8>(), 0..20)) {
        let lines = values.iter().map(|value| format!("X-Name: {value}\r\n")).collect::<Vec<_>>().concat();
        let mut bytes = format!("POST {path} HTTP/1.1\r\n{lines}\r\n").into_bytes();
        let length = bytes.len();
        for cut in 0..length {
            prop_assert_eq!(parse_request(&bytes[..cut]), Parsed::Partial);
        }
        bytes.extend(tail);
        prop_assert!(matches!(parse_request(&bytes), Parsed::Complete(_, found) if found == length));
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_request(&bytes);
        let _ = parse_response(&bytes);
    }
}
