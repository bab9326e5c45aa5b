//! `reach pack diff`.

use std::path::Path;

use reach_pack_integrity::{Change, Diff, DiffVerdict, Direction, diff_packs};
use reach_runner::packs;
use reach_types::{Class, CodeRow};
use serde_json::json;

use crate::{
    report::{Failure, Report},
    terminal::shown,
};

/// What `--deny-widening` refuses with.
pub(crate) const WIDENED: CodeRow = CodeRow {
    code: "pack.widened",
    class: Class::Refused,
    remedy: "have somebody approve what the new pack may do, or take it out of the pack",
};

pub(super) fn run(old: &Path, new: &Path, deny_widening: bool) -> Result<Report, Failure> {
    let diff = diff_packs(&packs::view(old)?, &packs::view(new)?);
    let unapproved = diff.unapproved().count();
    let report = if deny_widening && unapproved > 0 {
        let message = format!("{unapproved} change(s) that no approval of the old pack covers");
        Report::negative(WIDENED, message)
    } else {
        Report::new(word(diff.verdict()))
    };
    Ok(describe(report, &diff))
}

const fn word(verdict: DiffVerdict) -> &'static str {
    match verdict {
        DiffVerdict::Equal => "equal",
        DiffVerdict::Narrowed => "narrowed",
        DiffVerdict::Changed => "changed",
        DiffVerdict::Widened => "widened",
    }
}

fn describe(report: Report, diff: &Diff) -> Report {
    let verdict = diff.verdict();
    let needs_approval = diff.unapproved().next().is_some();
    let report = report
        .field("difference", word(verdict))
        .field("widened", verdict == DiffVerdict::Widened)
        .field("needs_approval", needs_approval)
        .field("trust", "none")
        .field("old", json!({ "blake3": diff.old }))
        .field("new", json!({ "blake3": diff.new }))
        .field("changes", json!(diff.changes))
        .line(format!("{}: {} change(s)", word(verdict), diff.changes.len()))
        .line(format!("  old {}", diff.old))
        .line(format!("  new {}", diff.new))
        .lines(diff.changes.iter().map(line));
    let report = if needs_approval {
        report.line("to be approved again: what is widened (+), and every tool whose definition changed")
    } else {
        report
    };
    report.line("trust: none; neither pack was verified, see `reach pack verify`")
}

fn line(change: &Change) -> String {
    let sign = match change.direction {
        Direction::Widened => '+',
        Direction::Narrowed => '-',
        Direction::Changed => '~',
    };
    let (before, after) = (text(change.before.as_ref()), text(change.after.as_ref()));
    // A pack has one name and one version: there is nothing more to name.
    let subject =
        if change.subject == change.aspect.to_string() { String::new() } else { shown(&change.subject) + ": " };
    format!("  {sign} {:<9} {:<15} {subject}{before} -> {after}", change.direction, change.aspect)
}

fn text(value: Option<&String>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| shown(value))
}
