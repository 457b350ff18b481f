use super::*;

#[test]
fn a_conflict_comes_with_advice() {
    let said = "The following packages will be REMOVED:\n  docker-ce-cli\nE: Packages need to be removed but remove is disabled.\n";
    assert!(hint(said).contains("Remove it yourself"));
    assert_eq!(hint("E: Unable to locate package mmdebstrap"), "");
}

#[test]
fn a_failure_shows_what_was_said() {
    let interrupt = Interrupt::watch().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo out; echo bad >&2; exit 100"]);
    let failure = finish(command, &interrupt).unwrap_err().to_string();
    assert!(failure.contains("out\nbad"), "{failure}");
}
