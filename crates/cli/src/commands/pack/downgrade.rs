//! `reach pack allow-downgrade`.

use std::{path::Path, time::Duration};

use reach_runner::{
    Access, Downgrade, Downgraded, MAX_DOWNGRADE_BYTES, OlderPack, State, World, allow_downgrade,
    files::{self, Existing},
    keys::Signers,
    recover, sign_downgrade,
};
use serde_json::json;

use crate::{
    arguments::AllowDowngrade,
    commands::{flags::usage, key::signing_commands},
    report::{Failure, Report},
    terminal::shown,
};

pub(super) fn run(world: &World, command: &AllowDowngrade) -> Result<Report, Failure> {
    let older = OlderPack { pack: &command.pack, signature: command.signature.as_deref(), trust: &command.trust };
    if let Some(out) = &command.out {
        let state = State::open(&command.state, Access::Read)?;
        files::require_place(out)?;
        let statement = sign(world, &state, &older, command)?;
        files::write(out, statement.as_bytes(), 0o644, Existing::Refuse)?;
        return Ok(signed(out));
    }
    let mut state = State::open(&command.state, Access::Write)?;
    recover(world, &mut state, &command.trust)?;
    let statement = match &command.statement {
        Some(path) => files::read(path, u64::try_from(MAX_DOWNGRADE_BYTES).unwrap_or(u64::MAX))?,
        None => sign(world, &state, &older, command)?.into_bytes(),
    };
    Ok(allowed(&allow_downgrade(world, &mut state, &older, &statement)?))
}

fn sign(world: &World, state: &State, older: &OlderPack<'_>, command: &AllowDowngrade) -> Result<String, Failure> {
    let commands = signing_commands(&command.with)?;
    let operators = Signers { keys: &command.with.key, commands: &commands };
    if operators.keys.is_empty() && commands.is_empty() {
        let missing = "--key or --signer: operators sign a downgrade; or give what they signed as --statement";
        return Err(usage(missing.to_owned()));
    }
    let reason = command.reason.as_deref().unwrap_or_default();
    let validity = Duration::from_secs(u64::from(command.hours).saturating_mul(3600));
    Ok(sign_downgrade(world, state, older, &operators, reason, validity)?)
}

fn signed(out: &Path) -> Report {
    Report::new("signed")
        .field("statement", out.display().to_string())
        .line(format!("signed: {}", shown(&out.display().to_string())))
        .line("nothing has changed on the node: give this file as --statement to allow the downgrade")
}

fn allowed(downgraded: &Downgraded) -> Report {
    let Downgrade { name, version, digest, from_version, reason, .. } = &downgraded.statement;
    Report::new("allowed")
        .check("the pack is verified in all but its version")
        .check("operators signed for this node, this archive and this step")
        .check("the ledger holds their statement")
        .field("name", name.as_str())
        .field("version", version.to_string())
        .field("blake3", digest.to_string())
        .field("from", from_version.to_string())
        .field("reason", reason.clone())
        .field("signers", json!(downgraded.signers))
        .line(format!("allowed: {name} {version} may run again here, after {from_version}"))
        .line(format!("signed by {}: {reason}", shown(&downgraded.signers.join(", "))))
}
