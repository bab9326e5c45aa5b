//! `reach policy approve`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use reach_policy::{ApprovalRequest, MAX_APPROVAL_REQUEST_BYTES};
use reach_runner::{
    World, answer,
    files::{self, Existing},
    keys::Signers,
};
use serde_json::json;

use crate::{
    arguments::PolicyApprove,
    commands::{flags::usage, key::signing_commands},
    report::{Failure, Report},
    terminal::shown,
};

pub(super) fn approve(world: &World, asked: &PolicyApprove) -> Result<Report, Failure> {
    let limit = u64::try_from(MAX_APPROVAL_REQUEST_BYTES).unwrap_or(u64::MAX);
    let request = ApprovalRequest::from_json(&files::read(&asked.request, limit)?)?;
    let out = asked.out.clone().or_else(|| beside(&asked.request)).ok_or_else(unnamed)?;
    files::require_place(&out)?;
    let commands = signing_commands(&asked.with)?;
    let operators = Signers { keys: &asked.with.key, commands: &commands };
    if operators.keys.is_empty() && commands.is_empty() {
        return Err(usage("--key or --signer: an operator signs the answer".to_owned()));
    }
    let statement = answer(world, &request, &operators, !asked.refuse, Duration::from_secs(asked.ttl))?;
    files::write(&out, statement.as_bytes(), 0o644, Existing::Refuse)?;
    let verdict = if asked.refuse { "refused" } else { "approved" };
    let path = out.display().to_string();
    Ok(describe(Report::new(verdict), &request)
        .field("answer", path.clone())
        .line(format!("{verdict}: {}", shown(&path))))
}

/// Where the run looks for the answer to the question at `request`.
fn beside(request: &Path) -> Option<PathBuf> {
    let name = request.file_name()?.to_str()?.strip_suffix(".ask.json")?;
    Some(request.with_file_name(format!("{name}.approval.dsse.json")))
}

fn unnamed() -> Failure {
    usage("--out: the question is not named `*.ask.json`, so the answer has no place beside it".to_owned())
}

/// Everything that the answer is about.
fn describe(report: Report, request: &ApprovalRequest) -> Report {
    let (binding, (pack, pack_version), (policy, version)) = (request.binding(), request.pack(), request.policy());
    let arguments = match request.arguments() {
        Some(text) => format!("arguments {}", shown(text)),
        None => {
            format!("arguments {} bytes, which are not shown: {}", request.argument_bytes(), request.arguments_digest())
        }
    };
    let scopes: Vec<&str> = request.scopes().iter().map(|scope| scope.as_str()).collect();
    report
        .field("request", request.digest().to_string())
        .field("tool", request.tool().as_str())
        .field("scopes", json!(scopes))
        .field("arguments", json!(request.arguments()))
        .field("arguments_blake3", request.arguments_digest().to_string())
        .field("questions", json!(request.questions()))
        .field("run", binding.run.to_string())
        .field("call", binding.index)
        .field("tenant", binding.tenant.as_str())
        .field("node", binding.node.to_string())
        .field("pack", json!({ "name": pack, "version": pack_version, "blake3": binding.pack }))
        .field("policy", json!({ "name": policy, "version": version, "digest": binding.bundle }))
        .field("mode", binding.mode.as_str())
        .field("asked", request.asked().to_string())
        .field("until", request.until().to_string())
        .line(format!("call {} of run {}", binding.index, binding.run))
        .line(format!("tool      {}", request.tool()))
        .line(format!("scopes    {}", scopes.join(" ")))
        .line(arguments)
        .line(format!("asked of  {}", request.questions().join(" ")))
        .line(format!("pack      {pack} {pack_version}, {}", binding.pack))
        .line(format!("policy    {policy} version {version}, mode {}", binding.mode))
        .line(format!("tenant    {}, node {}", binding.tenant, binding.node))
        .line(format!("until     {}", request.until()))
        .line(format!("request   {}", request.digest()))
}
