//! `reach pack`: one file for each verb.

mod contents;
mod sign;
mod verify;

use reach_runner::packs;

use crate::{
    World,
    arguments::Pack,
    report::{Failure, Report},
};

pub(crate) fn run(command: &Pack, world: &World) -> Result<Report, Failure> {
    match command {
        Pack::Build { dir, out } => Ok(contents::describe(Report::new("ok"), &packs::build(dir, out)?)),
        Pack::Sign { pack, key, days, out } => sign::run(world, pack, key, *days, out.as_deref()),
        Pack::Inspect { pack } => Ok(contents::inspect(&packs::inspect(pack)?)),
        Pack::Verify(command) => verify::run(world, command),
    }
}
