use std::cell::RefCell;

use super::*;

const OPTIONS: WaitOptions =
    WaitOptions { poll_interval: Duration::from_millis(200), deadline: Duration::from_secs(10) };

fn action(id: u64, status: &str) -> Action {
    Action {
        id: ActionId(id),
        command: "create_server".to_owned(),
        status: ActionStatus::from(status),
        progress: 0,
        started: None,
        finished: None,
        resources: Vec::new(),
        error: None,
    }
}

/// Waits for the actions with answers from a script, the last of which is repeated, and returns what was asked and when.
async fn scripted(
    ids: &[u64],
    script: Vec<Vec<Action>>,
) -> (Result<Vec<Action>, Error>, Vec<(Duration, Vec<ActionId>)>) {
    let ids: Vec<ActionId> = ids.iter().copied().map(ActionId).collect();
    let start = Instant::now();
    let asked = RefCell::new(Vec::new());
    let result = wait_for(&ids, OPTIONS, async |pending: Vec<ActionId>| {
        asked.borrow_mut().push((start.elapsed(), pending));
        let turn = asked.borrow().len().min(script.len()) - 1;
        Ok(script[turn].clone())
    })
    .await;
    (result, asked.into_inner())
}

fn ids(numbers: &[u64]) -> Vec<ActionId> {
    numbers.iter().copied().map(ActionId).collect()
}

#[tokio::test(start_paused = true)]
async fn it_asks_at_once_then_steadily_and_only_about_what_is_left() {
    let script = vec![
        vec![action(1, "running"), action(2, "running")],
        vec![action(1, "running"), action(2, "success")],
        vec![action(1, "running")],
        vec![action(1, "success")],
    ];
    let (result, asked) = scripted(&[2, 1], script).await;
    let in_order: Vec<ActionId> = result.unwrap().iter().map(ActionId::from).collect();
    assert_eq!(in_order, ids(&[2, 1]));
    let questions: Vec<Vec<ActionId>> = asked.iter().map(|(_, ids)| ids.clone()).collect();
    assert_eq!(questions, [ids(&[1, 2]), ids(&[1, 2]), ids(&[1]), ids(&[1])]);
    let times: Vec<u128> = asked.iter().map(|(at, _)| at.as_millis()).collect();
    assert_eq!(times, [0, 200, 400, 600]);
}

#[tokio::test(start_paused = true)]
async fn nothing_to_wait_for_asks_nothing() {
    let (result, asked) = scripted(&[], vec![Vec::new()]).await;
    assert_eq!(result.unwrap(), []);
    assert!(asked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_same_action_twice_is_asked_for_once() {
    let (result, asked) = scripted(&[7, 7], vec![vec![action(7, "success")]]).await;
    assert_eq!(result.unwrap().len(), 1);
    assert_eq!(asked[0].1, ids(&[7]));
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_ends_the_wait() {
    let mut failed = action(2, "error");
    failed.error = Some(ActionError { code: ErrorCode::Locked, message: "it is locked".to_owned() });
    let (result, _) = scripted(&[1, 2], vec![vec![action(1, "running"), failed]]).await;
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "the action create_server (2) failed: it is locked (locked)");
    assert_eq!(error.api_code(), Some(&ErrorCode::Locked));
    assert!(error.retryable() && error.may_have_taken_effect());
}

#[tokio::test(start_paused = true)]
async fn an_error_object_beside_another_status_means_nothing() {
    let mut done = action(1, "success");
    done.error = Some(ActionError { code: ErrorCode::from("action_failed"), message: "Action failed".to_owned() });
    let (result, _) = scripted(&[1], vec![vec![done]]).await;
    assert_eq!(result.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_wait_and_names_what_is_left() {
    let start = Instant::now();
    let (result, asked) = scripted(&[1, 2], vec![vec![action(1, "success"), action(2, "pausing")]]).await;
    assert_eq!(start.elapsed(), OPTIONS.deadline);
    assert!(asked.len() >= 50);
    let Err(Error::ActionsUnfinished { pending, .. }) = result else { panic!("{result:?}") };
    assert_eq!(pending, ids(&[2]));
}

#[tokio::test(start_paused = true)]
async fn a_question_without_an_answer_does_not_outlast_the_deadline() {
    let start = Instant::now();
    let result = wait_for(&[ActionId(1)], OPTIONS, async |_| std::future::pending().await).await;
    assert!(matches!(result, Err(Error::ActionsUnfinished { .. })));
    assert_eq!(start.elapsed(), OPTIONS.deadline);
}

#[tokio::test(start_paused = true)]
async fn an_action_that_the_api_does_not_know_is_an_error() {
    let (result, _) = scripted(&[1, 2], vec![vec![action(1, "running")]]).await;
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "the API does not know the action 2");
}

#[tokio::test(start_paused = true)]
async fn a_wait_may_have_no_end_in_sight() {
    let options = WaitOptions { deadline: Duration::MAX, ..OPTIONS };
    let result = wait_for(&[ActionId(1)], options, async |_| Ok(vec![action(1, "success")])).await;
    assert_eq!(result.unwrap().len(), 1);
}
