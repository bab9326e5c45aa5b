//! `reach policy diff`.

use reach_policy::{Change, Direction, PolicyDiff, RightsChange};
use reach_types::{Class, CodeRow, Request};
use serde_json::json;

use super::either::Either;
use crate::{
    World, arguments,
    report::{Failure, Report},
    terminal::shown,
};

/// What `--deny-widening` refuses with.
pub(crate) const DIFF_WIDENS: CodeRow = CodeRow {
    code: "policy.diff_widens",
    class: Class::Refused,
    remedy: "have somebody approve what the new policy allows, or take it out",
};

/// The most exceptions that a line names.
const MAX_NAMED: usize = 8;

pub(super) fn diff(world: &World, command: &arguments::PolicyDiff) -> Result<Report, Failure> {
    let [old, new] = [&command.old, &command.new].map(|path| Either::read(path, &command.trust, world));
    let (old, new) = (old?, new?);
    let diff = PolicyDiff::between(old.policy(), new.policy());
    let word = diff.verdict().as_str();
    let report = if command.deny_widening && diff.widens() {
        Report::negative(DIFF_WIDENS, "the new policy allows more than the old one".to_owned())
    } else {
        Report::new(word)
    };
    let total = diff.changes().count().saturating_add(diff.omitted);
    let report = report
        .field("difference", word)
        .field("widens", diff.widens())
        .field("old", old.json())
        .field("new", new.json())
        .field("policy", json!(diff.policy))
        .field("rights", json!(diff.rights))
        .field("omitted", diff.omitted)
        .line(format!("{word}: {total} change(s)"))
        .line(format!("  old {}", shown(&old.text())))
        .line(format!("  new {}", shown(&new.text())))
        .lines(diff.policy.iter().map(line));
    let named = [&old, &new].iter().any(|side| !side.policy().tenants().is_empty());
    let report = diff.rights.iter().fold(report, |report, group| report.lines(group_lines(group, named)));
    let more = (diff.omitted > 0).then(|| format!("and {} more", diff.omitted));
    Ok(report.lines(more))
}

fn group_lines(group: &RightsChange, named: bool) -> Vec<String> {
    let mut whom: Vec<String> = group.whom.tenants.iter().map(ToString::to_string).collect();
    if group.whom.unnamed {
        whom.insert(0, if named { "every tenant that neither names" } else { "everybody" }.to_owned());
    }
    let mut lines = vec![format!("for {}:", whom.join(", "))];
    lines.extend(group.changes.iter().map(line));
    lines.extend(group.allowed.as_ref().map(|request| format!("  only the new one allows: {}", asked(request))));
    lines.extend(group.refused.as_ref().map(|request| format!("  only the old one allows: {}", asked(request))));
    let nothing = [(group.nothing_before, "old"), (group.nothing_after, "new")];
    let nothing = nothing.into_iter().filter(|(nothing, _)| *nothing);
    lines.extend(nothing.map(|(_, which)| format!("  under the {which} one nothing can be called: it allows no tool")));
    lines
}

fn line(change: &Change) -> String {
    let sign = match change.direction {
        Direction::Widened => '+',
        Direction::Narrowed => '-',
        Direction::Changed => '~',
    };
    let side = |side: &Option<String>| side.as_deref().map_or_else(|| "nothing".to_owned(), shown);
    // What a policy says once has no name of its own.
    let aspect = change.aspect.as_str();
    let subject = if change.subject == aspect { String::new() } else { subject(change) };
    let example = change.example.as_deref().filter(|example| *example != change.subject);
    let example = example.map(|example| format!(", such as {example}")).unwrap_or_default();
    format!("  {sign} {aspect:<15} {subject}{} -> {}{example}", side(&change.before), side(&change.after))
}

fn subject(change: &Change) -> String {
    let named: Vec<String> = change.except.iter().take(MAX_NAMED).map(ToString::to_string).collect();
    let except = match change.except.len().saturating_sub(MAX_NAMED) {
        _ if named.is_empty() => String::new(),
        0 => format!(" except {}", named.join(", ")),
        more => format!(" except {} and {more} more", named.join(", ")),
    };
    format!("{}{except}: ", shown(&change.subject))
}

fn asked(request: &Request) -> String {
    let tools = request.tools.iter().map(|tool| format!("tool {tool}"));
    let scopes = request.scopes.iter().map(|scope| format!("scope {scope}"));
    let models = request.models.iter().map(|(key, model)| format!("model {key}={model}"));
    tools.chain(scopes).chain(models).collect::<Vec<_>>().join(", ")
}
