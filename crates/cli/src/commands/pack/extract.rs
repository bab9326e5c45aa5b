//! `reach pack extract`.

use std::path::Path;

use reach_runner::packs::{self, Extracted};

use crate::{
    World,
    arguments::PackAsked,
    commands::source::Trusted,
    report::{Failure, Report},
    terminal::shown,
};

use super::{verdict::describe, verify::ask};

pub(super) fn run(world: &World, command: &PackAsked, out: &Path) -> Result<Report, Failure> {
    let trusted = Trusted::load(&command.trust, world)?;
    let extracted = ask(command, &trusted, |files, asked| packs::extract(files, asked, out))?;
    let Extracted { proven, passed, files } = extracted?;
    let place = out.display().to_string();
    let report = passed.iter().fold(Report::new("extracted"), |report, check| report.check(check.name()));
    let report = report.field("directory", place.as_str()).field("files", files);
    let report = report.line(format!("extracted {files} file(s) to {}", shown(&place)));
    Ok(trusted.note(describe(report, &proven)))
}
