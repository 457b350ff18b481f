//! What people read.

use super::*;
use crate::{
    activity::Usage,
    lifecycle::{
        rules::{
            Birth, Facts,
            tests::{at, rules},
        },
        state::{Event, Generation},
    },
};

fn outlook(machine: &Machine, seconds: u64) -> Outlook {
    machine.outlook(at(seconds), &TimeZone::UTC)
}

/// A server that was created at 14:00, has served since, and was last used two minutes later.
fn running() -> Machine {
    let usage = Usage { last_use: Some(at(120)), ..Usage::default() };
    let birth = Some(Birth { seen: at(0), age: Duration::ZERO });
    Machine {
        state: State::Running { since: at(0), reconnecting: false, examination: Examination::NotAsked },
        generation: Generation(1),
        facts: Facts { usage, birth, ..Facts::default() },
        ..Machine::new(rules())
    }
}

#[test]
fn an_idle_server_in_its_paid_hour_says_since_and_until_when() {
    let seen = outlook(&running(), 1200);
    assert_eq!(seen.shutdown_reason, "idle since 14:02, kept free of charge until 14:57");
    assert_eq!(seen.time_until_shutdown, Some(Duration::from_secs(57 * 60 + 30 - 1200)));
    assert_eq!(seen.paid_until.unwrap().to_string(), "2026-11-24T15:00:00Z");
}

#[test]
fn only_what_is_paid_for_already_is_free() {
    let machine = running().used_as(Usage { last_use: Some(at(3250)), ..Usage::default() });
    let seen = outlook(&machine, 3560);
    assert_eq!(
        seen.shutdown_reason,
        "idle since 14:54, kept until 15:57, near the end of an hour that has to be paid for"
    );
}

#[test]
fn each_thing_that_keeps_a_server_is_named() {
    let mut machine = running();
    machine.rules.paid_hour_margin = None;
    assert_eq!(outlook(&machine, 150).shutdown_reason, "last used at 14:02, idle at 14:07 if nothing else happens");
    machine.facts.usage.work = true;
    let seen = outlook(&machine, 150);
    assert_eq!((seen.shutdown_reason.as_str(), seen.time_until_shutdown), ("work is under way", None));
    machine.facts.usage.work = false;
    machine.facts.usage.quiet_since = Some(at(150));
    assert_eq!(
        outlook(&machine, 160).shutdown_reason,
        "connections are open, last used at 14:02, idle at 14:32 if nothing else happens"
    );
    machine.facts.usage.quiet_since = None;
    machine.facts.keep_until = Some(at(4 * 3600).wall);
    assert_eq!(outlook(&machine, 150).shutdown_reason, "kept by hand until 18:00");
    let paid = Machine { rules: rules(), ..machine };
    assert_eq!(
        outlook(&paid, 150).shutdown_reason,
        "kept by hand until 18:00, and then until 18:57, near the end of a paid hour"
    );
    machine.rules.max_lifetime = Some(Duration::from_hours(2));
    let seen = outlook(&machine, 150);
    assert!(seen.shutdown_reason.ends_with("destroyed at 16:00 in any case, by activity.max_lifetime"), "{seen:?}");
    assert_eq!(seen.time_until_shutdown, Some(Duration::from_secs(7200 - 150)));
}

#[test]
fn what_is_about_to_happen_and_what_has_happened_have_reasons() {
    let mut machine = running();
    machine.rules.paid_hour_margin = None;
    let (machine, _) = machine.step(Event::Looked(machine.facts.usage), at(600));
    let seen = outlook(&machine, 610);
    assert_eq!(seen.shutdown_reason, "it was idle; any use keeps it");
    assert_eq!(seen.time_until_shutdown, Some(Duration::from_secs(20)));
    let (machine, _) = machine.step(Event::Retired(Generation(1), machine.facts.usage), at(630));
    assert_eq!(outlook(&machine, 631).shutdown_reason, "it was idle");
    let (machine, _) = machine.step(Event::Destroyed(Generation(1)), at(640));
    let (machine, _) = machine.step(Event::Forgotten(Generation(1)), at(640));
    let seen = outlook(&machine, 700);
    assert_eq!(seen.shutdown_reason, "the last server went because it was idle");
    assert_eq!((seen.time_until_shutdown, seen.paid_until), (None, None));
    assert_eq!(outlook(&Machine::new(rules()), 0).shutdown_reason, "");
}
