//! `reach policy`.

use std::path::Path;

use reach_pack_integrity::{Expected, Verification};
use reach_policy::{Decision, Mode, Outcome, Policy as OrganizationPolicy, VerifiedBundle};
use reach_runner::{
    Admission, BuiltinTools, CallSite, ToolHost, admit, files, first_violation,
    keys::Signers,
    packs::{self, PackFiles},
    policies,
};
use reach_types::{Blake3Digest, LegacyException, NodeId, Request, RunId, Sha256Digest, TenantId, Timestamp, ToolCall};
use serde_json::json;

use crate::{
    World,
    arguments::{Policy, TrustSource},
    commands::{flags::usage, key::signing_commands, source::Trusted},
    report::{Failure, Report},
    terminal::shown,
};

/// The tenant of questions that are asked without a state directory.
const DEFAULT_TENANT: &str = "default";

pub(crate) fn run(command: &Policy, world: &World) -> Result<Report, Failure> {
    match command {
        Policy::Build { policy, out, with } => {
            let commands = signing_commands(with)?;
            let built = policies::build(world, policy, &Signers { keys: &with.key, commands: &commands }, out)?;
            Ok(headline(Report::new("ok"), &built))
        }
        Policy::Verify { bundle, trust } => {
            let (trusted, bundle) = verified(bundle, trust, world)?;
            Ok(trusted.note(summary(Report::new("verified"), &bundle)))
        }
        Policy::Show { bundle, trust } => {
            let (trusted, bundle) = verified(bundle, trust, world)?;
            Ok(trusted.note(show(summary(Report::new("verified"), &bundle), bundle.policy())))
        }
        Policy::Check { pack, policy, trust, request, redeem } => {
            check(world, pack, policy, trust, request, redeem.as_deref())
        }
    }
}

fn verified(path: &Path, source: &TrustSource, world: &World) -> Result<(Trusted, VerifiedBundle), Failure> {
    let trusted = Trusted::load(source, world)?;
    let bundle = policies::verify(path, &trusted.trust, trusted.now, trusted.state.as_ref())?;
    Ok((trusted, bundle))
}

fn headline(report: Report, policy: &OrganizationPolicy) -> Report {
    report.field("name", policy.name()).field("version", policy.version()).line(format!(
        "policy {} version {}, until {}",
        policy.name(),
        policy.version(),
        policy.expires()
    ))
}

fn summary(report: Report, bundle: &VerifiedBundle) -> Report {
    headline(report, bundle.policy())
        .check("signatures reach the threshold of role policy")
        .check("every byte is canonical")
        .check("the validity holds")
        .field("digest", bundle.digest().to_string())
        .field("signers", json!(bundle.signers()))
        .field("expires", bundle.expires().to_string())
        .line(format!("digest {}", bundle.digest()))
        .line(format!("signed by {}", bundle.signers().join(", ")))
}

fn show(report: Report, policy: &OrganizationPolicy) -> Report {
    let tools = policy.tools().iter().map(|tool| format!("  tool  {tool}"));
    let scopes = policy.scopes().iter().map(|grant| format!("  scope {grant}"));
    let models = policy
        .models()
        .iter()
        .flat_map(|(key, models)| models.iter().map(move |model| format!("  model {key} = {model}")));
    let exempted = [("legacy pack", policy.legacy_packs()), ("unsigned plugin", policy.unsigned_plugins())];
    let exempted = exempted.into_iter().flat_map(|(what, list)| list.iter().map(move |one| exemption(what, one)));
    let keyring = policy.plugin_keyring().map(|digest| format!("  plugin keyring {digest}"));
    let report = report.field("policy", json!(policy)).lines(tools).lines(scopes).lines(models);
    report.lines(exempted).lines(keyring)
}

/// An entry that lets something unsigned through, for everybody who reads the policy.
fn exemption(what: &str, one: &LegacyException) -> String {
    format!("  {what} {} until {}: {}", one.digest, one.until, shown(&one.reason))
}

