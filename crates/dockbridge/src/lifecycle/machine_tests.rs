//! Single steps; the random sequences are in `simulation_tests.rs`.

use super::*;
use crate::{
    lifecycle::rules::tests::{at, rules},
    server::Wish,
};

fn run(events: &[Event]) -> (Machine, Vec<Effect>) {
    run_with(rules(), events)
}

fn run_with(rules: Rules, events: &[Event]) -> (Machine, Vec<Effect>) {
    let mut machine = Machine::new(rules);
    let mut effects = Vec::new();
    for event in events {
        let (next, effect) = machine.step(*event, at(0));
        machine = next;
        effects.extend(effect);
    }
    (machine, effects)
}

const G1: Generation = Generation(1);
const G2: Generation = Generation(2);
const AT_ONCE: Effect = Effect::Destroy { generation: G1, after: Duration::ZERO };
const EXAMINE: Effect = Effect::Examine { generation: G1, window: Duration::from_mins(1) };
const FORGET: Effect = Effect::Forget { generation: G1, after: Duration::ZERO };
const PROVISIONED: Event = Event::Provisioned { generation: G1, age: Duration::ZERO };
const RECONNECTED: Event = Event::Reconnected { generation: G1, age: Duration::ZERO };
const DESTROY_FAILED: Event = Event::DestroyFailed { generation: G1, untouched: false };
const UNUSED: Usage = Usage { work: false, last_use: None, quiet_since: None };

/// Rules under which only idleness counts.
fn plain() -> Rules {
    Rules { paid_hour_margin: None, ..rules() }
}

fn running(rules: Rules) -> Machine {
    run_with(rules, &[Event::EngineWanted, PROVISIONED]).0
}

fn in_grace() -> Machine {
    let machine = running(plain()).step(Event::Looked(UNUSED), at(300)).0;
    assert!(matches!(machine.state, State::Grace { .. }), "{machine:?}");
    machine
}

#[test]
fn many_requests_share_one_provisioning() {
    let (machine, effects) = run(&[Event::EngineWanted; 20]);
    assert!(matches!(machine.state, State::Provisioning { .. }));
    assert_eq!(effects, [Effect::Provision(G1)]);
}

#[test]
fn starting_creates_nothing() {
    let (machine, effects) = run(&[Event::Started { on_record: None }]);
    assert_eq!((machine.state, effects), (State::Absent, vec![]));
    let (_, effects) = run(&[Event::Started { on_record: Some(Duration::ZERO) }]);
    assert_eq!(effects, [Effect::Search(G1)]);
}

#[test]
fn a_half_made_server_is_destroyed() {
    let failed = Event::ProvisionFailed { generation: G1, leftover: true };
    let (machine, effects) = run(&[Event::EngineWanted, failed]);
    assert!(matches!(machine.state, State::ShuttingDown { .. }));
    assert_eq!(effects, [Effect::Provision(G1), AT_ONCE]);
}

#[test]
fn a_lost_server_is_reconnected_to_then_searched_and_replaced_on_the_next_request() {
    let lost = [
        Event::EngineWanted,
        PROVISIONED,
        Event::ConnectionLost(G1),
        Event::ReconnectFailed(G1),
        Event::ServerGone(G1),
        Event::Forgotten(G1),
    ];
    let (machine, effects) = run(&lost);
    assert_eq!((machine.state, machine.last_reason), (State::Absent, Some(Reason::Vanished)));
    assert_eq!(effects, [Effect::Provision(G1), Effect::Reconnect(G1), Effect::Search(G1), FORGET]);
    let (_, effect) = machine.step(Event::EngineWanted, at(0));
    assert_eq!(effect, Some(Effect::Provision(G2)));
}

#[test]
fn old_news_is_no_news() {
    let (machine, effects) = run(&[
        Event::EngineWanted,
        PROVISIONED,
        Event::ConnectionLost(G1),
        Event::ServerGone(G1),
        Event::Forgotten(G1),
        Event::EngineWanted,
        Event::Provisioned { generation: G2, age: Duration::ZERO },
        Event::ConnectionLost(G1),
        Event::ServerGone(G1),
    ]);
    assert!(matches!(machine.state, State::Running { .. }));
    assert_eq!(effects.len(), 4);
}

#[test]
fn no_server_is_ordered_for_a_while_after_one_came_to_nothing() {
    let failed = Event::ProvisionFailed { generation: G1, leftover: true };
    let events = [Event::EngineWanted, failed, Event::EngineWanted, Event::Destroyed(G1), Event::Forgotten(G1)];
    let (machine, _) = run(&events);
    assert!(matches!(machine.state, State::Failed { .. }));
    let brake = BRAKE.as_secs();
    assert_eq!(machine.step(Event::EngineWanted, at(brake / 2)).1, None);
    assert_eq!(machine.step(Event::EngineWanted, at(brake)).1, Some(Effect::Provision(G2)));
    assert_eq!(machine.next_look(at(0)), Some(at(brake)));
    assert_eq!(machine.step(Event::Looked(UNUSED), at(brake)).0.state, State::Absent);
}

