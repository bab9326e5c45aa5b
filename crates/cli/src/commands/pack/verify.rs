//! `reach pack verify`.

use std::path::Path;

use reach_pack_integrity::{Check, Expected, Verification};
use reach_runner::{
    ProofRequest,
    packs::{self, Books, Exemptions, Judged, PackFiles},
    policies,
};
use reach_types::{PackName, PackVersion};

use crate::{
    World,
    arguments::{PackAsked, PackVerify},
    commands::{flags::usage, source::Trusted},
    report::{Failure, Report},
};

use super::verdict::{describe, step, word};

pub(super) fn run(world: &World, command: &PackVerify, extracted: Option<&Path>) -> Result<Report, Failure> {
    let trusted = Trusted::load(&command.asked.trust, world)?;
    let Judged { mut passed, verdict, .. } = match extracted {
        // An exception covers an archive, and no directory that somebody made from it.
        Some(dir) => ask(&command.asked, &trusted, |files, asked| packs::judge_extracted(files, asked, dir))?,
        None => {
            let state = command.asked.trust.state.as_deref();
            judge(world, command, &trusted, state.map(|state| Books { world, state }).as_ref())?
        }
    };
    let proven = verdict?;
    passed.extend(extracted.map(|_| Check::Extracted));
    let report = passed.iter().fold(Report::new(word(&proven)), |report, check| report.check(check.name()));
    let report = report.field("checks_prove", passed.iter().map(|check| step(*check)).collect::<Vec<_>>());
    Ok(trusted.note(describe(report, &proven)))
}

/// Judges the pack as the command line asks; an exception for it counts only if `books` record that.
pub(super) fn judge(
    world: &World,
    command: &PackVerify,
    trusted: &Trusted,
    books: Option<&Books<'_>>,
) -> Result<Judged, Failure> {
    ask(&command.asked, trusted, |files, asked| {
        let judged = packs::judge(files, asked);
        let Some(policy) = &command.policy else { return Ok(judged) };
        let bundle = policies::verify(policy, asked.trust, asked.now, trusted.state.as_ref())?;
        let exemptions = Exemptions::of(&world.environment, bundle.policy())?;
        // What nobody signed can have no proof of its signing.
        let proof = command.asked.require_proof;
        Ok(if proof { judged } else { packs::judge_exempt(judged, files, asked, &exemptions, books) })
    })?
}

/// Does `act` with what the command line says about the pack and what it is verified against.
pub(super) fn ask<T>(
    command: &PackAsked,
    trusted: &Trusted,
    act: impl FnOnce(&PackFiles<'_>, &Verification<'_>) -> T,
) -> Result<T, Failure> {
    let expected = expected(command)?;
    let files = PackFiles {
        pack: &command.pack,
        signature: command.signature.as_deref(),
        proof: ProofRequest { proof: command.proof.as_deref(), required: command.require_proof },
        trust: &command.trust.trust,
    };
    let (trust, now, seen) = (&trusted.trust, trusted.now, trusted.seen());
    Ok(act(&files, &Verification { trust, expected: &expected, now, seen, evidence: None }))
}

fn expected(command: &PackAsked) -> Result<Expected, Failure> {
    let name = command.name.as_deref().map(PackName::parse).transpose();
    let version = command.pack_version.as_deref().map(PackVersion::parse).transpose();
    Ok(Expected {
        name: name.map_err(|error| usage(format!("--name: {error}")))?,
        version: version.map_err(|error| usage(format!("--version: {error}")))?,
    })
}
