//! Random sequences of events, with a cloud that answers, fails and forgets, and users who work, leave and stop.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    machine::Machine,
    rules::{
        Rules,
        tests::{at, rules},
    },
    state::{Effect, Event, Reason, State},
};
use crate::{activity::Usage, clock::Moment};

/// What a user, the time or the cloud does next.
#[derive(Debug, Clone, Copy)]
enum Move {
    Want,
    Stop,
    Work(bool),
    Touch,
    Connect(bool),
    Keep(Option<u64>),
    Lock(bool),
    Sleep,
    Pass(u64),
    LoseConnection,
    KillServer,
    Destroying,
    /// The effect under way ends, well or badly.
    Finish {
        well: bool,
        leftover: bool,
    },
    Examined(bool),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => Just(Move::Want),
        1 => Just(Move::Stop),
        3 => any::<bool>().prop_map(Move::Work),
        2 => Just(Move::Touch),
        1 => any::<bool>().prop_map(Move::Connect),
        1 => proptest::option::of(0_u64..10_000).prop_map(Move::Keep),
        1 => any::<bool>().prop_map(Move::Lock),
        1 => Just(Move::Sleep),
        8 => prop_oneof![0_u64..60, 0_u64..4000].prop_map(Move::Pass),
        2 => Just(Move::LoseConnection),
        1 => Just(Move::KillServer),
        1 => Just(Move::Destroying),
        8 => (any::<bool>(), any::<bool>()).prop_map(|(well, leftover)| Move::Finish { well, leftover }),
        3 => any::<bool>().prop_map(Move::Examined),
    ];
    proptest::collection::vec(one, 0..120)
}

/// A cloud of which the machine only hears through events.
struct World {
    machine: Machine,
    now: u64,
    usage: Usage,
    under_way: Option<Effect>,
    /// Whether a server is billed.
    server: bool,
}

impl World {
    fn new(rules: Rules) -> Self {
        Self { machine: Machine::new(rules), now: 0, usage: Usage::default(), under_way: None, server: false }
    }

    fn moment(&self) -> Moment {
        at(self.now)
    }

    fn tell(&mut self, event: Event) {
        let before = self.machine;
        let (machine, effect) = before.step(event, self.moment());
        assert!(!before.stopping || machine.stopping, "a stop is final");
        self.machine = machine;
        match effect {
            None | Some(Effect::Renew(_) | Effect::Examine { .. }) => {}
            Some(Effect::Retire(generation)) => self.tell(Event::Retired(generation, self.usage)),
            Some(effect) => {
                assert!(self.under_way.is_none(), "two effects at once: {:?} and {effect:?}", self.under_way);
                match effect {
                    Effect::Provision(_) => {
                        assert!(!self.server, "a second server");
                        assert!(!machine.stopping, "provisioned after a stop");
                    }
                    Effect::Destroy { .. } => self.may_be_destroyed(),
                    _ => {}
                }
                self.under_way = Some(effect);
            }
        }
    }

    /// Nobody's work is destroyed, but for the reasons that no work can hold against.
    fn may_be_destroyed(&self) {
        let State::ShuttingDown { reason, failures, .. } = self.machine.state else {
            panic!("destroyed while {:?}", self.machine.state);
        };
        // What has begun is ended: the engine has been stopped already.
        match reason {
            _ if failures > 0 => {}
            Reason::Idle | Reason::Quiet | Reason::Locked => {
                assert!(!self.usage.work, "destroyed under work");
                let kept = Rules::kept_until(&self.machine.facts, self.moment());
                assert_eq!(kept, None, "destroyed although it was kept");
            }
            Reason::MaxLifetime => assert!(self.machine.rules.max_lifetime.is_some()),
            Reason::Stop => assert!(self.machine.stopping),
            Reason::NotProvisioned | Reason::Useless => {}
            Reason::Vanished => panic!("a server that has vanished needs no destruction"),
        }
    }

    fn look(&mut self) {
        self.tell(Event::Looked(self.usage));
    }

