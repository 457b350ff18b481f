use super::*;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn steps_tell_success_from_failure() {
    let mut steps = Steps::new().unwrap();
    steps.run("good", shell("exit 0")).unwrap();
    let failure = steps.run("bad", shell("exit 3")).unwrap_err();
    assert!(failure.to_string().contains("bad failed"), "{failure}");
    assert_eq!(steps.times.len(), 2);
}

#[test]
fn a_bound_ends_a_step_and_keeps_its_surroundings() {
    let mut steps = Steps::new().unwrap();
    let mut command = shell("test \"$GIVEN\" = 'a b' && test \"$PWD\" = /");
    command.env("GIVEN", "a b").current_dir("/");
    steps.run_bounded("good", bounded(Duration::from_mins(1), &command)).unwrap();
    let failure = steps.run_bounded("slow", bounded(Duration::from_secs(1), &shell("sleep 60"))).unwrap_err();
    assert!(failure.to_string().contains("took too long"), "{failure}");
}

#[test]
fn a_program_that_does_not_end_by_itself_is_told() {
    let steps = Steps::new().unwrap();
    let status = steps.interrupt.block_on(async {
        let mut child = tokio::process::Command::from(shell("exec sleep 60")).spawn().unwrap();
        end(&mut child, Duration::ZERO).await.unwrap()
    });
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(Signal::TERM.as_raw()));
}
