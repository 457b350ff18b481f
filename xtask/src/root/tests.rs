use super::*;

#[test]
fn sudo_gets_every_word_as_it_is() {
    let mut command = Command::new("/a tool/cargo");
    command.args(["nextest", "run"]).env("CACHE", "/with blanks/cache").env_remove("OTHER").current_dir("/tmp");
    let sudo = through_sudo(&command);
    let words: Vec<_> = sudo.get_args().filter_map(OsStr::to_str).collect();
    assert_eq!(sudo.get_program(), "sudo");
    assert_eq!(words[..2], ["--preserve-env", "env"]);
    assert!(words[2].starts_with("PATH="), "sudo would look for cargo elsewhere: {words:?}");
    assert_eq!(words[words.len() - 4..], ["CACHE=/with blanks/cache", "/a tool/cargo", "nextest", "run"]);
    assert_eq!(sudo.get_current_dir(), Some(Path::new("/tmp")));
}
