//! Running other programs: never through a shell, never with an input to wait for.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{error::Error, tree};

/// A command at the workspace's root, without standard input.
///
/// What cargo tells a program it runs is taken out again: build scripts that look at it would build
/// everything anew each time a task calls cargo.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(tree::root()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text.starts_with("CARGO_BIN_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a program whose output goes straight through.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<(), Error> {
    status(program, arguments, &mut command(program, arguments))
}

/// Runs cargo with one more environment variable.
pub(crate) fn cargo_with(variable: (&str, &str), arguments: &[&str]) -> Result<(), Error> {
    status("cargo", arguments, command("cargo", arguments).env(variable.0, variable.1))
}

/// Runs cargo.
pub(crate) fn cargo(arguments: &[&str]) -> Result<(), Error> {
    run("cargo", arguments)
}

fn status(program: &str, arguments: &[&str], command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(|source| Error::Start { program: program.to_owned(), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: shown(program, arguments), status }) }
}

/// Runs a program that must end within `limit`; it is stopped if it does not.
pub(crate) fn run_within(limit: Duration, program: &str, arguments: &[&str]) -> Result<(), Error> {
    let mut child =
        command(program, arguments).spawn().map_err(|source| Error::Start { program: program.to_owned(), source })?;
    let failed = |source| Error::Output { command: shown(program, arguments), source };
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return if status.success() {
                Ok(())
            } else {
                Err(Error::Failed { command: shown(program, arguments), status })
            };
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().and_then(|()| child.wait()).map_err(failed)?;
    Err(Error::Slow { command: shown(program, arguments), seconds: limit.as_secs() })
}

/// What a program printed on its standard output; its errors go straight through.
pub(crate) fn capture(program: &str, arguments: &[&str]) -> Result<String, Error> {
    let output = command(program, arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Start { program: program.to_owned(), source })?;
    if !output.status.success() {
        return Err(Error::Failed { command: shown(program, arguments), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Shows what a program prints on both outputs as it comes; returns it, and whether the program succeeded.
pub(crate) fn tee(program: &str, arguments: &[&str]) -> Result<(String, bool), Error> {
    let start = |source| Error::Start { program: program.to_owned(), source };
    let read = |source| Error::Output { command: shown(program, arguments), source };
    let (reader, writer) = std::io::pipe().map_err(start)?;
    let second = writer.try_clone().map_err(start)?;
    // The command owns the writing ends and is dropped at once: the reader must see the end.
    let mut child = command(program, arguments).stdout(writer).stderr(second).spawn().map_err(start)?;
    let mut text = String::new();
    let mut lines = BufReader::new(reader.take(MAX_OUTPUT_BYTES));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(read)? > 0 {
        let shown = String::from_utf8_lossy(&line).into_owned();
        eprint!("{shown}");
        text.push_str(&shown);
        line.clear();
    }
    let status = child.wait().map_err(read)?;
    Ok((text, status.success()))
}

/// A test run prints well under a megabyte; a run that prints this much is broken.
const MAX_OUTPUT_BYTES: u64 = 256 << 20;

/// Whether `cargo <name>` exists.
pub(crate) fn has_cargo_command(name: &str) -> bool {
    let listed = capture("cargo", &["--list"]).unwrap_or_default();
    listed.lines().any(|line| line.split_whitespace().next() == Some(name))
}

fn shown(program: &str, arguments: &[&str]) -> String {
    std::iter::once(program).chain(arguments.iter().copied()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let error = run("no-such-program-here", &[]).unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-program-here`; is it installed and on the PATH?");
    }

    #[test]
    fn both_outputs_come_back_in_their_order() {
        let (text, good) = tee("cargo", &["--version"]).unwrap();
        assert!(good && text.starts_with("cargo "));
        let (text, good) = tee("cargo", &["--no-such-flag"]).unwrap();
        assert!(!good && text.contains("--no-such-flag"));
    }

    #[test]
    fn what_does_not_end_is_stopped() {
        let error = run_within(Duration::from_millis(1), "sleep", &["60"]).unwrap_err();
        assert_eq!(error.to_string(), "`sleep 60` did not end within 0 s");
    }
}