#[test]
fn news_of_the_connection_before_a_reconnection_is_old() {
    let (machine, effects) =
        run(&[Event::EngineWanted, PROVISIONED, Event::ConnectionLost(G1), RECONNECTED, Event::ConnectionLost(G1)]);
    assert!(matches!(machine.state, State::Running { reconnecting: false, .. }));
    assert_eq!((machine.generation, effects.len()), (G2, 2));
}

#[test]
fn a_stop_during_provisioning_destroys_what_comes_of_it() {
    let (machine, effects) = run(&[Event::EngineWanted, Event::StopRequested, PROVISIONED]);
    assert!(matches!(machine.state, State::ShuttingDown { .. }));
    assert_eq!(effects, [Effect::Provision(G1), AT_ONCE]);
}

#[test]
fn destroying_is_repeated_with_growing_pauses() {
    let mut events = vec![Event::EngineWanted, PROVISIONED, Event::StopRequested];
    events.extend([DESTROY_FAILED; 9]);
    let pauses: Vec<_> = run(&events)
        .1
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Destroy { after, .. } => Some(after.as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn an_idle_server_is_destroyed_after_a_grace_period_and_a_last_look() {
    let machine = running(plain());
    assert_eq!(machine.next_look(at(0)), Some(at(300)));
    assert_eq!(machine.step(Event::Looked(UNUSED), at(299)).0.state, machine.state);
    let machine = in_grace();
    assert_eq!(machine.next_look(at(300)), Some(at(330)));
    let (machine, effect) = machine.step(Event::Looked(UNUSED), at(330));
    assert_eq!(effect, Some(Effect::Retire(G1)));
    let (machine, effect) = machine.step(Event::Retired(G1, UNUSED), at(330));
    assert_eq!(effect, Some(AT_ONCE));
    assert!(matches!(machine.state, State::ShuttingDown { reason: Reason::Idle, .. }));
}

#[test]
fn any_use_in_the_grace_period_keeps_the_server() {
    let working = Usage { work: true, last_use: Some(at(310)), quiet_since: Some(at(310)) };
    let used = Usage { last_use: Some(at(310)), ..UNUSED };
    let kept = Some(at(1000).wall);
    for event in [Event::Looked(working), Event::Looked(used), Event::EngineWanted, Event::Kept(kept)] {
        let (machine, effect) = in_grace().step(event, at(310));
        assert!(matches!(machine.state, State::Running { .. }), "{event:?}: {machine:?}");
        assert_eq!(effect, None);
    }
    // Even what began in the very last moment.
    let (machine, effect) = in_grace().step(Event::Retired(G1, working), at(330));
    assert!(matches!(machine.state, State::Running { .. }) && effect.is_none());
}

#[test]
fn a_connection_that_is_lost_in_the_grace_period_is_replaced_before_anything_is_decided() {
    let (machine, effect) = in_grace().step(Event::ConnectionLost(G1), at(310));
    assert_eq!(effect, Some(Effect::Reconnect(G1)));
    let (machine, effect) = machine.step(Event::Looked(UNUSED), at(400));
    assert!(matches!(machine.state, State::Running { reconnecting: true, .. }) && effect.is_none());
}

#[test]
fn a_network_that_is_away_for_a_moment_is_no_use_and_moves_no_hour() {
    let machine = running(rules());
    let before = machine.rules.decide_at(&machine.facts, at(0), at(3300)).unwrap();
    for searched in [false, true] {
        let mut lost = machine.step(Event::ConnectionLost(G1), at(3300)).0;
        if searched {
            lost = lost.step(Event::ReconnectFailed(G1), at(3301)).0;
        }
        // The wall clock by which the API's answer is read may be wrong.
        let found = Event::Reconnected { generation: G1, age: Duration::from_hours(7) };
        let found = lost.step(found, at(3305)).0;
        assert!(matches!(found.state, State::Running { since, .. } if since == at(0)), "{found:?}");
        assert_eq!(found.rules.decide_at(&found.facts, at(0), at(3305)).unwrap(), before);
    }
}

#[test]
fn containers_are_asked_about_only_when_the_decision_is_due() {
    let rules = Rules { examines: true, ..plain() };
    let machine = running(rules);
    assert_eq!(machine.next_look(at(0)), Some(at(240)));
    let (machine, effect) = machine.step(Event::Looked(UNUSED), at(239));
    assert_eq!(effect, None);
    let (machine, effect) = machine.step(Event::Looked(UNUSED), at(240));
    assert_eq!(effect, Some(EXAMINE));
    let (asked, effect) = machine.step(Event::Looked(UNUSED), at(301));
    assert!(effect.is_none() && asked.state == machine.state, "nothing is decided before the answer");
    let (quiet, _) = machine.step(Event::Examined { generation: G1, busy: false }, at(301));
    assert!(matches!(quiet.state, State::Grace { .. }));
    let (busy, _) = machine.step(Event::Examined { generation: G1, busy: true }, at(301));
    assert!(matches!(busy.state, State::Running { examination: Examination::NotAsked, .. }));
    assert_eq!(busy.next_look(at(301)), Some(at(301 + 240)), "they count as use at the moment of the answer");
}

#[test]
fn an_answer_about_containers_that_is_a_little_early_is_kept_and_an_old_one_is_not() {
    let rules = Rules { examines: true, ..plain() };
    let machine = running(rules).step(Event::Looked(UNUSED), at(240)).0;
    let (quiet, _) = machine.step(Event::Examined { generation: G1, busy: false }, at(298));
    assert!(matches!(quiet.state, State::Running { examination: Examination::Quiet { .. }, .. }));
    assert_eq!(quiet.next_look(at(298)), Some(at(300)));
    assert!(matches!(quiet.step(Event::Looked(UNUSED), at(300)).0.state, State::Grace { .. }));
    let used = Usage { last_use: Some(at(299)), ..UNUSED };
    let (again, effect) = quiet.step(Event::Looked(used), at(310));
    assert!(matches!(again.state, State::Running { examination: Examination::NotAsked, .. }) && effect.is_none());
    let (_, effect) = again.step(Event::Looked(used), at(299 + 240));
    assert_eq!(effect, Some(EXAMINE), "it is asked again");
}

#[test]
fn the_longest_life_ends_whatever_is_under_way() {
    let machine = running(Rules { max_lifetime: Some(Duration::from_hours(8)), ..rules() });
    let working = Usage { work: true, last_use: Some(at(28_700)), quiet_since: None };
    let (machine, effect) = machine.step(Event::Looked(working), at(28_799));
    assert_eq!((effect, machine.next_look(at(28_799))), (None, Some(at(28_800))));
    let (machine, effect) = machine.step(Event::Looked(working), at(28_800));
    assert_eq!(effect, Some(AT_ONCE));
    assert!(matches!(machine.state, State::ShuttingDown { reason: Reason::MaxLifetime, .. }));
}

#[test]
fn an_unreachable_server_is_looked_for_again_and_again_with_growing_pauses() {
    let (mut machine, effects) = run(&[Event::Started { on_record: Some(Duration::ZERO) }]);
    assert_eq!(effects, [Effect::Search(G1)]);
    let mut now = 0;
    let mut pauses = Vec::new();
    for _ in 0..8 {
        machine = machine.step(Event::SearchFailed(G1), at(now)).0;
        let next = machine.next_look(at(now)).unwrap();
        pauses.push(next.since(at(now)).as_secs());
        now += pauses[pauses.len() - 1];
        let (next, effect) = machine.step(Event::Looked(UNUSED), at(now));
        assert_eq!(effect, Some(Effect::Search(G1)));
        machine = next;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    // Whoever asks need not wait that long, nor does a computer that wakes up.
    let waiting = machine.step(Event::SearchFailed(G1), at(now)).0;
    assert_eq!(waiting.step(Event::EngineWanted, at(now)).1, Some(Effect::Search(G1)));
    assert_eq!(waiting.step(Event::Woke, at(now)).1, Some(Effect::Search(G1)));
}

#[test]
fn the_longest_life_ends_an_unreachable_server_too() {
    let limited = Rules { max_lifetime: Some(Duration::from_hours(1)), ..rules() };
    let lost = running(limited).step(Event::ConnectionLost(G1), at(0)).0;
    let lost = lost.step(Event::ReconnectFailed(G1), at(0)).0.step(Event::SearchFailed(G1), at(3500)).0;
    assert_eq!(lost.step(Event::Looked(UNUSED), at(3600)).1, Some(AT_ONCE));
    // One that a former run has left is as old as its record.
    let found = Event::Started { on_record: Some(Duration::from_mins(59)) };
    let found = run_with(limited, &[found, Event::SearchFailed(G1)]).0;
    assert_eq!(found.step(Event::Looked(UNUSED), at(60)).1, Some(AT_ONCE));
}

#[test]
fn a_computer_that_wakes_up_renews_the_lease_at_once() {
    assert_eq!(running(rules()).step(Event::Woke, at(10)).1, Some(Effect::Renew(G1)));
    assert_eq!(in_grace().step(Event::Woke, at(310)).1, Some(Effect::Renew(G1)));
    assert_eq!(run(&[Event::Woke]).1, []);
}

#[test]
fn a_server_that_has_begun_to_destroy_itself_is_not_used_any_more() {
    let (machine, effect) = running(rules()).step(Event::Destroying(G1), at(10));
    assert_eq!(effect, Some(AT_ONCE));
    assert!(matches!(machine.state, State::ShuttingDown { reason: Reason::Useless, .. }));
}

#[test]
fn a_record_that_cannot_be_removed_is_tried_again() {
    let machine = run(&[Event::EngineWanted, PROVISIONED, Event::StopRequested, Event::Destroyed(G1)]).0;
    let (machine, effect) = machine.step(Event::ForgetFailed(G1), at(0));
    assert_eq!(effect, Some(Effect::Forget { generation: G1, after: Duration::from_secs(1) }));
    assert_eq!(machine.step(Event::Forgotten(G1), at(0)).0.state, State::Absent);
}

#[test]
fn a_server_that_could_not_be_destroyed_serves_on_for_who_wants_it() {
    let idle = in_grace().step(Event::Retired(G1, UNUSED), at(330)).0;
    let untouched = Event::DestroyFailed { generation: G1, untouched: true };
    let wanted = idle.step(Event::EngineWanted, at(331)).0;
    assert_eq!(wanted.step(untouched, at(332)).1, Some(Effect::Reconnect(G1)));
    let again = Some(Effect::Destroy { generation: G1, after: Duration::from_secs(1) });
    assert_eq!(wanted.step(DESTROY_FAILED, at(332)).1, again, "its engine may be stopped already");
    assert_eq!(idle.step(untouched, at(332)).1, again, "nobody wants it");
    let stopping = wanted.step(Event::StopRequested, at(331)).0;
    assert_eq!(stopping.step(untouched, at(332)).1, again);
}

#[test]
fn containers_are_watched_in_the_grace_period_too() {
    let machine = running(Rules { examines: true, ..plain() }).step(Event::Looked(UNUSED), at(240)).0;
    let (grace, effect) = machine.step(Event::Examined { generation: G1, busy: false }, at(300));
    assert_eq!(effect, Some(Effect::Examine { generation: G1, window: Duration::from_secs(30) }));
    // Nothing is decided before the answer, however late that is.
    assert_eq!(grace.step(Event::Looked(UNUSED), at(331)), (grace, None));
    let (quiet, effect) = grace.step(Event::Examined { generation: G1, busy: false }, at(332));
    assert_eq!((quiet.generation, effect), (G1, Some(Effect::Retire(G1))));
    let (busy, effect) = grace.step(Event::Examined { generation: G1, busy: true }, at(332));
    assert!(matches!(busy.state, State::Running { .. }) && effect.is_none(), "{busy:?}");
}

#[test]
fn a_long_grace_period_is_watched_at_its_end() {
    let rules = Rules { examines: true, grace_period: Duration::from_mins(10), ..plain() };
    let machine = running(rules).step(Event::Looked(UNUSED), at(240)).0;
    let (grace, effect) = machine.step(Event::Examined { generation: G1, busy: false }, at(300));
    assert_eq!((effect, grace.next_look(at(300))), (None, Some(at(300 + 540))));
    assert_eq!(grace.step(Event::Looked(UNUSED), at(840)).1, Some(EXAMINE));
}

#[test]
fn what_was_decided_before_a_sleep_is_decided_again() {
    let (machine, effect) = in_grace().step(Event::Woke, at(4000));
    assert_eq!(effect, Some(Effect::Renew(G1)));
    assert!(matches!(machine.state, State::Running { since, .. } if since == at(0)), "{machine:?}");
}

#[test]
fn an_idle_server_that_nobody_can_ask_is_destroyed_when_its_lease_must_have_run_out() {
    let idle = in_grace().step(Event::Retired(G1, UNUSED), at(330)).0;
    assert_eq!(idle.wish(at(330 + 14 * 60)), Wish::Idle);
    assert_eq!(idle.wish(at(330 + 15 * 60)), Wish::Firm);
    assert_eq!(idle.step(Event::StopRequested, at(331)).0.wish(at(331)), Wish::Firm);
    let limited = running(Rules { max_lifetime: Some(Duration::from_hours(1)), ..rules() });
    assert_eq!(limited.step(Event::Looked(UNUSED), at(3600)).0.wish(at(3600)), Wish::Firm);
}

#[test]
fn the_age_of_a_server_on_record_is_learnt_when_it_is_found() {
    let (machine, _) = run(&[Event::Started { on_record: Some(Duration::from_mins(5)) }]);
    let found = machine.step(Event::Reconnected { generation: G1, age: Duration::from_mins(50) }, at(0)).0;
    assert_eq!(found.facts.birth.unwrap().age(at(0)), Duration::from_mins(50));
}
