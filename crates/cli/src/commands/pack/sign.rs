//! `reach pack sign`.

use std::path::Path;

use reach_runner::packs;

use crate::{
    World,
    report::{Failure, Report},
    terminal::shown,
};

use super::contents::describe;

pub(super) fn run(
    world: &World,
    pack: &Path,
    keys: &[std::path::PathBuf],
    days: u32,
    out: Option<&Path>,
) -> Result<Report, Failure> {
    let out = out.map_or_else(|| packs::signature_path(pack), Path::to_path_buf);
    let inspection = packs::sign(world, pack, keys, days, &out)?;
    let report = Report::new("ok").field("signature", out.display().to_string());
    let report = report.line(format!("signed by {} key(s) in {}", keys.len(), shown(&out.display().to_string())));
    Ok(describe(report, &inspection))
}
