use super::*;

fn kind(method: &str, target: &str) -> Kind {
    Kind::of(&RequestHead { method: method.to_owned(), target: target.to_owned(), ..RequestHead::opaque() })
}

/// With and without a version and a query, which change nothing.
fn all(expected: Kind, requests: &[(&str, &str)]) {
    for (method, path) in requests {
        for target in [(*path).to_owned(), format!("/v1.41{path}"), format!("{path}?a=/b"), format!("/v1.9{path}?c")] {
            assert_eq!(kind(method, &target), expected, "{method} {target}");
        }
    }
}

#[test]
fn a_ping_is_a_probe() {
    all(Kind::Probe, &[("GET", "/_ping"), ("HEAD", "/_ping")]);
    assert!(!Kind::Probe.counts() && Kind::Watch.counts() && Kind::Work.counts());
}

#[test]
fn what_watches_or_waits_is_no_work() {
    all(
        Kind::Watch,
        &[
            ("GET", "/events"),
            ("GET", "/containers/c/logs"),
            ("GET", "/containers/c/stats"),
            ("POST", "/containers/c/attach"),
            ("GET", "/containers/c/attach/ws"),
            ("POST", "/containers/c/wait"),
            ("POST", "/containers/c/resize"),
            ("POST", "/exec/e/start"),
            ("POST", "/exec/e/resize"),
            ("GET", "/services/s/logs"),
            ("GET", "/tasks/t/logs"),
        ],
    );
}

#[test]
fn everything_else_is_work() {
    all(
        Kind::Work,
        &[
            ("POST", "/build"),
            ("POST", "/build/prune"),
            ("POST", "/session"),
            ("POST", "/grpc"),
            ("POST", "/images/create"),
            ("POST", "/images/registry.example/a/b/push"),
            ("POST", "/images/load"),
            ("GET", "/images/get"),
            ("GET", "/images/a/get"),
            ("POST", "/commit"),
            ("GET", "/containers/c/export"),
            ("GET", "/containers/c/archive"),
            ("PUT", "/containers/c/archive"),
            ("POST", "/containers/create"),
            ("POST", "/containers/c/start"),
            ("POST", "/containers/c/stop"),
            ("POST", "/containers/c/exec"),
            ("DELETE", "/containers/c"),
            ("GET", "/containers/json"),
            ("POST", "/system/prune"),
            ("POST", "/plugins/registry.example/p/upgrade"),
            // What looks alike and is something else.
            ("POST", "/_ping"),
            ("GET", "/_ping/x"),
            ("GET", "/_ping/"),
            ("GET", "/events/x"),
            ("GET", "/events/"),
            ("POST", "/containers/c/logs"),
            ("GET", "/containers/c/wait"),
            ("GET", "/containers/c/attach"),
            ("GET", "/containers/c/attach/wss"),
            ("GET", "/containers/c/attach/ws/x"),
            ("GET", "/containers/c/d/logs"),
            ("POST", "/exec/e/start/now"),
            ("GET", "/exec/e/start"),
            ("GET", "/x/containers/c/logs"),
            ("GET", "/nodes/n/logs"),
            ("BREW", "/coffee"),
        ],
    );
    for (method, target) in [("GET", "/"), ("OPTIONS", "*"), ("GET", "http://docker/_ping"), ("GET", "/v1/_ping")] {
        assert_eq!(kind(method, target), Kind::Work, "{method} {target}");
    }
    assert_eq!(Kind::of(&RequestHead::opaque()), Kind::Work);
}
