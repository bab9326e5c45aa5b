//! `reach pack explain`: a verdict, what each check behind it proves, and what it does not.

use reach_pack_integrity::{Check, NOT_PROVEN};
use reach_runner::packs::{Judged, ProvenPack};
use serde_json::{Value, json};

use crate::{
    World,
    arguments::PackVerify,
    commands::source::Trusted,
    report::{Failure, Report},
};

use super::{
    verdict::{describe, step, word},
    verify,
};

pub(super) fn run(world: &World, command: &PackVerify) -> Result<Report, Failure> {
    let trusted = Trusted::load(&command.asked.trust, world)?;
    // Explaining uses no exception: it says that one is there, and that using it is recorded.
    let Judged { passed, failed, verdict } = verify::judge(world, command, &trusted, None)?;
    let report = match verdict {
        Ok(proven) => passing(&passed, &proven),
        Err(error) => refusal(&passed, failed, Failure::from(error))?,
    };
    Ok(trusted.note(report))
}

fn passing(passed: &[Check], proven: &ProvenPack) -> Report {
    // An exception stands in the place of a signature, and a directory is another command's to look at.
    let elsewhere = [Check::Exception, Check::Extracted];
    let optional = Check::ALL.iter().filter(|check| check.asked_by().is_some() && !elsewhere.contains(check));
    let skipped: Vec<_> = optional.filter(|check| !passed.contains(check)).copied().collect();
    let report = describe(Report::new(word(proven)), proven);
    let report = steps(report.line("what was checked, in order, and what each check proves:"), passed);
    not_proven(not_asked(report, &skipped))
}

/// A refusal is about one check; a file that cannot be read is about none, and explains itself.
fn refusal(passed: &[Check], failed: Option<Check>, failure: Failure) -> Result<Report, Failure> {
    let Some(failed) = failed else { return Err(failure) };
    let report = failure.into_report();
    let report = report
        .field("failed", json!({ "check": failed.name(), "would_prove": failed.proves() }))
        .line(format!("refused by the check `{failed}`, which would prove:"))
        .line(format!("  {}", failed.proves()))
        .line(match passed {
            [] => "nothing was established before it",
            _ => "established before it, and still true:",
        });
    let report = steps(report, passed);
    Ok(report.line("nothing was checked after it: the pack may have other faults"))
}

fn steps(report: Report, passed: &[Check]) -> Report {
    let proved: Vec<Value> = passed.iter().map(|check| step(*check)).collect();
    let lines = passed.iter().enumerate().map(|(index, check)| {
        let number = index.saturating_add(1);
        format!("  {number:>2}. {:<13} {}", check.name(), check.proves())
    });
    let report = report.lines(lines.collect::<Vec<_>>());
    passed.iter().fold(report, |report, check| report.check(check.name())).field("checks_prove", proved)
}

fn not_asked(report: Report, skipped: &[Check]) -> Report {
    let value =
        |check: &Check| json!({ "check": check.name(), "proves": check.proves(), "asked_by": check.asked_by() });
    let line = |check: &Check| {
        let by = check.asked_by().unwrap_or_default();
        format!("  - {:<13} {} (asked for by {by})", check.name(), check.proves())
    };
    let report = report.field("not_asked", skipped.iter().map(value).collect::<Vec<_>>());
    if skipped.is_empty() {
        return report;
    }
    report.line("what was not asked, and so is not known:").lines(skipped.iter().map(line))
}

fn not_proven(report: Report) -> Report {
    let lines = NOT_PROVEN.iter().map(|text| format!("  - {text}"));
    report.field("does_not_prove", json!(NOT_PROVEN)).line("what no passing verdict proves:").lines(lines)
}
