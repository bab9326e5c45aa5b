//! Making trust documents, their next versions, and their signatures.

use std::collections::BTreeSet;

use reach_runner::{
    files::{self, Existing},
    trusting::{self, Asked, FirstTrust, KeyRetirement, KeyRevocation},
};
use reach_signing::{TrustDraft, TrustVersion};
use serde_json::json;

use super::{history, show};
use crate::{
    World,
    arguments::{Trust, TrustEdit, TrustInit, TrustSigning},
    commands::flags,
    report::{Failure, Report},
    terminal::shown,
};

/// How many days a renewed document is valid if nothing else is asked for.
const RENEWED_DAYS: u32 = 365;

pub(super) fn init(world: &World, command: &TrustInit) -> Result<Report, Failure> {
    let first = FirstTrust {
        roots: command.root.clone(),
        signers: flags::signer_specs(&command.signer)?,
        thresholds: flags::thresholds(&command.threshold)?,
        packs: flags::packs(&command.packs)?,
        days: command.days,
        max_key_age_days: command.max_key_age,
    };
    files::require_place(&command.out)?;
    let draft = trusting::first_document(world, &first)?;
    files::write(&command.out, draft.to_file().as_bytes(), 0o644, Existing::Refuse)?;
    let report = Report::new(verdict(&draft));
    let report = match draft.clone().complete() {
        Ok(chain) => show::describe(report, &chain, false, world.now()),
        Err(_) => report.line(headline(&draft)),
    };
    Ok(signatures(report, &draft))
}

pub(super) fn sign(world: &World, signing: &TrustSigning) -> Result<Report, Failure> {
    write(signing, |pin| Ok(trusting::sign_document(world, &signing.file, pin, &signing.root)?))
}

/// Makes the next version that `command` asks for; it is none of the commands that only look.
pub(super) fn next(world: &World, command: &Trust) -> Result<Report, Failure> {
    let Some((edit, asked)) = asked(command)? else { return Err(flags::usage("this makes no version".to_owned())) };
    let asked = Asked { thresholds: flags::thresholds(&edit.threshold)?, days: edit.days.or(asked.days), ..asked };
    let signing = &edit.signing;
    write(signing, |pin| Ok(trusting::next_document(world, &signing.file, pin, &signing.root, &asked)?))
}

fn asked(command: &Trust) -> Result<Option<(&TrustEdit, Asked)>, Failure> {
    let none = Asked::default();
    Ok(Some(match command {
        Trust::Add { change, signer, packs } => {
            let (signers, packs) = (flags::signer_specs(signer)?, flags::packs(packs)?);
            (change, Asked { signers, packs, ..none })
        }
        Trust::Retire { change, key, at } => {
            let at = flags::date("--at", at.as_deref())?;
            let retire = key.iter().map(|key| KeyRetirement { key: key.clone(), at }).collect();
            (change, Asked { retire, ..none })
        }
        Trust::Revoke { change, key: Some(key), reason, since, .. } => {
            let (since, reason) = (flags::date("--since", since.as_deref())?, flags::key_reason(reason)?);
            (change, Asked { revoke: vec![KeyRevocation { key: key.clone(), since, reason }], ..none })
        }
        Trust::Revoke { change, pack, reason, .. } => {
            let digest = flags::digest("--pack", pack.as_deref().unwrap_or_default())?;
            (change, Asked { revoke_packs: vec![(digest, reason.clone())], ..none })
        }
        Trust::Rotate { change, signer, key, new } => {
            (change, Asked { rotate: Some((signer.clone(), key.clone(), new.clone())), ..none })
        }
        Trust::Renew { change, key, max_key_age } => {
            let renewed = Asked { renew: key.clone(), max_key_age_days: *max_key_age, ..none };
            (change, Asked { days: Some(RENEWED_DAYS), ..renewed })
        }
        _ => return Ok(None),
    }))
}

fn write(
    signing: &TrustSigning,
    make: impl FnOnce(Option<&reach_types::Blake3Digest>) -> Result<TrustDraft, Failure>,
) -> Result<Report, Failure> {
    let pin = signing.trust_root.as_deref().map(flags::parse_pin).transpose()?;
    // Before a key is read or a token asked: a place that is taken is the caller's mistake.
    files::require_place(&signing.out)?;
    let draft = make(pin.as_ref())?;
    files::write(&signing.out, draft.to_file().as_bytes(), 0o644, Existing::Refuse)?;
    Ok(made(&draft))
}

/// What was made and what it changes: whoever signs is to see it.
fn made(draft: &TrustDraft) -> Report {
    let report = Report::new(verdict(draft)).line(headline(draft));
    let before = draft.previous().map(TrustVersion::document);
    signatures(history::changes(report, &draft.newest().document().differences(before)), draft)
}

fn verdict(draft: &TrustDraft) -> &'static str {
    if draft.missing().is_empty() { "ok" } else { "incomplete" }
}

fn headline(draft: &TrustDraft) -> String {
    let document = draft.newest().document();
    format!("trust document version {}, valid until {}", document.version, document.expires)
}

/// Adds what the version is, who signed it, and who is still missing.
fn signatures(report: Report, draft: &TrustDraft) -> Report {
    let (newest, missing) = (draft.newest(), draft.missing());
    let listed: Vec<_> = missing
        .iter()
        .map(|missing| json!({"version": missing.version, "required": missing.required, "signed": missing.actual}))
        .collect();
    let waiting = missing.iter().map(|missing| {
        format!(
            "not complete: {} of {} roots of version {} signed; `reach trust sign` adds the others",
            missing.actual, missing.required, missing.version
        )
    });
    let signed: BTreeSet<&str> = newest.signed_by().map(|(name, _)| name).collect();
    report
        .field("version", newest.document().version)
        .field("digest", newest.digest().to_string())
        .field("expires", newest.document().expires.to_string())
        .field("trust_root_digest", draft.root().to_string())
        .field("signed_by", json!(signed))
        .field("complete", missing.is_empty())
        .field("missing", listed)
        .line(format!("signed by {}", shown(&signed.into_iter().collect::<Vec<_>>().join(", "))))
        .lines(waiting)
}
