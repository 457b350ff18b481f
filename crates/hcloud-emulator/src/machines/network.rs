//! The network of one machine, as a cable that can be pulled: packets vanish in both directions, and nobody is told.
//!
//! The machine's own packet filter does it, in a table that no engine inside the machine uses. Only the machine's way to
//! the API stays open, so that what a server does by itself can be seen while nobody reaches it.

use std::net::SocketAddr;

/// The chains in which the machine's packets are dropped.
const CHAIN: &str = "cable-pulled";

/// A script that cuts the machine off from all but the API. It can be repeated.
pub(super) fn cut(api: Option<SocketAddr>) -> String {
    let (from, to) = api.map_or_else(Default::default, |api| {
        let (address, port) = (api.ip(), api.port());
        (
            format!("-A {CHAIN}-in -p tcp -s {address} --sport {port} -j RETURN\n"),
            format!("-A {CHAIN}-out -p tcp -d {address} --dport {port} -j RETURN\n"),
        )
    });
    format!(
        "{}iptables-restore --wait --noflush <<'RULES'\n*mangle\n:{CHAIN}-in - [0:0]\n:{CHAIN}-out - [0:0]\n\
         {from}-A {CHAIN}-in -j DROP\n{to}-A {CHAIN}-out -j DROP\n\
         -I PREROUTING -i eth0 -j {CHAIN}-in\n-I POSTROUTING -o eth0 -j {CHAIN}-out\nCOMMIT\nRULES\n",
        restore()
    )
}

/// A script that undoes [`cut`]. It can be repeated, and can come first.
pub(super) fn restore() -> String {
    format!(
        "for rule in 'PREROUTING -i eth0 -j {CHAIN}-in' 'POSTROUTING -o eth0 -j {CHAIN}-out'; do\n    \
         while iptables --wait --table mangle --delete $rule 2>/dev/null; do :; done\ndone\n"
    )
}
