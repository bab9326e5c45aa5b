//! `reach pack`: one file for each verb.

mod contents;
mod diff;
mod downgrade;
mod explain;
mod export;
mod extract;
mod sign;
mod verdict;
mod verify;

pub(crate) use diff::WIDENED;
pub(crate) use verdict::{provenance, unsigned_line};

use reach_runner::packs;

use crate::{
    World,
    arguments::Pack,
    report::{Failure, Report},
};

pub(crate) fn run(command: &Pack, world: &World) -> Result<Report, Failure> {
    match command {
        Pack::Build { dir, out } => Ok(contents::describe(Report::new("ok"), &packs::build(dir, out)?)),
        Pack::Sign { pack, with, days, out, state } => {
            sign::run(world, pack, with, *days, out.as_deref(), state.as_deref())
        }
        Pack::Inspect { pack } => Ok(contents::inspect(&packs::inspect(pack)?)),
        Pack::Verify { pack, extracted } => verify::run(world, pack, extracted.as_deref()),
        Pack::Extract { pack, out } => extract::run(world, pack, out),
        Pack::AllowDowngrade(command) => downgrade::run(world, command),
        Pack::Explain(command) => explain::run(world, command),
        Pack::Diff { old, new, deny_widening } => diff::run(old, new, *deny_widening),
        Pack::Export { pack, signer, signature, out, .. } => {
            export::run(pack, signature.as_deref(), signer.as_deref(), out.as_deref())
        }
    }
}
