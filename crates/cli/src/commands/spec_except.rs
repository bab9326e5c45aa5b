//! `reach spec except`.

use reach_runner::{
    files::{self, Existing},
    keys::Signers,
    sign_spec_exception,
};
use reach_spec_version::SpecVersion;

use crate::{
    World,
    arguments::SpecExcept,
    commands::{
        flags::{date, usage},
        key::signing_commands,
        source::Trusted,
    },
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(world: &World, command: &SpecExcept) -> Result<Report, Failure> {
    let floor = SpecVersion::parse(&command.floor).map_err(|error| usage(format!("--floor: {error}")))?;
    let until = date("--until", Some(&command.until))?.ok_or_else(|| usage("--until: a date".to_owned()))?;
    files::require_place(&command.out)?;
    let commands = signing_commands(&command.with)?;
    let operators = Signers { keys: &command.with.key, commands: &commands };
    let trusted = Trusted::load(&command.trust, world)?;
    let by = (&trusted.trust, trusted.now);
    let statement = sign_spec_exception(world, by, &operators, &command.peer, floor, until)?;
    files::write(&command.out, statement.as_bytes(), 0o644, Existing::Refuse)?;
    let out = command.out.display().to_string();
    let report = Report::new("signed")
        .field("exception", out.clone())
        .field("floor", floor.to_string())
        .field("until", until.to_string())
        .line(format!("signed: {}", shown(&out)))
        .line(format!("the peer may offer {floor} or later until {until}, where `reach delegate accept` is given this file as --spec-exception"));
    Ok(trusted.note(report))
}
