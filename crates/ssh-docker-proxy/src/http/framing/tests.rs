use super::*;
use crate::http::head::{Parsed, parse_request, parse_response};

fn request(line: &str, headers: &str) -> RequestHead {
    match parse_request(format!("{line} HTTP/1.1\r\n{headers}\r\n").as_bytes()) {
        Parsed::Complete(head, _) => head,
        other => panic!("{line} gave {other:?}"),
    }
}

fn response(line: &str, headers: &str) -> ResponseHead {
    match parse_response(format!("{line}\r\n{headers}\r\n").as_bytes()) {
        Parsed::Complete(head, _) => head,
        other => panic!("{line} gave {other:?}"),
    }
}

#[test]
fn requests_are_framed_by_their_headers() {
    let cases = [
        ("", Framing::Length(0)),
        ("Content-Length: 17\r\n", Framing::Length(17)),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", Framing::Length(5)),
        ("transfer-encoding: Chunked\r\n", Framing::Chunked),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", Framing::Opaque),
        ("Content-Length: +5\r\n", Framing::Opaque),
        ("Content-Length: 5, 5\r\n", Framing::Opaque),
        ("Content-Length:\r\n", Framing::Opaque),
        ("Content-Length: 99999999999999999999\r\n", Framing::Opaque),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Framing::Opaque),
        ("Transfer-Encoding: gzip, chunked\r\n", Framing::Opaque),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Framing::Opaque),
        ("Transfer-Encoding: \u{b}chunked\r\n", Framing::Opaque),
    ];
    for (headers, framing) in cases {
        // A parser that refuses the header altogether is as good as one that does not understand it.
        let found = match parse_request(format!("POST /x HTTP/1.1\r\n{headers}\r\n").as_bytes()) {
            Parsed::Complete(head, _) => head.framing(),
            Parsed::Opaque => Framing::Opaque,
            Parsed::Partial => panic!("{headers:?} is complete"),
        };
        assert_eq!(found, framing, "{headers:?}");
    }
    assert_eq!(RequestHead::opaque().framing(), Framing::Opaque);
}

#[test]
fn answers_are_framed_by_status_method_and_headers() {
    let get = request("GET /x", "");
    let head = request("HEAD /_ping", "");
    assert_eq!(response("HTTP/1.1 200 OK", "Content-Length: 3\r\n").framing(&get), Framing::Length(3));
    assert_eq!(response("HTTP/1.1 200 OK", "Content-Length: 3\r\n").framing(&head), Framing::Length(0));
    assert_eq!(response("HTTP/1.1 204 No Content", "").framing(&get), Framing::Length(0));
    assert_eq!(response("HTTP/1.1 304 Not Modified", "Content-Length: 9\r\n").framing(&get), Framing::Length(0));
    assert_eq!(response("HTTP/1.1 200 OK", "").framing(&get), Framing::UntilClose);
    assert_eq!(response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked\r\n").framing(&get), Framing::Chunked);
    assert_eq!(response("HTTP/1.0 200 OK", "Transfer-Encoding: chunked\r\n").framing(&get), Framing::Opaque);
}

#[test]
fn a_takeover_is_an_upgrade_or_a_plain_answer_to_attach_and_exec() {
    let raw = response("HTTP/1.1 200 OK", "Content-Type: application/vnd.docker.raw-stream\r\n");
    let attach = request("POST /v1.41/containers/a1/attach?stream=1", "");
    let exec = request("POST /exec/ff/start", "Content-Length: 2\r\n");
    assert!(raw.takes_over(&attach) && raw.takes_over(&exec));
    assert!(!raw.takes_over(&request("GET /containers/a1/attach", "")));
    assert!(!raw.takes_over(&request("POST /v1.41/containers/a1/start", "")));
    assert!(!response("HTTP/1.1 200 OK", "Content-Length: 0\r\n").takes_over(&exec));
    assert!(!response("HTTP/1.1 404 Not Found", "").takes_over(&attach));
    assert!(response("HTTP/1.1 101 UPGRADED", "").takes_over(&request("POST /session", "Upgrade: h2c\r\n")));
    assert!(raw.takes_over(&request("CONNECT x:1", "")));
}

#[test]
fn the_engine_says_when_it_closes() {
    assert!(!response("HTTP/1.1 200 OK", "").closes());
    assert!(response("HTTP/1.1 200 OK", "Connection: x, Close\r\n").closes());
    assert!(response("HTTP/1.0 200 OK", "").closes());
    assert!(!response("HTTP/1.0 200 OK", "Connection: keep-alive\r\n").closes());
    assert!(response("HTTP/1.1 100 Continue", "").is_interim());
    assert!(!response("HTTP/1.1 101 UPGRADED", "").is_interim());
}
