//! The `reach` binary.

use std::{
    io::{self, IsTerminal},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use reach_cli::Terminal;
use reach_runner::{Environment, World, take_panic};
use reach_types::Code;

fn main() -> ExitCode {
    reach_runner::harden_process();
    let (mut out, mut err) = (io::stdout().lock(), io::stderr());
    let interactive = err.is_terminal();
    let mut terminal = Terminal { out: &mut out, err: &mut err, interactive };
    let code = match Environment::from_process() {
        Ok(environment) => guarded(&World::system(environment), &mut terminal),
        Err(error) => {
            let row = error.row();
            let _ = writeln!(terminal.err, "error[{}]: {error}\n  {}", row.code, row.remedy);
            row.class.exit_code()
        }
    };
    ExitCode::from(code)
}

/// A panic is a fault of ours: it is reported as one, with its own exit code.
fn guarded(world: &World, terminal: &mut Terminal<'_>) -> u8 {
    let run = catch_unwind(AssertUnwindSafe(|| reach_cli::run(std::env::args_os(), world, &mut *terminal)));
    run.unwrap_or_else(|_| {
        let message = take_panic().unwrap_or_default();
        let _ = writeln!(terminal.err, "error[internal.panic]: {message}\n  report this as a bug");
        70
    })
}
