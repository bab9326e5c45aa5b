//! `reach trust`: making and changing documents, and looking at them.

mod due;
mod history;
mod make;
mod show;
mod verify;

pub(crate) use due::with_due;

use std::path::Path;

use reach_runner::trusting::{load_chain, load_trust};

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
    let pin = trust_root.map(parse_pin).transpose()?;
    let trust = load_trust(file, pin.as_ref(), world.now())?;
    Ok(with_due(&trust, world.now(), |report| show::describe(report, &trust, world.now())))
}
