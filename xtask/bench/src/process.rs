//! Whole processes measured in turns: wall time and peak memory of each.

use std::{
    ffi::OsString,
    fmt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use nix::sys::resource::{UsageWho, getrusage};

/// How many times each side runs, in turns, after one turn to warm up.
const ROUNDS: usize = 7;
/// The word under which this program runs another one and reports on it.
pub const MEASURE: &str = "--measure";

/// A program, its arguments, and where it runs.
#[derive(Clone)]
pub struct Program {
    pub words: Vec<OsString>,
    pub directory: PathBuf,
}

/// Two programs that do the same work.
pub struct ProcessPair {
    /// `group.case`; either the group or the whole name picks it.
    pub name: &'static str,
    /// What each side does.
    pub about: &'static str,
    /// What would satisfy us.
    pub wanted: &'static str,
    pub ours: Program,
    pub base: Program,
}

/// One run of a program.
struct Usage {
    seconds: f64,
    peak_kib: i64,
}

impl ProcessPair {
    /// Runs both in turns. An error is a program that cannot be run or that fails.
    pub fn measure(&self) -> Result<Summary, String> {
        let (mut ours, mut base) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let (a, b) = (self.ours.run()?, self.base.run()?);
            // The first turn fills the page cache.
            if round > 0 {
                ours.push(a);
                base.push(b);
            }
        }
        let mut ratios: Vec<f64> = ours.iter().zip(&base).map(|(ours, base)| ours.seconds / base.seconds).collect();
        ratios.sort_by(f64::total_cmp);
        Ok(Summary { name: self.name, about: self.about, wanted: self.wanted, ours, base, ratios })
    }
}

impl Program {
    /// Runs the program under [`MEASURE`], a small process of its own, so that the peak is the
    /// program's and not that of an earlier one.
    fn run(&self) -> Result<Usage, String> {
        let me = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new(me).arg(MEASURE).args(&self.words).current_dir(&self.directory).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace();
        let (Some(seconds), Some(peak)) = (numbers.next(), numbers.next()) else {
            return Err(format!("{:?}: {}", self.words, String::from_utf8_lossy(&output.stderr).trim()));
        };
        let parse = |error: &dyn fmt::Display| format!("{text}: {error}");
        Ok(Usage {
            seconds: seconds.parse().map_err(|error: std::num::ParseFloatError| parse(&error))?,
            peak_kib: peak.parse().map_err(|error: std::num::ParseIntError| parse(&error))?,
        })
    }
}

/// Runs the program in `words` once and prints its seconds and its peak memory in KiB.
pub fn measure_one(words: &[OsString]) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("no program to measure")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let started = Instant::now();
    let status = command.status().map_err(|error| format!("{}: {error}", program.display()))?;
    let seconds = started.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("it ended with {status}"));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    println!("{seconds} {}", usage.max_rss());
    Ok(())
}

/// What was measured.
pub struct Summary {
    name: &'static str,
    about: &'static str,
    wanted: &'static str,
    ours: Vec<Usage>,
    base: Vec<Usage>,
    ratios: Vec<f64>,
}

impl Summary {
    /// The table's first two lines.
    pub const HEAD: &'static str = "\
| whole process | ours against base | ours (median) | base (median) | median of ratios | min | max | wanted | peak memory, ours | base |
|---|---|---|---|---|---|---|---|---|---|";
}

fn median(usages: &[Usage]) -> f64 {
    let mut seconds: Vec<f64> = usages.iter().map(|usage| usage.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

fn peak(usages: &[Usage]) -> i64 {
    usages.iter().map(|usage| usage.peak_kib).max().unwrap_or_default()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |index: usize| self.ratios.get(index).copied().unwrap_or(f64::NAN);
        write!(
            f,
            "| {} | {} | {:.1} ms | {:.1} ms | {:.3} | {:.3} | {:.3} | {} | {:.1} MiB | {:.1} MiB |",
            self.name,
            self.about,
            median(&self.ours) * 1e3,
            median(&self.base) * 1e3,
            at(self.ratios.len() / 2),
            at(0),
            at(self.ratios.len().saturating_sub(1)),
            self.wanted,
            peak(&self.ours) as f64 / 1024.0,
            peak(&self.base) as f64 / 1024.0,
        )
    }
}
