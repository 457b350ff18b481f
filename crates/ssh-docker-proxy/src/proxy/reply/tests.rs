use bytes::Bytes;

use super::*;

#[test]
fn a_refusal_reads_like_the_engines_own_errors() {
    let bytes = answer(&refusal(&Refusal::new("no \"server\"\nat all")), false, true);
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: \
         36\r\n\r\n{\"message\":\"no \\\"server\\\"\\nat all\"}\n"
    );
}

#[test]
fn headers_cannot_break_the_head_apart() {
    let broken = LocalAnswer {
        status: 200,
        reason: "OK\r\nX: y".to_owned(),
        headers: [("Api-Version", "1.47"), ("A", "b\r\nC: d"), ("E f", "g"), ("content-length", "9"), ("", "h")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body: Bytes::from_static(b"OK"),
    };
    assert_eq!(
        String::from_utf8(answer(&broken, true, false)).unwrap(),
        "HTTP/1.1 200 \r\nApi-Version: 1.47\r\nContent-Length: 2\r\n\r\n"
    );
}
