//! The `reach` binary.

use std::{
    io::{self, IsTerminal, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use reach_cli::{AskOnTerminal, Terminal};
use reach_runner::{Environment, World, take_panic};

fn main() -> ExitCode {
    reach_runner::harden_process();
    let code = match Environment::from_process() {
        Ok(environment) => guarded(World { passphrases: Box::new(AskOnTerminal), ..World::system(environment) }),
        Err(error) => reach_cli::refuse(
            std::env::args_os(),
            error,
            &mut Terminal::new(&mut io::stdout().lock(), &mut io::stderr(), false),
        ),
    };
    ExitCode::from(code)
}

/// Nothing can be said of a failure to say something.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A panic is a fault of ours: it is reported as one, with its own exit code.
fn guarded(world: World) -> u8 {
    let run = catch_unwind(AssertUnwindSafe(|| {
        let (mut out, mut err) = (io::stdout().lock(), io::stderr());
        let interactive = err.is_terminal();
        reach_cli::run(std::env::args_os(), world, &mut Terminal::new(&mut out, &mut err, interactive))
    }));
    run.unwrap_or_else(|_| {
        say(&format!("error[internal.panic]: {}\n  report this as a bug", take_panic().unwrap_or_default()));
        70
    })
}
