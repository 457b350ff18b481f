use proptest::prelude::*;

use super::fingerprint;

const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOaAysUF23Z9V7fbpFG24yl5/wT2FPvUYnPCgZjaJygV";
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC+QVkgkU6ooBhOnB773x3BxGNh5BS5a0OEpJ+0zXDze+uRPbVwjaaf5XqFdKWf2ds+VgGFQppyIxaYfqsPZGTewUsfI61R/M8fimEbWn8wMxdHrzvM6nyYxm51Qho+EJQaRpUuwZwP+UoUCHdGLvIc/C7pRp7W9WeubyH7v81E1WatXtHTPfM5JeGaqBdrGRAxlL9hRgtodJcAxbAAd1sFeO6hK0rhaDz5Em76K/jMEfxOsfcsL5Z02v6Nstic4BuH0sSCy3CLNtMVARmoOQLB5g0ieU3y3E/T9p7yiddQopERz0r6q4esHbZNWlCOI4jnn737z9ZgxupqmZ4fcbfF";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNmq3PkBoOusNn83ljz/w2ZuB9K53vI9GvOuc6c1W82FDwwJmYCxSdeF8LdatDI5khAAz6p4q1TQjYvLt4flS+w=";

#[test]
fn fingerprints_are_those_of_ssh_keygen() {
    for (line, expected) in [
        (ED25519, "ab:1e:72:b2:d0:f6:46:1a:46:37:b6:d8:ef:da:ae:1d"),
        (RSA, "f0:e9:e3:a7:01:73:3b:7c:8f:db:48:47:76:3b:f5:78"),
        (ECDSA, "c3:0e:1d:2d:8e:63:a5:05:7a:72:93:d5:8e:89:25:39"),
    ] {
        assert_eq!(fingerprint(line).as_deref(), Some(expected));
        assert_eq!(fingerprint(&format!("{line} a comment\n")).as_deref(), Some(expected));
    }
}

#[test]
fn what_is_not_a_public_key_is_refused() {
    let wrong_name = ED25519.replacen("ssh-ed25519", "ssh-rsa", 1);
    let cut = &ED25519[..ED25519.len() - 8];
    let two_lines = format!("{ED25519}\n{ECDSA}");
    for line in ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-dss AAAA", "hello world", &wrong_name, cut, &two_lines] {
        assert_eq!(fingerprint(line), None, "{line}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]{0,80}") {
        let _ = fingerprint(&text);
    }
}
