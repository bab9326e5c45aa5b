//! `reach policy test`.

use reach_policy::{CasesReport, FailedCase};
use reach_runner::policies;
use reach_types::{Class, CodeRow};
use serde_json::json;

use super::either::Either;
use crate::{
    World,
    arguments::PolicyTest,
    report::{Failure, Report},
    terminal::shown,
};

/// What a policy that answers otherwise than its cases say is refused with.
pub(crate) const TEST_FAILED: CodeRow = CodeRow {
    code: "policy.test_failed",
    class: Class::Refused,
    remedy: "change the policy, or the case if it is the case that is wrong",
};

pub(super) fn test(world: &World, command: &PolicyTest) -> Result<Report, Failure> {
    let policy = Either::read(&command.policy, &command.trust, world)?;
    let cases = policies::read_cases(&command.cases)?;
    let outcome = cases.run(policy.policy());
    let (failed, all) = (outcome.failed.len(), cases.len());
    let report = if failed == 0 {
        Report::new("passed")
    } else {
        Report::negative(TEST_FAILED, format!("{failed} of {all} case(s) were answered otherwise"))
    };
    let report = report
        .field("policy", policy.json())
        .field("cases", all)
        .field("passed", outcome.passed)
        .field("failed", json!(outcome.failed))
        .field("unexercised", json!({ "codes": outcome.codes_unexercised, "rules": outcome.rules_unexercised }))
        .line(format!("{} of {all} case(s) passed", outcome.passed))
        .line(format!("  policy {}", shown(&policy.text())));
    Ok(report.lines(outcome.failed.iter().flat_map(failure)).lines(unexercised(&outcome)))
}

fn failure(case: &FailedCase) -> Vec<String> {
    let mut lines = vec![format!("FAILED {}", shown(&case.name))];
    lines.push(format!("  expected {}, got {}", case.expected, case.actual));
    lines.extend(case.missing.iter().map(|reason| format!("  missing  {}", shown(reason))));
    lines.extend(case.surplus.iter().map(|reason| format!("  surplus  {}", shown(reason))));
    lines.extend((case.omitted > 0).then(|| format!("  and {} more", case.omitted)));
    lines
}

fn unexercised(outcome: &CasesReport) -> Vec<String> {
    let mut lines = Vec::new();
    if !outcome.rules_unexercised.is_empty() {
        lines.push("rules that no case exercises, and from which side:".to_owned());
        lines.extend(outcome.rules_unexercised.iter().map(|one| format!("  {:<8} {}", one.side.as_str(), one.rule)));
    }
    if !outcome.codes_unexercised.is_empty() {
        lines.push("codes that no case leads to:".to_owned());
        lines.extend(outcome.codes_unexercised.iter().map(|code| format!("  {code}")));
    }
    lines
}
