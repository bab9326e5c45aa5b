//! `reach policy`.

mod approve;
mod call;
mod check;
mod diff;
mod either;
mod explain;
mod lint;
mod redeem;
mod show;
mod sign;
mod tags;
mod test;

pub(crate) use self::{diff::DIFF_WIDENS, test::TEST_FAILED};

use std::path::Path;

use reach_policy::{Policy as OrganizationPolicy, VerifiedBundle};
use reach_runner::{keys::Signers, policies};
use serde_json::json;

use crate::{
    World,
    arguments::{Policy, TrustSource},
    commands::{key::signing_commands, source::Trusted},
    report::{Failure, Report},
};

pub(crate) fn run(command: &Policy, world: &World) -> Result<Report, Failure> {
    match command {
        Policy::Build { policy, out, with } => {
            let commands = signing_commands(with)?;
            let built = policies::build(world, policy, &Signers { keys: &with.key, commands: &commands }, out)?;
            Ok(lint::noted(headline(Report::new("ok"), &built), &built, world))
        }
        Policy::Verify { bundle, trust } => {
            let (trusted, bundle) = verified(bundle, trust, world)?;
            Ok(trusted.note(summary(Report::new("verified"), &bundle)))
        }
        Policy::Show { bundle, trust } => {
            let (trusted, bundle) = verified(bundle, trust, world)?;
            Ok(trusted.note(show::show(summary(Report::new("verified"), &bundle), bundle.policy())))
        }
        Policy::Sign(asked) => sign::sign(world, asked),
        Policy::Lint(asked) => lint::lint(world, asked),
        Policy::Check(asked) => check::check(world, asked),
        Policy::Redeem(asked) => redeem::redeem(world, asked),
        Policy::Approve(asked) => approve::approve(world, asked),
        Policy::Diff(asked) => diff::diff(world, asked),
        Policy::Test(asked) => test::test(world, asked),
        Policy::Explain(asked) => explain::explain(world, asked),
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
