use super::{source::*, *};

#[test]
fn the_key_is_stable_and_part_of_both_names() {
    let key = content_key();
    assert_eq!(key.len(), 12);
    assert_eq!(key, content_key());
    assert_eq!(reference("debian-12").unwrap(), format!("hcloud-machine:debian-12-{key}"));
    assert_eq!(reference("docker-ce").unwrap(), format!("hcloud-machine:docker-ce-{key}"));
    for other in ["ubuntu-24.04", "debian-13", "windows-11"] {
        let error = reference(other).unwrap_err().to_string();
        assert!(error.contains(other) && error.contains("only debian-12 and docker-ce"), "{error}");
    }
}

#[test]
fn finds_the_archive_in_one_line_sources() {
    let text = "# a comment\ndeb-src http://a.example/debian bookworm main\n\
        deb http://security.example/debian-security bookworm-security main\n\
        deb [arch=amd64 signed-by=/k] http://mirror.example/debian/ bookworm main # trailing\n";
    assert_eq!(one_line(text).as_deref(), Some("http://mirror.example/debian"));
    assert_eq!(one_line("deb cdrom:[Debian]/ bookworm main\n"), None);
    assert_eq!(one_line("deb https://vendor.example/apt stable main\n"), None);
}

#[test]
fn finds_the_archive_in_deb822_sources() {
    let text = "Types: deb-src\nURIs: http://a.example/debian\nSuites: bookworm\n\n\
        Enabled: no\nTypes: deb\nURIs: http://b.example/debian\nSuites: bookworm\n\n\
        Types: deb deb-src\n# why\nURIs: https://c.example/debian/\nSuites: bookworm bookworm-updates\n";
    assert_eq!(deb822(text).as_deref(), Some("https://c.example/debian"));
    assert_eq!(deb822("Types: deb\nURIs: http://s.example/debian\nSuites: bookworm-security\n"), None);
    assert_eq!(deb822(""), None);
}

#[test]
fn keeps_only_the_settings_for_fetching() {
    let settings = "APT::Architecture \"amd64\";\nAcquire::http::Proxy \"http://p.example:3142\";\n\
        Acquire::Check-Date \"false\";\nAcquire::Languages:: \"de\";\n";
    assert_eq!(fetching(settings), "Acquire::http::Proxy \"http://p.example:3142\";\nAcquire::Check-Date \"false\";\n");
}
