use super::*;

fn headers(limit: &str, remaining: &str, reset: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("RateLimit-Limit", limit.parse().unwrap());
    headers.insert("RateLimit-Remaining", remaining.parse().unwrap());
    headers.insert("RateLimit-Reset", reset.parse().unwrap());
    headers
}

#[test]
fn the_three_headers_are_read() {
    let parsed = RateLimit::from_headers(&headers("3600", "3599", "1731000000")).unwrap();
    assert_eq!(parsed.limit, 3600);
    assert_eq!(parsed.remaining, 3599);
    assert_eq!(parsed.full_at.to_string(), "2024-11-07T17:20:00Z");
}

#[test]
fn headers_that_make_no_sense_are_as_good_as_none() {
    assert_eq!(RateLimit::from_headers(&HeaderMap::new()), None);
    assert_eq!(RateLimit::from_headers(&headers("many", "3599", "1731000000")), None);
    assert_eq!(RateLimit::from_headers(&headers("3600", "-1", "1731000000")), None);
    assert_eq!(RateLimit::from_headers(&headers("3600", "1", "9223372036854775807")), None);
}
