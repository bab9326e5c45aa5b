//! Workspace tasks: `cargo xtask help` lists them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task's output is what it is for")]

mod bench;
mod ci;
mod clients;
mod docs;
mod error;
mod fuzz;
mod lint;
mod mutants;
mod process;
mod source;
mod threats;
mod tidy;
mod tree;
mod vectors;

use std::process::ExitCode;

use error::Error;

struct Task {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), Error>,
}

/// Every task, in the order `help` lists them.
const TASKS: &[Task] = &[
    Task { name: "ci", usage: "ci [--skip-tests]", about: "everything that must hold before a merge", run: ci::run },
    Task { name: "lint", usage: "lint", about: "formatting and clippy, warnings denied", run: lint::run },
    Task { name: "tidy", usage: "tidy", about: "the house rules no compiler knows", run: tidy::run },
    Task {
        name: "docs",
        usage: "docs [--check]",
        about: "write docs/codes.md, docs/cli.md and docs/threat-model.md, or check that they are up to date",
        run: docs::run,
    },
    Task {
        name: "threats",
        usage: "threats [--fill] [--run] [--json]",
        about: "which threats have tests, and which have none yet; --fill lists the tests, --run runs them",
        run: threats::run,
    },
    Task {
        name: "fuzz",
        usage: "fuzz [TARGET] [--seconds N]",
        about: "list the fuzz targets, or run one (60 s if not told)",
        run: fuzz::run,
    },
    Task {
        name: "bench",
        usage: "bench [NAME] [--write]",
        about: "ratios of interleaved runs; --write puts them into docs/benchmarks.md",
        run: bench::run,
    },
    Task {
        name: "clients",
        usage: "clients",
        about: "install the other programs that tests compare with into target/clients; fails if one cannot be",
        run: clients::run,
    },
    Task {
        name: "vectors",
        usage: "vectors [--check]",
        about: "write docs/vectors, or check that it is what would be written",
        run: vectors::run,
    },
    Task { name: "mutants", usage: "mutants PACKAGE", about: "which mutations no test notices", run: mutants::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Error> {
    match arguments {
        [] => help(),
        [word, ..] if matches!(word.as_str(), "help" | "--help" | "-h") => help(),
        [name, rest @ ..] => {
            let task = TASKS.iter().find(|task| task.name == name);
            let task = task.ok_or_else(|| Error::UnknownTask { name: name.clone() })?;
            (task.run)(rest)
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one signature for every task")]
fn help() -> Result<(), Error> {
    println!("cargo xtask TASK\n");
    for task in TASKS {
        println!("  {:<36}{}", task.usage, task.about);
    }
    Ok(())
}

/// The usage line of the task `name`.
fn usage(name: &str) -> &'static str {
    TASKS.iter().find(|task| task.name == name).map_or("help", |task| task.usage)
}

/// Refuses every argument that is not in `known`; says which of them were given.
fn flags<const N: usize>(
    task: &'static str,
    arguments: &[String],
    known: [&'static str; N],
) -> Result<[bool; N], Error> {
    match arguments.iter().find(|argument| !known.contains(&argument.as_str())) {
        Some(argument) => Err(Error::Argument { task, argument: argument.clone(), usage: usage(task) }),
        None => Ok(known.map(|flag| arguments.iter().any(|argument| argument == flag))),
    }
}

/// The message of an error and of everything it was caused by.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_task_or_argument_is_refused_by_name() {
        let refused = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(ToString::to_string).collect();
            dispatch(&words).unwrap_err().to_string()
        };
        assert_eq!(refused(&["tydi"]), "no task `tydi`; `cargo xtask help` lists them");
        assert_eq!(refused(&["lint", "--fast"]), "`lint` does not take `--fast`; usage: cargo xtask lint");
    }

    #[test]
    fn known_flags_are_told_apart() {
        let given = ["--run".to_owned()];
        assert_eq!(flags("threats", &given, ["--fill", "--run", "--json"]).unwrap(), [false, true, false]);
    }
}
