use super::*;

fn parse(text: &str) -> Endpoint {
    text.parse().unwrap()
}

#[test]
fn the_built_in_address_is_what_its_text_parses_to() {
    assert_eq!(Endpoint::hetzner(), parse(HETZNER_ENDPOINT));
    assert!(!Endpoint::hetzner().is_plaintext());
    assert!(!Endpoint::hetzner().is_loopback());
}

#[test]
fn slashes_at_the_end_make_no_difference() {
    assert_eq!(parse("http://127.0.0.1:8080/v1/").as_str(), "http://127.0.0.1:8080/v1");
    assert_eq!(parse("http://127.0.0.1:8080/").as_str(), "http://127.0.0.1:8080");
    assert_eq!(parse(" http://127.0.0.1:8080\n").to_string(), "http://127.0.0.1:8080");
}

#[test]
fn plaintext_and_loopback_are_told() {
    for (address, plaintext, loopback) in [
        ("http://127.0.0.1:1/v1", true, true),
        ("http://127.8.9.10", true, true),
        ("http://[::1]:1/v1", true, true),
        ("https://localhost/v1", false, true),
        ("http://LOCALHOST", true, true),
        ("http://10.0.0.1", true, false),
        ("http://localhost.example.org", true, false),
        ("https://127.0.0.1.example.org", false, false),
    ] {
        let endpoint = parse(address);
        assert_eq!(endpoint.is_plaintext(), plaintext, "{address}");
        assert_eq!(endpoint.is_loopback(), loopback, "{address}");
    }
}

#[test]
fn what_is_no_base_address_is_refused() {
    let error = |text: &str| text.parse::<Endpoint>().unwrap_err();
    assert!(matches!(error("api.hetzner.cloud"), EndpointError::NotAUrl(_)));
    assert!(matches!(error("https://"), EndpointError::NotAUrl(_)));
    assert_eq!(error("ftp://example.org"), EndpointError::Scheme("ftp".to_owned()));
    assert_eq!(error("https://me:secret@example.org"), EndpointError::Credentials);
    assert_eq!(error("https://example.org/?a=b"), EndpointError::QueryOrFragment);
    assert_eq!(error("https://example.org/#a"), EndpointError::QueryOrFragment);
}
