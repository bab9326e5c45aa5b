//! `reach policy lint`, and the findings that `reach policy build` notes.

use reach_policy::{Finding, Policy, lint as findings_of};
use serde_json::{Value, json};

use super::either::Either;
use crate::{
    World,
    arguments::PolicyLint,
    report::{Failure, Report},
};

pub(super) fn lint(world: &World, command: &PolicyLint) -> Result<Report, Failure> {
    let policy = Either::read(&command.policy, &command.trust, world)?;
    let findings = findings_of(policy.policy(), Some(world.now()));
    let failing = findings.iter().filter(|finding| !finding.is_information());
    let report = match failing.clone().next() {
        Some(first) => Report::negative(first.row(), format!("{} finding(s); {first}", failing.count())),
        None => Report::new("ok").line("nothing found that would have to change"),
    };
    Ok(listed(report.field("policy", policy.json()), &findings))
}

/// Notes what is found in `policy`, which is used all the same.
pub(super) fn noted(report: Report, policy: &Policy, world: &World) -> Report {
    listed(report, &findings_of(policy, Some(world.now())))
}

fn listed(report: Report, findings: &[Finding]) -> Report {
    let json: Vec<Value> = findings.iter().map(to_json).collect();
    report.field("findings", json).lines(findings.iter().flat_map(lines))
}

fn to_json(finding: &Finding) -> Value {
    json!({
        "code": finding.code(),
        "place": finding.place().to_string(),
        "message": finding.lint().to_string(),
        "remedy": finding.row().remedy,
        "information": finding.is_information(),
    })
}

fn lines(finding: &Finding) -> [String; 2] {
    let word = if finding.is_information() { "info" } else { "note" };
    [format!("{word}[{}]: {finding}", finding.code()), format!("  {}", finding.row().remedy)]
}
