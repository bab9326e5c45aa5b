//! `reach policy sign`.

use reach_runner::{keys::Signers, policies};
use serde_json::json;

use super::{headline, show};
use crate::{
    World,
    arguments::PolicySign,
    commands::key::signing_commands,
    report::{Failure, Report},
};

pub(super) fn sign(world: &World, command: &PolicySign) -> Result<Report, Failure> {
    let commands = signing_commands(&command.with)?;
    let signers = Signers { keys: &command.with.key, commands: &commands };
    let signed = policies::sign(world, &command.bundle, &signers, command.out.as_deref())?;
    let keys = signed.signed_by();
    let report = headline(Report::new("ok"), signed.policy())
        .field("digest", signed.digest().to_string())
        .field("signed_by", json!(keys))
        .line(format!("digest {}", signed.digest()))
        .lines(keys.iter().map(|key| format!("signature that names the key {key}")));
    // Whoever signs is to see what.
    Ok(show::show(report, signed.policy()))
}
