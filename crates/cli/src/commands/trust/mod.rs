//! `reach trust`: making and changing documents, and looking at them.

mod due;
mod history;
mod make;
mod show;
mod verify;

pub(crate) use due::with_due;

use std::path::Path;

use reach_runner::trusting::load_chain;
use reach_types::Code;

use crate::{
    World,
    arguments::Trust,
    commands::flags::parse_pin,
    report::{Failure, Report},
};

pub(crate) fn run(command: &Trust, world: &World) -> Result<Report, Failure> {
    match command {
        Trust::Init(init) => make::init(world, init),
        Trust::Sign { signing } => make::sign(world, signing),
        Trust::Show { file, trust_root } => show(world, file, trust_root.as_deref()),
        Trust::Verify { file, trust_root, state } => verify::run(world, file, trust_root.as_deref(), state.as_deref()),
        Trust::History { file, trust_root } => {
            let pin = trust_root.as_deref().map(parse_pin).transpose()?;
            Ok(history::report(&load_chain(file, pin.as_ref(), world.now())?, world.now()))
        }
        change => make::next(world, change),
    }
}

fn show(world: &World, file: &Path, trust_root: Option<&str>) -> Result<Report, Failure> {
    let (pin, now) = (trust_root.map(parse_pin).transpose()?, world.now());
    let chain = load_chain(file, pin.as_ref(), now)?;
    // What is over is shown all the same: its owner needs the key ids to renew it.
    match chain.clone().in_force(now) {
        Ok(trust) => Ok(with_due(&trust, now, |report| show::describe(report, &chain, pin.is_some(), now))),
        Err(over) => {
            let report = Report::negative(over.row(), over.to_string());
            Ok(show::describe(report, &chain, pin.is_some(), now))
        }
    }
}
