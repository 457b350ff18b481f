//! Single steps, and properties over random sequences of events with a cloud that answers, fails and forgets.

use proptest::prelude::*;

use super::*;

fn run(events: &[Event]) -> (Machine, Vec<Effect>) {
    let now = Instant::now();
    let mut machine = Machine::default();
    let mut effects = Vec::new();
    for event in events {
        let (next, effect) = machine.step(*event, now);
        machine = next;
        effects.extend(effect);
    }
    (machine, effects)
}

const G1: Generation = Generation(1);
const AT_ONCE: Effect = Effect::Destroy { generation: G1, after: Duration::ZERO };

#[test]
fn many_requests_share_one_provisioning() {
    let (machine, effects) = run(&[Event::EngineWanted; 20]);
    assert!(matches!(machine.state, State::Provisioning { .. }));
    assert_eq!(effects, [Effect::Provision(G1)]);
}

#[test]
fn starting_creates_nothing() {
    let (machine, effects) = run(&[Event::Started { on_record: false }]);
    assert_eq!((machine.state, effects), (State::Absent, vec![]));
    let (_, effects) = run(&[Event::Started { on_record: true }]);
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
fn a_lost_server_is_searched_and_replaced_on_the_next_request() {
    let lost = [Event::EngineWanted, Event::Provisioned(G1), Event::ConnectionLost(G1), Event::ServerGone(G1)];
    let (machine, effects) = run(&lost);
    assert_eq!(machine.state, State::Absent);
    assert_eq!(effects, [Effect::Provision(G1), Effect::Search(G1)]);
    let (_, effect) = machine.step(Event::EngineWanted, Instant::now());
    assert_eq!(effect, Some(Effect::Provision(Generation(2))));
}

#[test]
fn old_news_is_no_news() {
    let (machine, effects) = run(&[
        Event::EngineWanted,
        Event::Provisioned(G1),
        Event::ConnectionLost(G1),
        Event::ServerGone(G1),
        Event::EngineWanted,
        Event::Provisioned(Generation(2)),
        Event::ConnectionLost(G1),
        Event::ServerGone(G1),
    ]);
    assert!(matches!(machine.state, State::Running { .. }));
    assert_eq!(effects.len(), 3);
}

#[test]
fn no_server_is_ordered_for_a_while_after_one_came_to_nothing() {
    let failed = Event::ProvisionFailed { generation: G1, leftover: true };
    let now = Instant::now();
    let mut machine = Machine::default();
    for event in [Event::EngineWanted, failed, Event::EngineWanted, Event::Destroyed(G1)] {
        machine = machine.step(event, now).0;
    }
    assert_eq!(machine.state, State::Absent);
    assert_eq!(machine.step(Event::EngineWanted, now + BRAKE / 2).1, None);
    assert_eq!(machine.step(Event::EngineWanted, now + BRAKE).1, Some(Effect::Provision(Generation(2))));
}

#[test]
fn news_of_the_connection_before_a_reconnection_is_old() {
    let (machine, effects) = run(&[
        Event::EngineWanted,
        Event::Provisioned(G1),
        Event::ConnectionLost(G1),
        Event::Reconnected(G1),
        Event::ConnectionLost(G1),
    ]);
    assert!(matches!(machine.state, State::Running { .. }));
    assert_eq!((machine.generation, effects.len()), (Generation(2), 2));
}

#[test]
fn a_stop_during_provisioning_destroys_what_comes_of_it() {
    let (machine, effects) = run(&[Event::EngineWanted, Event::StopRequested, Event::Provisioned(G1)]);
    assert!(matches!(machine.state, State::ShuttingDown { .. }));
    assert_eq!(effects, [Effect::Provision(G1), AT_ONCE]);
}

#[test]
fn destroying_is_repeated_with_growing_pauses() {
    let mut events = vec![Event::EngineWanted, Event::Provisioned(G1), Event::StopRequested];
    events.extend([Event::DestroyFailed(G1); 9]);
    let pauses: Vec<_> = run(&events)
        .1
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Destroy { after, .. } => Some(after.as_secs()),
            Effect::Provision(_) | Effect::Search(_) => None,
        })
        .collect();
    assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

/// What a user or the cloud does next, in a simulation.
#[derive(Debug, Clone, Copy)]
enum Move {
    Want,
    Stop,
    LoseConnection,
    KillServer,
    /// The effect under way ends, well or badly.
    Finish {
        well: bool,
        leftover: bool,
    },
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => Just(Move::Want),
        1 => Just(Move::Stop),
        2 => Just(Move::LoseConnection),
        1 => Just(Move::KillServer),
        6 => (any::<bool>(), any::<bool>()).prop_map(|(well, leftover)| Move::Finish { well, leftover }),
    ];
    proptest::collection::vec(one, 0..60)
}

/// A cloud of which the machine only hears through events.
#[derive(Default)]
struct World {
    machine: Machine,
    under_way: Option<Effect>,
    /// Whether a server is billed.
    server: bool,
}

impl World {
    fn tell(&mut self, event: Event) {
        let (machine, effect) = self.machine.step(event, Instant::now());
        assert!(!self.machine.stopping || machine.stopping, "a stop is final");
        self.machine = machine;
        if let Some(effect) = effect {
            assert!(self.under_way.is_none(), "two effects at once: {:?} and {effect:?}", self.under_way);
            if let Effect::Provision(_) = effect {
                assert!(!self.server, "a second server");
                assert!(!self.machine.stopping, "provisioned after a stop");
            }
            self.under_way = Some(effect);
        }
    }

    fn finish(&mut self, well: bool, leftover: bool) {
        let Some(effect) = self.under_way.take() else { return };
        let generation = self.machine.generation;
        match effect {
            Effect::Provision(_) => {
                self.server = well || leftover;
                self.tell(if well {
                    Event::Provisioned(generation)
                } else {
                    Event::ProvisionFailed { generation, leftover }
                });
            }
            Effect::Search(_) => self.tell(match (self.server, well, leftover) {
                (false, true, _) => Event::ServerGone(generation),
                (true, true, false) => Event::Reconnected(generation),
                (true, true, true) => Event::ServerUseless(generation),
                (_, false, _) => Event::SearchFailed(generation),
            }),
            Effect::Destroy { .. } => {
                self.server = self.server && !well;
                self.tell(if well { Event::Destroyed(generation) } else { Event::DestroyFailed(generation) });
            }
        }
    }
}

proptest! {
    #[test]
    fn never_two_servers_and_every_path_ends_in_absent(moves in moves()) {
        let mut world = World::default();
        for step in moves {
            match step {
                Move::Want => world.tell(Event::EngineWanted),
                Move::Stop => world.tell(Event::StopRequested),
                Move::LoseConnection => world.tell(Event::ConnectionLost(world.machine.generation)),
                Move::KillServer => world.server = false,
                Move::Finish { well, leftover } => world.finish(well, leftover),
            }
            if world.machine.state == State::Absent {
                prop_assert!(!world.server, "a server that nobody knows of");
            }
        }
        world.tell(Event::StopRequested);
        for _ in 0..4 {
            world.finish(true, false);
        }
        prop_assert_eq!(world.machine.state, State::Absent);
        prop_assert!(!world.server && world.under_way.is_none());
    }
}