fn check(
    world: &World,
    pack: &Path,
    bundle: &Path,
    source: &TrustSource,
    path: &Path,
    redeem: Option<&Path>,
) -> Result<Report, Failure> {
    let (trusted, bundle) = verified(bundle, source, world)?;
    let bytes = read_request(path)?;
    let request = Request::from_json(&bytes)?;
    let expected = Expected::default();
    let asked = Verification {
        trust: &trusted.trust,
        expected: &expected,
        now: trusted.now,
        seen: trusted.seen(),
        evidence: None,
    };
    let pack = packs::verify(&PackFiles::of(pack, None, &source.trust), &asked)?;
    let host = BuiltinTools::definitions_only();
    let site = site(&trusted, &host)?;
    let mode = Mode::parse(world.environment.policy_mode.as_deref())?;
    let admission = admit(&pack, &bundle, None, &host, &site.node, mode, trusted.now)?;
    // A pack that is not admitted as a whole is refused whatever it asks for.
    let decision =
        if admission.allowed() { admission.judge_request(&request, trusted.now) } else { admission.decision().clone() };
    if let (Some(later), Outcome::Allow) = (redeem, decision.outcome()) {
        let asked = Asked { admission: &admission, request: &request, bytes: &bytes };
        let report = redeemed(&asked, &decision, &site, &read_request(later)?, trusted.now)?;
        return Ok(trusted.note(report));
    }
    Ok(trusted.note(decided(&decision)))
}

fn read_request(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(files::read(path, u64::try_from(Request::MAX_JSON_BYTES).unwrap_or(u64::MAX))?)
}

/// A question is asked for no run: its call site is one that no run can have.
fn site(trusted: &Trusted, host: &dyn ToolHost) -> Result<CallSite, Failure> {
    let nobody = NodeId(Sha256Digest::from_bytes([0; 32]));
    let (node, tenant) = match &trusted.state {
        Some(state) => (state.node(), state.config().tenant.clone()),
        None => (nobody, TenantId::parse(DEFAULT_TENANT)?),
    };
    let run = RunId(Blake3Digest::from_bytes([0; 32]));
    Ok(CallSite { run, index: 0, node, tenant, host: host.identity() })
}

/// Answers whether `later`, as it arrives, may use the permit that the first answer gave.
fn redeemed(
    asked: &Asked<'_>,
    decision: &Decision,
    site: &CallSite,
    later: &[u8],
    now: Timestamp,
) -> Result<Report, Failure> {
    let given = asked.call()?;
    let binding = asked.admission.binding(&given, site).ok_or_else(one_tool)?;
    let permit = decision.permit(binding, asked.admission.pack().expires())?;
    let arrives = Request::from_json(later)?;
    let call = Asked { admission: asked.admission, request: &arrives, bytes: later }.call()?;
    let actual = asked.admission.binding(&call, site).ok_or_else(one_tool)?;
    let redeemed = permit.redeem(&actual, now)?;
    Ok(Report::new("allow")
        .check("the call is byte for byte the one that was decided")
        .field("permit", redeemed.digest().to_string()))
}

/// A request under a permit is one call: its arguments are the request's own bytes.
struct Asked<'a> {
    admission: &'a Admission<'a>,
    request: &'a Request,
    bytes: &'a [u8],
}

impl Asked<'_> {
    fn call(&self) -> Result<ToolCall, Failure> {
        let mut tools = self.request.tools.iter();
        match (tools.next(), tools.next(), self.request.models.is_empty()) {
            (Some(tool), None, true) => {
                Ok(ToolCall { tool: tool.clone(), scopes: self.request.scopes.clone(), arguments: self.bytes.to_vec() })
            }
            _ => Err(one_tool()),
        }
    }
}

fn one_tool() -> Failure {
    usage("--redeem: a permit is for one call, so both requests name exactly one tool and no model".to_owned())
}

fn decided(decision: &Decision) -> Report {
    let lines = decision.to_string().lines().map(str::to_owned).collect::<Vec<_>>();
    let report = match (decision.outcome(), first_violation(decision)) {
        (Outcome::Allow, _) | (_, None) => Report::new("allow"),
        (Outcome::Deny | Outcome::Warned, Some((row, message))) => Report::negative(row, message),
    };
    report.field("decision", json!(decision)).lines(lines)
}
