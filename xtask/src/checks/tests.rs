use super::*;

#[test]
fn every_integration_test_is_in_one_half() {
    let (first, second) = halves(&["api", "cli"], &["e2e"]);
    assert_eq!(first[4..], ["--lib", "--bins", "--test", "api", "--test", "cli"]);
    assert_eq!(second[4..], ["--test", "e2e", "--", "--test-threads=1"]);
}

#[test]
fn the_tests_that_boot_machines_have_the_names_they_are_known_by() {
    let targets = test_targets().unwrap();
    for name in WITH_MACHINES {
        assert!(targets.iter().any(|target| target == name), "{name} is none of {targets:?}");
    }
}
