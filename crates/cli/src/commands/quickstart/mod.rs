//! `reach quickstart`: the whole path once, by the very command lines that it prints.

mod files;
mod steps;
mod tamper;
mod tour;

use std::fs;

use reach_runner::files as disk;
use reach_types::{Class, CodeRow};
use serde_json::json;

use crate::{
    World,
    arguments::Quickstart,
    report::{Failure, Report},
    terminal::{Terminal, shown},
};

use tour::Tour;

const DIR_EXISTS: CodeRow = CodeRow {
    code: "quickstart.dir_exists",
    class: Class::Usage,
    remedy: "name another directory, or move this one away: nothing is ever overwritten",
};
const UNEXPECTED: CodeRow = CodeRow {
    code: "quickstart.unexpected_answer",
    class: Class::Internal,
    remedy: "report this with the output above; the directory it made was removed",
};

/// The codes of quickstart itself.
pub(crate) const CODES: &[CodeRow] = &[DIR_EXISTS, UNEXPECTED];

pub(crate) fn run(
    command: &Quickstart,
    program: &str,
    json: bool,
    world: &World,
    terminal: &mut Terminal<'_>,
) -> Result<Report, Failure> {
    if command.dir.symlink_metadata().is_ok() {
        let message = format!("`{}` exists already", command.dir.display());
        return Err(Failure::new(DIR_EXISTS, message));
    }
    disk::require_directory(&command.workspace)?;
    if let Some(parent) = command.dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        disk::require_directory(parent)?;
    }
    disk::create_directory(&command.dir)?;
    let mut tour = Tour::new(command, program, json, world, terminal);
    let result = steps::all(&mut tour).and_then(|found| Ok((found, tamper::all(&mut tour)?)));
    match result {
        Ok((found, refused)) => Ok(summary(command, tour.into_steps(), &found, refused)),
        Err(failure) => {
            // Only what this command made is in there.
            let _ = fs::remove_dir_all(&command.dir);
            Err(failure)
        }
    }
}

fn summary(command: &Quickstart, steps: Vec<serde_json::Value>, found: &steps::Found, refused: usize) -> Report {
    let dir = shown(&command.dir.display().to_string());
    let (line, features, dropped) = &found.spec;
    Report::new("ok")
        .check("signed, verified, gated, run, recorded, replayed, audited and proved")
        .check("every tampered version was refused")
        .field("dir", command.dir.display().to_string())
        .field("pack_checks", found.pack_checks)
        .field("policy_reasons", found.reasons)
        .field("spec", json!({ "agreed": line, "features": features, "dropped": dropped }))
        .field("files", found.files)
        .field("findings", found.findings)
        .field("skipped", found.skipped)
        .field("refused", refused)
        .field("steps", json!(steps))
        .line(String::new())
        .line(format!(
            "the pack passed {} checks, each explained by `reach pack explain`; its extracted copy is the same to the byte",
            found.pack_checks
        ))
        .line(format!(
            "the policy gave {} reasons against one request, each with what was expected and found; lint has nothing against it",
            found.reasons
        ))
        .line(format!(
            "pack and node agreed on spec {line} with {features} feature(s), and dropped {dropped} that only the pack knows; both offers are in the signed transcript"
        ))
        .line(format!(
            "{} files digested, {} secret(s) found, {} skipped: see {dir}/inventory.json",
            found.files, found.findings, found.skipped
        ))
        .line(format!("{refused} tampered versions refused; everything is in {dir}"))
}
