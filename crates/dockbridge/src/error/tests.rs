//! What is said to be done.

use super::*;

fn hint_for(path: &str) -> String {
    let error = SocketError::TooLong { path: path.into(), length: 120, limit: 107 };
    DockBridgeError::from(error).hint().unwrap()
}

#[test]
fn a_path_that_is_too_long_is_shortened_where_it_comes_from() {
    let control = hint_for("/a/long/way/dockbridge/control.sock");
    assert!(control.contains("XDG_STATE_HOME") && !control.contains("docker.socket_path"), "{control}");
    assert!(hint_for("/a/long/way/docker.sock").contains("docker.socket_path"));
}
