//! `ci`: everything that must hold before a merge, the same here and on a server.

use std::time::{Duration, Instant};

use crate::{docs, error::Error, lint, process, threats, tidy, vectors};

/// How long fetching the advisory database may take before it counts as out of reach.
const FETCH_LIMIT: Duration = Duration::from_secs(120);

const DENY_MISSING: &str = "cargo-deny is not installed; install it with `cargo install --locked cargo-deny`";

/// What became of a step.
enum Outcome {
    Ok,
    Failed,
    Skipped(String),
}

type Step = fn() -> Result<Outcome, Error>;

/// Every step, the quick ones that find most first.
const STEPS: &[(&str, Step)] = &[
    ("format", || done(lint::format())),
    ("tidy", || done(tidy::run(&[]))),
    ("clippy", || done(lint::clippy())),
    (TESTS, || done(process::cargo(&["test", "--workspace"]))),
    ("docs build", || done(build_docs())),
    ("docs drift", || done(docs::check())),
    ("vectors", || done(vectors::check())),
    ("threats", || done(threats::run(&[]))),
    ("deny", deny),
    ("advisories", advisories),
];
const TESTS: &str = "tests";

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let [skip_tests] = crate::flags("ci", arguments, ["--skip-tests"])?;
    let mut table = Vec::new();
    for (name, step) in STEPS {
        println!("\n== {name}");
        let started = Instant::now();
        let outcome = if *name == TESTS && skip_tests {
            Outcome::Skipped("--skip-tests: they ran before".to_owned())
        } else {
            settle(step())
        };
        println!("== {name}: {} after {:.1} s", word(&outcome), started.elapsed().as_secs_f64());
        table.push((*name, outcome, started.elapsed()));
    }
    summary(&table)
}

fn done(result: Result<(), Error>) -> Result<Outcome, Error> {
    result.map(|()| Outcome::Ok)
}

/// A step that fails does not stop the others: one run shows all there is to mend.
fn settle(result: Result<Outcome, Error>) -> Outcome {
    result.unwrap_or_else(|error| {
        eprintln!("error: {}", crate::chain(&error));
        Outcome::Failed
    })
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Failed => "FAILED".to_owned(),
        Outcome::Skipped(why) => format!("skipped ({why})"),
    }
}

fn summary(table: &[(&str, Outcome, Duration)]) -> Result<(), Error> {
    println!("\n== summary");
    for (name, outcome, time) in table {
        println!("{name:<12}{:>7.1} s  {}", time.as_secs_f64(), word(outcome));
    }
    let failed: Vec<_> =
        table.iter().filter(|(_, outcome, _)| matches!(outcome, Outcome::Failed)).map(|(name, ..)| *name).collect();
    if failed.is_empty() { Ok(()) } else { Err(Error::Steps { names: failed.join(", ") }) }
}

fn build_docs() -> Result<(), Error> {
    process::cargo_with(("RUSTDOCFLAGS", "-D warnings"), &["doc", "--workspace", "--no-deps"])
}

fn deny() -> Result<Outcome, Error> {
    if !process::has_cargo_command("deny") {
        return Ok(Outcome::Skipped(DENY_MISSING.to_owned()));
    }
    done(process::cargo(&["deny", "check", "licenses", "bans", "sources"]))
}

/// Advisories, where their database can be reached. Fetching and checking are two commands, so that
/// "out of reach" and "something was found" are two answers.
fn advisories() -> Result<Outcome, Error> {
    if !process::has_cargo_command("deny") {
        return Ok(Outcome::Skipped(DENY_MISSING.to_owned()));
    }
    if let Err(error) = process::run_within(FETCH_LIMIT, "cargo", &["deny", "fetch", "db"]) {
        return Ok(Outcome::Skipped(format!("the advisory database cannot be reached: {}", crate::chain(&error))));
    }
    done(process::cargo(&["deny", "check", "--disable-fetch", "advisories"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_fails_by_name_and_skips_are_no_failure() {
        let time = Duration::ZERO;
        let skipped = || Outcome::Skipped("not installed".to_owned());
        summary(&[("a", Outcome::Ok, time), ("b", skipped(), time)]).unwrap();
        let table = [("a", Outcome::Failed, time), ("b", skipped(), time), ("c", Outcome::Failed, time)];
        assert_eq!(summary(&table).unwrap_err().to_string(), "failed: a, c");
        assert_eq!(word(&skipped()), "skipped (not installed)");
    }

    #[test]
    fn an_error_in_a_step_is_its_failure() {
        assert!(matches!(settle(Err(Error::Findings { count: 1 })), Outcome::Failed));
        assert!(matches!(settle(Ok(Outcome::Ok)), Outcome::Ok));
    }
}
