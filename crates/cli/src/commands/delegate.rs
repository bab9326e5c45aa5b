//! `reach delegate`.

use std::{path::Path, time::Duration};

use reach_mesh_delegation::{DelegationReceipt, Verdict};
use reach_runner::{
    Accepted, Access, Handing, Issued, Received, Sources, State, accept_from, check_receipt, first_violation, issue_to,
    recover,
};
use serde_json::json;

use crate::{
    World,
    arguments::{Delegate, Delegated},
    commands::source::Trusted,
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Delegate, world: &World) -> Result<Report, Failure> {
    match command {
        Delegate::Issue { state, to, subject, scope, ttl, out } => {
            let mut state = open(world, state, &subject.trust)?;
            let handing = Handing { to, scopes: scope, ttl: Duration::from_secs(u64::from(*ttl)) };
            Ok(issued(&issue_to(world, &mut state, &sources(subject), &handing, out)?, out))
        }
        Delegate::Accept { chain, state, subject, receipt, spec_exception } => {
            let mut state = open(world, state, &subject.trust)?;
            let received = Received { chain, receipt: receipt.as_deref(), exception: spec_exception.as_deref() };
            Ok(accepted(&accept_from(world, &mut state, &sources(subject), &received)?))
        }
        Delegate::Receipt { receipt, chain, trust } => {
            let trusted = Trusted::load(trust, world)?;
            let read = check_receipt(receipt, chain, &trusted.trust, trusted.now)?;
            Ok(trusted.note(receipted(&read)))
        }
    }
}

fn sources(subject: &Delegated) -> Sources<'_> {
    Sources {
        pack: &subject.pack,
        signature: subject.signature.as_deref(),
        policy: &subject.policy,
        trust: &subject.trust,
    }
}

fn open(world: &World, dir: &Path, trust: &Path) -> Result<State, Failure> {
    let mut state = State::open(dir, Access::Write)?;
    recover(world, &mut state, trust)?;
    Ok(state)
}

fn issued(issued: &Issued, out: &Path) -> Report {
    Report::new("issued")
        .field("run", issued.run.to_string())
        .field("audience", issued.audience.to_string())
        .field("expires", issued.expires.to_string())
        .field("scopes", json!(issued.scopes))
        .field("chain", out.display().to_string())
        .line(format!("issued to node {}, until {}", issued.audience, issued.expires))
        .line(format!("run {}", issued.run))
        .line(format!("chain {}", shown(&out.display().to_string())))
}

fn accepted(accepted: &Accepted) -> Report {
    let chain = &accepted.chain;
    let report = match first_violation(&accepted.decision) {
        Some((row, message)) if !accepted.admitted => {
            Report::negative(row, message).lines(accepted.decision.to_string().lines().map(str::to_owned))
        }
        _ => Report::new("accepted").line(format!("accepted from node {}, until {}", chain.issuer(), chain.expires())),
    };
    let report = report
        .check("size and count")
        .check("linkage")
        .check("signatures by trusted nodes")
        .check("time and audience")
        .check("attenuation")
        .check("pack, registry and spec")
        .check("nonce");
    let report = if accepted.admitted { report.check("this node's own policy") } else { report };
    report
        .field("run", chain.run().to_string())
        .field("issuer", chain.issuer().to_string())
        .field("depth", chain.depth())
        .field("expires", chain.expires().to_string())
        .field("scopes", json!(chain.rights().scopes))
        .field("transcript", chain.transcript().to_string())
        .field("receipt", json!(accepted.receipt))
        .line(format!("run {}", chain.run()))
        .lines(chain.rights().scopes.iter().map(|grant| format!("  scope {grant}")))
}

fn receipted(receipt: &DelegationReceipt) -> Report {
    let answer = match receipt.verdict() {
        Verdict::Accepted => "accepted",
        Verdict::Rejected => "rejected",
    };
    let transcript = receipt.transcript().map(ToString::to_string);
    let agreed = match &transcript {
        Some(transcript) => format!("agreement {transcript}"),
        None => "no agreement is stated".to_owned(),
    };
    Report::new("verified")
        .check("the answer is to this chain")
        .check("by the node that it is for")
        .check("an acceptance is of the agreement that was signed")
        .field("answer", answer)
        .field("codes", json!(receipt.codes()))
        .field("version", receipt.version())
        .field("run", json!(receipt.run()))
        .field("node", receipt.node().to_string())
        .field("at", receipt.at().to_string())
        .field("transcript", json!(transcript))
        .line(format!("{answer} by node {}, at {}", receipt.node(), receipt.at()))
        .lines(receipt.codes().iter().map(|code| format!("  {code}")))
        .line(agreed)
}
