//! `reach policy explain`.

use reach_pack_integrity::{Expected, Verification};
use reach_policy::{Entry, Explained, Explanation, LimitFinding, Mode};
use reach_runner::{
    BuiltinTools, Place, ToolHost, admit,
    packs::{self, PackFiles},
};
use reach_types::TenantId;
use serde_json::json;

use super::{
    call::{Asked, site},
    check::decided,
    verified,
};
use crate::{
    World,
    arguments::{CallPlace, PolicyExplain},
    commands::flags::usage,
    report::{Failure, Report},
    terminal::shown,
};

pub(super) fn explain(world: &World, command: &PolicyExplain) -> Result<Report, Failure> {
    let (trusted, bundle) = verified(&command.policy, &command.trust, world)?;
    let asked = Asked::read(&command.request)?;
    let expected = Expected::default();
    let verification = Verification {
        trust: &trusted.trust,
        expected: &expected,
        now: trusted.now,
        seen: trusted.seen(),
        evidence: None,
    };
    let pack = packs::verify(&PackFiles::of(&command.pack, None, &command.trust.trust), &verification)?;
    let host = BuiltinTools::definitions_only();
    let site = site(&trusted, &CallPlace { run: None, call: 0 }, host.identity())?;
    let tenant = command.tenant.as_deref().map(TenantId::parse).transpose();
    let tenant = tenant.map_err(|error| usage(format!("--tenant: {error}")))?.unwrap_or(site.tenant);
    let mode = Mode::parse(world.environment.policy_mode.as_deref())?;
    let place = Place { node: site.node, tenant: &tenant };
    let admission = admit(&pack, &bundle, None, &host, &place, mode, trusted.now)?;
    let call = command.arguments.as_deref().map(|path| asked.call(Some(path), "--arguments")).transpose()?;
    let arguments = call.as_ref().map(|call| call.arguments.as_slice());
    let explanation = admission.explain(&asked.request, arguments);
    // As for `check`: a pack that is not admitted as a whole is refused whatever it asks for.
    let decision = match &call {
        _ if !admission.allowed() => admission.decision().clone(),
        Some(call) => admission.judge(call, trusted.now),
        None => admission.judge_request(&asked.request, trusted.now),
    };
    let admitted = if admission.allowed() { "yes" } else { "no: what follows from the request alone is not asked" };
    let report = decided(&decision)
        .field("admitted", admission.allowed())
        .field("explanation", json!(explanation))
        .line(format!("the pack as a whole is admitted: {admitted}"))
        .lines(told(&explanation));
    Ok(trusted.note(report))
}

fn told(explanation: &Explanation) -> Vec<String> {
    let tenant = &explanation.tenant;
    let rules = match (tenant.listed, tenant.refused) {
        (true, _) => "has rules of its own beside the organization's",
        (false, true) => "is not listed, and so refused everything",
        (false, false) => "has the organization's rules",
    };
    let mut lines = vec![format!("tenant {} {rules}", tenant.tenant)];
    lines.extend(explanation.asked.iter().flat_map(thing));
    lines.extend(explanation.limits.iter().flat_map(limit));
    lines
}

fn thing(explained: &Explained) -> Vec<String> {
    let mut lines = vec![format!("{} {}", explained.what.as_str(), explained.subject)];
    let entry = |entry: &Entry| {
        let which = entry.entry.as_deref().map_or_else(|| "no entry".to_owned(), shown);
        format!("  {:<5} {:<17} {which}", entry.says.as_str(), entry.list)
    };
    lines.extend(explained.entries.iter().map(entry));
    lines
}

fn limit(finding: &LimitFinding) -> Vec<String> {
    let mut lines = vec![format!("limit {} on {}", finding.id, shown(&finding.at))];
    let says = finding.says.map_or("?", |says| says.as_str());
    lines.push(format!("  {says:<5} expected {}", shown(&finding.expected)));
    lines.extend(finding.values.iter().map(|value| format!("        found {}", shown(value))));
    lines.extend((finding.more > 0).then(|| format!("        and {} more", finding.more)));
    lines.extend(finding.note.map(|note| format!("        {note}")));
    lines
}
