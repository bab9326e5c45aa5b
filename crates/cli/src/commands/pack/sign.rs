//! `reach pack sign`.

use std::path::Path;

use reach_runner::{
    Access, State,
    keys::Signers,
    packs::{self, StapledSigning},
};
use serde_json::json;

use crate::{
    World,
    arguments::SignWith,
    commands::key::signing_commands,
    report::{Failure, Report},
    terminal::shown,
};

use super::contents::describe;

pub(super) fn run(
    world: &World,
    pack: &Path,
    with: &SignWith,
    days: u32,
    out: Option<&Path>,
    state: Option<&Path>,
) -> Result<Report, Failure> {
    let out = out.map_or_else(|| packs::signature_path(pack), Path::to_path_buf);
    let commands = signing_commands(with)?;
    let signers = Signers { keys: &with.key, commands: &commands };
    let report = Report::new("ok").field("signature", out.display().to_string());
    let report = report.line(format!(
        "signed by {} key(s) in {}",
        with.key.len() + commands.len(),
        shown(&out.display().to_string())
    ));
    let Some(dir) = state else {
        return Ok(describe(report, &packs::sign(world, pack, &signers, days, &out)?));
    };
    let mut state = State::open(dir, Access::Write)?;
    let signing = packs::sign_stapled(world, &mut state, pack, &signers, days, &out)?;
    Ok(stapled(describe(report, &signing.inspection), &signing, &state))
}

fn stapled(report: Report, signing: &StapledSigning, state: &State) -> Report {
    let (origin, proof) = (&state.config().origin, signing.paths.proof.display().to_string());
    report
        .field("provenance_log", json!({ "origin": origin, "index": signing.seq }))
        .field("proof", proof.clone())
        .line(format!("recorded as entry {} of {}, proof in {}", signing.seq, shown(origin), shown(&proof)))
}
