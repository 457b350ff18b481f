//! Compares several ways of doing the same by taking turns.

use std::time::Instant;

/// Lets each do its work once per turn, and prints what each took and what it took more than the first, in milliseconds.
/// The difference is taken turn by turn, so that what disturbs a whole turn does not count.
pub(crate) fn compare(what: &str, turns: usize, doers: &mut [(&'static str, impl FnMut())]) {
    let mut took = vec![Vec::with_capacity(turns); doers.len()];
    for turn in 0..=turns {
        // Each is the first in its share of the turns, so that none always follows the same other.
        for place in 0..doers.len() {
            let index = (turn + place) % doers.len();
            let began = Instant::now();
            (doers[index].1)();
            // The first turn warms up.
            if turn > 0 {
                took[index].push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }
    }
    println!(
        "\n{what}, {turns} turns, in ms\n  {:<12} {:>9} {:>9} {:>22}",
        "", "median", "p95", "median more than first"
    );
    for ((name, _), times) in doers.iter().zip(&took) {
        let more = times.iter().zip(&took[0]).map(|(own, first)| own - first).collect();
        println!(
            "  {name:<12} {:>9.3} {:>9.3} {:>22.3}",
            quantile(times.clone(), 0.5),
            quantile(times.clone(), 0.95),
            quantile(more, 0.5)
        );
    }
}

/// The value below which this part of all lies.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index among a few hundred values"
)]
pub(crate) fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}
