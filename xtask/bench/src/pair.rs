//! Two pieces of work measured in turns, A B A B …, so that a busy minute of the machine hits both.

use std::{fmt, time::Duration};

use nix::time::{ClockId, clock_gettime};

/// How many batches of each side are measured.
const BATCHES: usize = 41;
/// How long one batch should take: long against the clock's grain, short against the machine's moods.
const BATCH_TIME: Duration = Duration::from_millis(5);

/// The processor time of this thread: what others do on the machine counts little.
pub const CPU: ClockId = ClockId::CLOCK_THREAD_CPUTIME_ID;
/// The time on the wall, for work that several threads do.
pub const WALL: ClockId = ClockId::CLOCK_MONOTONIC;

/// Ours and what it is compared with.
pub struct Pair {
    /// `group.case`; either the group or the whole name picks it.
    pub name: &'static str,
    /// What each side does.
    pub about: &'static str,
    /// What would satisfy us, as a ratio if nothing else is said.
    pub wanted: &'static str,
    /// [`CPU`] or [`WALL`].
    pub clock: ClockId,
    /// Our side.
    pub ours: Box<dyn Fn()>,
    /// The other side.
    pub base: Box<dyn Fn()>,
}

/// What was measured, times in nanoseconds for one call.
pub struct Summary {
    name: &'static str,
    about: &'static str,
    wanted: &'static str,
    ours: f64,
    base: f64,
    /// The ratio of each pair of batches, sorted.
    ratios: Vec<f64>,
}

impl Pair {
    /// Warms both sides up, then measures them in turns.
    pub fn measure(&self) -> Summary {
        let batch = |work: &dyn Fn(), calls| batch(self.clock, work, calls);
        let (calls_ours, calls_base) = (calls_for_a_batch(&self.ours, batch), calls_for_a_batch(&self.base, batch));
        let (mut ours, mut base) = (Vec::new(), Vec::new());
        for _ in 0..BATCHES {
            ours.push(batch(&self.ours, calls_ours));
            base.push(batch(&self.base, calls_base));
        }
        let mut ratios: Vec<f64> = ours.iter().zip(&base).map(|(ours, base)| ours / base).collect();
        ratios.sort_by(f64::total_cmp);
        Summary {
            name: self.name,
            about: self.about,
            wanted: self.wanted,
            ours: median(ours),
            base: median(base),
            ratios,
        }
    }
}

/// Nanoseconds for one call, as an average over a batch.
fn batch(clock: ClockId, work: &dyn Fn(), calls: u32) -> f64 {
    let now = || Duration::from(clock_gettime(clock).expect("a clock that every Linux has"));
    let started = now();
    for _ in 0..calls {
        work();
    }
    (now() - started).as_secs_f64() * 1e9 / f64::from(calls)
}

fn calls_for_a_batch(work: &dyn Fn(), batch: impl Fn(&dyn Fn(), u32) -> f64) -> u32 {
    let mut calls = 1;
    loop {
        let nanos = batch(work, calls) * f64::from(calls);
        let enough = BATCH_TIME.as_secs_f64() * 1e9;
        if nanos >= enough / 2.0 || calls >= 1 << 28 {
            return ((f64::from(calls) * enough / nanos.max(1.0)) as u32).max(1);
        }
        calls *= 2;
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Summary {
    /// The table's first two lines.
    pub const HEAD: &'static str = "\
| benchmark | ours against base | ours (median) | base (median) | ratio of medians | median of ratios | min | max | wanted |
|---|---|---|---|---|---|---|---|---|";
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |index: usize| self.ratios.get(index).copied().unwrap_or(f64::NAN);
        let last = self.ratios.len().saturating_sub(1);
        write!(
            f,
            "| {} | {} | {:.0} ns | {:.0} ns | {} | {} | {} | {} | {} |",
            self.name,
            self.about,
            self.ours,
            self.base,
            digits(self.ours / self.base),
            digits(at(self.ratios.len() / 2)),
            digits(at(0)),
            digits(at(last)),
            self.wanted
        )
    }
}

/// A ratio in thousandths, and a small one in its first digits.
fn digits(ratio: f64) -> String {
    if ratio < 0.01 { format!("{ratio:.5}") } else { format!("{ratio:.3}") }
}
