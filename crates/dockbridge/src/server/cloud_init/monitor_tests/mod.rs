//! The server's monitor, run by dash on machines whose time and tools are fakes.

mod deletion;
mod ending;
mod fake_machine;
mod leases;
mod metadata;

#[test]
fn shellcheck_finds_nothing() {
    let output = std::process::Command::new("shellcheck").arg(fake_machine::script()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
