//! `reach policy check`.

use std::path::Path;

use reach_pack_integrity::{Expected, Verification};
use reach_policy::{Decision, Mode, Outcome, Permit, PermitError};
use reach_runner::{
    Admission, BuiltinTools, CallSite, MAX_PERMIT_LIFE, Place, ToolHost, admit, first_violation,
    packs::{self, PackFiles},
    seal_permit,
};
use reach_types::{Code as _, Timestamp, ToolCall};
use serde_json::json;

use super::{
    call::{Asked, one_call, site},
    tags::tagged,
    verified,
};
use crate::{
    World,
    arguments::PolicyCheck,
    commands::{
        flags::{time, usage},
        source::Trusted,
    },
    report::{Failure, Report},
    terminal::shown,
};

pub(super) fn check(world: &World, command: &PolicyCheck) -> Result<Report, Failure> {
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
    let site = site(&trusted, &command.place, host.identity())?;
    let place = Place { node: site.node, tenant: &site.tenant };
    let mode = Mode::parse(world.environment.policy_mode.as_deref())?;
    let admission = admit(&pack, &bundle, None, &host, &place, mode, trusted.now)?;
    let question = Question { command, asked: &asked, admission: &admission, site: &site, now: trusted.now };
    tagged(trusted.note(question.answer(world, &trusted)?), &trusted, &admission, &site)
}

/// What the gate is asked, and about what.
struct Question<'a> {
    command: &'a PolicyCheck,
    asked: &'a Asked,
    admission: &'a Admission<'a>,
    site: &'a CallSite,
    now: Timestamp,
}

impl Question<'_> {
    fn answer(&self, world: &World, trusted: &Trusted) -> Result<Report, Failure> {
        let exact = self.exact_call()?;
        // A pack that is not admitted as a whole is refused whatever it asks for.
        let decision = match &exact {
            _ if !self.admission.allowed() => self.admission.decision().clone(),
            Some(call) => self.admission.judge(call, self.now),
            None => self.admission.judge_request(&self.asked.request, self.now),
        };
        match (&self.command.redeem, &self.command.permit_out, exact) {
            (Some(later), ..) if decision.outcome() == Outcome::Allow => self.redeemed(later),
            (_, Some(out), Some(call)) if decision.outcome() == Outcome::Allow => {
                let permit = self.permit(&decision, &call, self.ends()?, "--permit-out")?;
                Ok(sealed(world, trusted, permit, out)?.field("decision", json!(decision)))
            }
            _ => Ok(decided(&decision)),
        }
    }

    /// The one call that is asked about, if it is its very bytes that count.
    fn exact_call(&self) -> Result<Option<ToolCall>, Failure> {
        let arguments = self.command.arguments.as_deref();
        let flag = if arguments.is_some() { "--arguments" } else { "--permit-out" };
        let needed = arguments.is_some() || self.command.permit_out.is_some();
        needed.then(|| self.asked.call(arguments, flag)).transpose()
    }

    /// Answers whether what arrives later may use the permit that the first answer gave.
    fn redeemed(&self, later: &Path) -> Result<Report, Failure> {
        let flag = "--redeem";
        let given = self.asked.call(None, flag)?;
        let decision = self.admission.judge(&given, self.now);
        let permit = self.permit(&decision, &given, self.admission.pack().expires(), flag)?;
        let arrives = Asked::read(later)?.call(None, flag)?;
        let actual = self.admission.binding(&arrives, self.site).ok_or_else(|| one_call(flag))?;
        let redeemed = permit.redeem(&actual, self.now)?;
        Ok(Report::new("allow")
            .check("the call is byte for byte the one that was decided")
            .field("permit", redeemed.digest().to_string()))
    }

    fn permit(&self, decision: &Decision, call: &ToolCall, ends: Timestamp, flag: &str) -> Result<Permit, Failure> {
        let binding = self.admission.binding(call, self.site).ok_or_else(|| one_call(flag))?;
        Ok(decision.permit(binding, ends)?)
    }

    /// When a permit that is handed out ends.
    fn ends(&self) -> Result<Timestamp, Failure> {
        let life = time("--permit-ttl", &self.command.permit_ttl)?;
        if life.is_zero() || life > MAX_PERMIT_LIFE {
            return Err(usage(format!("--permit-ttl: from `1s` to `{}s`", MAX_PERMIT_LIFE.as_secs())));
        }
        Ok(self.now.saturating_add(life).min(self.admission.pack().expires()))
    }
}

fn sealed(world: &World, trusted: &Trusted, permit: Permit, out: &Path) -> Result<Report, Failure> {
    let state = trusted.state.as_ref().ok_or_else(|| usage("--permit-out: the node's --state is needed".to_owned()))?;
    let expires = permit.expires();
    let digest = seal_permit(world, state, permit, out)?;
    Ok(Report::new("allow")
        .check("the gate allows exactly this call")
        .field("permit", digest.to_string())
        .field("expires", expires.to_string())
        .line(format!("allow: the permit is {}, for one use until {expires}", shown(&out.display().to_string()))))
}

/// Only what is allowed is a positive finding: what a person has yet to approve is none.
pub(super) fn decided(decision: &Decision) -> Report {
    let lines = decision.to_string().lines().map(str::to_owned).collect::<Vec<_>>();
    let denied = || (PermitError::Denied.row(), PermitError::Denied.to_string());
    let report = match decision.outcome() {
        Outcome::Allow => Report::new("allow"),
        Outcome::Ask | Outcome::Deny | Outcome::Warned => {
            let (row, message) = first_violation(decision).unwrap_or_else(denied);
            Report::negative(row, message)
        }
    };
    report.field("decision", json!(decision)).lines(lines)
}
