//! `reach pack diff`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use reach_pack_integrity::{Aspect, Change, Diff, DiffVerdict, Direction, Manifest, diff_packs};
use reach_policy::{DriftClass, classify};
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
    let (old, new) = (packs::view(old)?, packs::view(new)?);
    let (diff, drifts) = (diff_packs(&old, &new), drifts(old.manifest(), new.manifest()));
    let unapproved = diff.unapproved().count();
    let report = if deny_widening && unapproved > 0 {
        let message = format!("{unapproved} change(s) that no approval of the old pack covers");
        Report::negative(WIDENED, message)
    } else {
        Report::new(word(diff.verdict()))
    };
    Ok(describe(report, &diff, &drifts))
}

/// In what ways a tool's definition changed.
type Drifts = BTreeMap<String, BTreeSet<DriftClass>>;

/// What changed in the definitions that both packs carry.
fn drifts(old: &Manifest, new: &Manifest) -> Drifts {
    let both = old.definitions().iter().filter_map(|(tool, was)| Some((tool, was, new.definitions().get(tool)?)));
    both.map(|(tool, was, is)| (tool.to_string(), classify(Some(was), Some(is)))).collect()
}

const fn word(verdict: DiffVerdict) -> &'static str {
    match verdict {
        DiffVerdict::Equal => "equal",
        DiffVerdict::Narrowed => "narrowed",
        DiffVerdict::Changed => "changed",
        DiffVerdict::Widened => "widened",
    }
}

fn describe(report: Report, diff: &Diff, drifts: &Drifts) -> Report {
    let verdict = diff.verdict();
    let needs_approval = diff.unapproved().next().is_some();
    let changed: BTreeMap<_, _> = drifts.iter().filter(|(_, classes)| !classes.is_empty()).collect();
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
        .field("drift", json!(changed))
        .lines(diff.changes.iter().map(|change| line(change, drifts)));
    let report = if needs_approval {
        report.line("to be approved again: what is widened (+), and every tool whose definition changed")
    } else {
        report
    };
    report.line("trust: none; neither pack was verified, see `reach pack verify`")
}

fn line(change: &Change, drifts: &Drifts) -> String {
    let sign = match change.direction {
        Direction::Widened => '+',
        Direction::Narrowed => '-',
        Direction::Changed => '~',
    };
    let (before, after) = (text(change.before.as_ref()), text(change.after.as_ref()));
    // A pack has one name and one version: there is nothing more to name.
    let subject =
        if change.subject == change.aspect.to_string() { String::new() } else { shown(&change.subject) + ": " };
    let how = match drifts.get(&change.subject) {
        Some(classes) if change.aspect == Aspect::ToolDefinition => format!(" ({})", words(classes)),
        _ => String::new(),
    };
    format!("  {sign} {:<9} {:<15} {subject}{before} -> {after}{how}", change.direction, change.aspect)
}

fn words(classes: &BTreeSet<DriftClass>) -> String {
    classes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn text(value: Option<&String>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| shown(value))
}
