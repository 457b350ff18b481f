//! What a cold start takes, and how much of it is DockBridge's own: from the request to the first byte of its answer,
//! beside the moment at which the engine on the server begins to answer.
//!
//! `cargo bench -p dockbridge --bench cold_start` (as root). The number of runs can be given as an argument.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(dead_code, reason = "what both benchmarks share serves each in part")]

mod turns;
mod world;

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use dockbridge::server::Phase;
use world::{World, engine_socket, http::Client};

/// How many cold starts are measured: the first creates the volume, the others find it.
const RUNS: usize = 5;
/// How often the engine's socket is tried, and how often the machine's processes are looked for.
const ENGINE_POLL: Duration = Duration::from_millis(2);
const MACHINE_POLL: Duration = Duration::from_millis(50);
/// How long one question to the engine may take before it is asked again.
const PING_BOUND: Duration = Duration::from_secs(2);
/// How long a machine may take to boot before the benchmark gives up.
const BOOT_BOUND: Duration = Duration::from_mins(3);

/// The goals: from the engine's first answer to the first byte of ours, and from the start to a socket that accepts.
const GOAL_BEHIND_ENGINE: Duration = Duration::from_millis(150);
const GOAL_LISTENING: Duration = Duration::from_millis(200);

/// One cold start.
struct Run {
    /// From the start of the process to a socket that accepts.
    listening: Duration,
    /// From the request to the first byte of its answer.
    first_byte: Duration,
    /// From the request to the engine's first answer on its own socket.
    engine: Duration,
    /// How far the first byte is behind the engine's first answer, in milliseconds.
    behind: f64,
    /// From `dockbridge stop` to its end.
    stop: Duration,
    phases: Vec<Phase>,
}

fn main() -> ExitCode {
    let runs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(RUNS);
    world::run(move |world| {
        let measured: Vec<_> = (1..=runs)
            .map(|number| {
                let run = cold_start(world);
                show(number, &run);
                run
            })
            .collect();
        summary(&measured);
    })
}

fn cold_start(world: &World) -> Run {
    let listening = world.start();
    let began = Instant::now();
    let (first_byte, engine) = thread::scope(|scope| {
        let engine = scope.spawn(|| engine_ready(world, began));
        let mut client = Client::connect(&world.socket());
        client.send("/version");
        client.read_some();
        let first_byte = began.elapsed();
        client.read_rest();
        (first_byte, engine.join().unwrap())
    });
    let phases = serde_json::from_value(world.status()["phases"].take()).unwrap();
    let stop = world.stop();
    Run { listening, first_byte, engine, behind: milliseconds(first_byte) - milliseconds(engine), stop, phases }
}

/// When the engine first answered on its own socket, counted from `began`.
fn engine_ready(world: &World, began: Instant) -> Duration {
    let state = world.state();
    let socket = poll(began, MACHINE_POLL, || engine_socket::find(&state.server().ok()??.name));
    poll(began, ENGINE_POLL, || {
        let mut stream = UnixStream::connect(&socket).ok()?;
        stream.set_read_timeout(Some(PING_BOUND)).ok()?;
        stream.write_all(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n").ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).ok()?;
        head.ends_with(b" 200").then(|| began.elapsed())
    })
}

fn poll<T>(began: Instant, pause: Duration, mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(began.elapsed() < BOOT_BOUND, "no engine has answered within {BOOT_BOUND:?}");
        thread::sleep(pause);
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn show(number: usize, run: &Run) {
    println!(
        "\nrun {number}: first byte {:.0} ms, engine {:.0} ms, difference {:.1} ms; listening {:.1} ms, stop {:.0} ms",
        milliseconds(run.first_byte),
        milliseconds(run.engine),
        run.behind,
        milliseconds(run.listening),
        milliseconds(run.stop),
    );
    for phase in &run.phases {
        let took = phase.took_ms.map_or_else(|| "-".to_owned(), |took| took.to_string());
        println!("  {:<28} from {:>6} ms  took {took:>6} ms", phase.name, phase.started_ms);
    }
}

fn summary(runs: &[Run]) {
    let middle = |value: fn(&Run) -> f64| turns::quantile(runs.iter().map(value).collect(), 0.5);
    println!("\nmedians of {} cold starts, in ms", runs.len());
    let row = |what: &str, value: f64, goal: Option<Duration>| {
        let goal = goal.map(|goal| {
            let limit = milliseconds(goal);
            format!("  goal {limit:.0}: {}", if value <= limit { "met" } else { "missed" })
        });
        println!("  {what:<44} {value:>8.1}{}", goal.unwrap_or_default());
    };
    row("start to a socket that accepts", middle(|run| milliseconds(run.listening)), Some(GOAL_LISTENING));
    row("request to the first byte of its answer", middle(|run| milliseconds(run.first_byte)), None);
    row("request to the engine's first answer", middle(|run| milliseconds(run.engine)), None);
    row("first byte behind the engine's first answer", middle(|run| run.behind), Some(GOAL_BEHIND_ENGINE));
    row("stop", middle(|run| milliseconds(run.stop)), None);
}