    fn play(&mut self, step: Move) {
        let generation = self.machine.generation;
        match step {
            Move::Want => self.tell(Event::EngineWanted),
            Move::Stop => self.tell(Event::StopRequested),
            Move::Work(work) => {
                self.usage = Usage { work, last_use: Some(self.moment()), ..self.usage };
                self.look();
            }
            Move::Touch => {
                self.usage.last_use = Some(self.moment());
                self.look();
            }
            Move::Connect(open) => self.usage.quiet_since = open.then(|| self.moment()),
            Move::Keep(seconds) => {
                self.tell(Event::Kept(seconds.map(|seconds| at(self.now + seconds).wall)));
            }
            Move::Lock(locked) => self.tell(Event::Locked(locked)),
            Move::Sleep => {
                self.now += 1000;
                self.tell(Event::Woke);
            }
            Move::Pass(seconds) => {
                self.now += seconds;
                self.look();
            }
            Move::LoseConnection => self.tell(Event::ConnectionLost(generation)),
            Move::KillServer => self.server = false,
            Move::Destroying => self.tell(Event::Destroying(generation)),
            Move::Finish { well, leftover } => self.finish(well, leftover),
            Move::Examined(busy) => self.tell(Event::Examined { generation, busy }),
        }
    }

    fn finish(&mut self, well: bool, leftover: bool) {
        let Some(effect) = self.under_way.take() else { return };
        let generation = self.machine.generation;
        let age = Duration::from_mins(1);
        match effect {
            Effect::Provision(_) => {
                self.server = well || leftover;
                self.tell(if well {
                    Event::Provisioned { generation, age }
                } else {
                    Event::ProvisionFailed { generation, leftover }
                });
            }
            Effect::Reconnect(_) | Effect::Search(_) => self.tell(match (self.server, well, leftover) {
                (false, true, _) => Event::ServerGone(generation),
                (true, true, false) => Event::Reconnected { generation, age },
                (true, true, true) => Event::ServerUseless(generation),
                (_, false, _) if matches!(effect, Effect::Search(_)) => Event::SearchFailed(generation),
                (_, false, _) => Event::ReconnectFailed(generation),
            }),
            Effect::Destroy { .. } => {
                self.server = self.server && !well;
                self.tell(if well {
                    Event::Destroyed(generation)
                } else {
                    Event::DestroyFailed { generation, untouched: leftover }
                });
            }
            Effect::Forget { .. } => {
                self.tell(if well { Event::Forgotten(generation) } else { Event::ForgetFailed(generation) });
            }
            Effect::Renew(_) | Effect::Examine { .. } | Effect::Retire(_) => {}
        }
    }

    /// Whether a server may exist that the machine does not care for.
    fn has_lost_a_server(&self) -> bool {
        self.server && matches!(self.machine.state, State::Absent | State::Gone { .. } | State::Failed { .. })
    }

    /// Everybody has left, and the cloud answers: time passes, and the machine does what it wants.
    fn settle(&mut self) {
        self.usage.work = false;
        self.usage.quiet_since = None;
        self.tell(Event::Kept(None));
        for _ in 0..400 {
            self.finish(true, false);
            if matches!(self.machine.state, State::Running { .. } | State::Grace { .. }) {
                let generation = self.machine.generation;
                self.tell(Event::Examined { generation, busy: false });
            }
            let pause = self.machine.next_look(self.moment()).map_or(30, |next| next.since(self.moment()).as_secs());
            self.now += pause.clamp(1, 600);
            self.look();
        }
    }
}

fn any_rules() -> impl Strategy<Value = Rules> {
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(examines, paid, limited, leases)| Rules {
        examines,
        paid_hour_margin: paid.then(|| Duration::from_mins(3)),
        max_lifetime: limited.then(|| Duration::from_hours(3)),
        lease: leases.then(|| Duration::from_mins(5)),
        ..rules()
    })
}

proptest! {
    #[test]
    fn never_two_servers_never_a_destroy_under_work_and_every_path_ends_in_absent(
        rules in any_rules(),
        moves in moves(),
    ) {
        let mut world = World::new(rules);
        for step in moves {
            world.play(step);
            prop_assert!(!world.has_lost_a_server(), "a server that nobody knows of");
        }
        world.settle();
        prop_assert_eq!(world.machine.state, State::Absent);
        prop_assert!(!world.server && world.under_way.is_none());
    }

    #[test]
    fn a_stop_ends_in_absent_from_everywhere(rules in any_rules(), moves in moves()) {
        let mut world = World::new(rules);
        for step in moves {
            world.play(step);
        }
        world.tell(Event::StopRequested);
        for _ in 0..6 {
            world.finish(true, false);
        }
        prop_assert_eq!(world.machine.state, State::Absent);
        prop_assert!(!world.server && world.under_way.is_none());
    }
}
