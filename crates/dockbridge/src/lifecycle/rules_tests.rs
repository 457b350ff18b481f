//! The arithmetic of idleness and of paid hours.

use proptest::prelude::*;

use super::*;

/// Rules with the defaults of the configuration.
pub(crate) fn rules() -> Rules {
    Rules {
        idle_timeout: Duration::from_mins(5),
        connection_timeout: Duration::from_mins(30),
        locked_timeout: Duration::from_mins(1),
        grace_period: Duration::from_secs(30),
        examines: false,
        window: Duration::from_mins(1),
        paid_hour_margin: Some(Duration::from_mins(3)),
        max_lifetime: None,
        lease: Some(Duration::from_mins(5)),
    }
}

/// A moment so many seconds after a server was created, at 14:00.
pub(crate) fn at(seconds: u64) -> Moment {
    let created = Moment { uptime: Duration::from_hours(100), wall: "2026-11-24T14:00:00Z".parse().unwrap() };
    created + Duration::from_secs(seconds)
}

fn facts() -> Facts {
    Facts { birth: Some(Birth { seen: at(0), age: Duration::ZERO }), ..Facts::default() }
}

fn minutes(n: u64) -> u64 {
    n * 60
}

#[test]
fn idleness_counts_from_the_last_use_whatever_it_was() {
    let rules = rules();
    let used = |usage| rules.idle_at(&Facts { usage, ..facts() }, at(0)).unwrap();
    assert_eq!(used(Usage::default()), (at(300), Reason::Idle));
    assert_eq!(used(Usage { last_use: Some(at(100)), ..Usage::default() }), (at(400), Reason::Idle));
    let quiet = Usage { last_use: Some(at(100)), quiet_since: Some(at(100)), work: false };
    assert_eq!(used(quiet), (at(100 + minutes(30)), Reason::Quiet));
    // A connection that went quiet long ago speaks no longer for the server; a request does.
    let both = Usage { last_use: Some(at(minutes(40))), quiet_since: Some(at(0)), work: false };
    assert_eq!(used(both), (at(minutes(45)), Reason::Idle));
    let busy = Facts { busy_at: Some(at(200)), ..facts() };
    assert_eq!(rules.idle_at(&busy, at(0)), Some((at(500), Reason::Idle)));
}

#[test]
fn work_is_never_idle() {
    for locked in [false, true] {
        let facts = Facts { usage: Usage { work: true, ..Usage::default() }, locked, ..facts() };
        assert_eq!(rules().idle_at(&facts, at(0)), None);
        assert_eq!(rules().decide_at(&facts, at(0), at(1_000_000)), None);
    }
}

#[test]
fn a_locked_screen_shortens_both_timeouts() {
    let usage = Usage { last_use: Some(at(100)), quiet_since: Some(at(100)), work: false };
    let locked = Facts { usage, locked: true, ..facts() };
    assert_eq!(rules().idle_at(&locked, at(0)), Some((at(160), Reason::Locked)));
}

#[test]
fn an_idle_server_is_kept_until_the_paid_hour_is_nearly_over() {
    let rules = rules();
    let decide = |last_use: u64, now: u64| {
        let usage = Usage { last_use: Some(at(last_use)), ..Usage::default() };
        rules.decide_at(&Facts { usage, ..facts() }, at(0), at(now)).unwrap().0
    };
    assert_eq!(decide(0, 0), at(minutes(57)));
    assert_eq!(decide(minutes(30), minutes(31)), at(minutes(57)));
    // Idle within the last minutes, with time enough to get it done.
    assert_eq!(decide(minutes(53), minutes(54)), at(minutes(58)));
    // Too late for this hour: the next one is paid for anyway.
    assert_eq!(decide(minutes(54), minutes(55)), at(minutes(60 + 57)));
    assert_eq!(decide(minutes(54), minutes(59) + 30), at(minutes(60 + 57)));
    // Noticed late, as after a sleep, but within the last minutes.
    assert_eq!(decide(0, minutes(58)), at(minutes(58)));
    assert_eq!(decide(0, minutes(61)), at(minutes(117)));
}

#[test]
fn without_the_paid_hour_idle_is_enough() {
    let rules = Rules { paid_hour_margin: None, ..rules() };
    assert_eq!(rules.decide_at(&facts(), at(0), at(10)).unwrap().0, at(300));
    assert!(rules.decide_at(&facts(), at(0), at(1000)).unwrap().0.is_past(at(1000)));
}

#[test]
fn a_server_that_is_held_is_not_decided_on() {
    let rules = Rules { paid_hour_margin: None, ..rules() };
    let facts = Facts { keep_until: Some(at(minutes(180)).wall), ..facts() };
    assert_eq!(rules.decide_at(&facts, at(0), at(minutes(20))).unwrap().0, at(minutes(180)));
    assert_eq!(Rules::kept_until(&facts, at(minutes(180))), None);
}

#[test]
fn the_paid_hour_counts_from_the_age_and_not_from_the_wall() {
    // Seen again by another process when it was 50 minutes old; then somebody sets the wall clock back by a day.
    let birth = Birth { seen: at(0), age: Duration::from_mins(50) };
    let later = Moment { wall: "2026-11-23T14:05:00Z".parse().unwrap(), ..at(minutes(5)) };
    assert_eq!(birth.age(later), Duration::from_mins(55));
    assert_eq!(birth.paid_until(later).since(later), Duration::from_mins(5));
    let facts = Facts { birth: Some(birth), ..Facts::default() };
    let decision = rules().decide_at(&facts, at(0), later).unwrap().0;
    assert_eq!(decision.since(later), Duration::from_mins(2));
}

#[test]
fn the_longest_life_counts_from_creation_and_warns_before() {
    let rules = Rules { max_lifetime: Some(Duration::from_hours(8)), ..rules() };
    assert_eq!(rules.limit(&facts(), at(60)), Some(at(8 * 3600)));
    assert_eq!(rules.warn_at(&facts(), at(60)), Some(at(8 * 3600 - 600)));
    let short = Rules { max_lifetime: Some(Duration::from_mins(4)), ..rules };
    assert_eq!(short.warn_at(&facts(), at(0)), Some(at(180)));
    assert!(short.limit(&facts(), at(500)).unwrap().is_past(at(500)));
}

proptest! {
    #[test]
    fn a_decision_wastes_no_paid_time(last_use in 0_u64..20_000, ahead in 0_u64..20_000, margin in 90_u64..3300) {
        let rules = Rules { paid_hour_margin: Some(Duration::from_secs(margin)), ..rules() };
        let usage = Usage { last_use: Some(at(last_use)), ..Usage::default() };
        let now = at(last_use + ahead);
        let facts = Facts { usage, ..facts() };
        let decision = rules.decide_at(&facts, at(0), now).unwrap().0;
        let idle = rules.idle_at(&facts, at(0)).unwrap().0;
        prop_assert!(idle.is_past(decision) && now.is_past(decision), "neither before it is idle nor in the past");
        let left = facts.birth.unwrap().paid_until(decision).since(decision);
        prop_assert!(left <= Duration::from_secs(margin), "{left:?} of a paid hour would be wasted");
        prop_assert!(left >= rules.grace_period + STOP_TIME, "{left:?} is not enough to end within the hour");
        prop_assert!(decision.since(idle.later(now)) <= PAID_HOUR);
    }
}
