//! `reach pack export`: a pack's signature in somebody else's format.

use std::path::{Path, PathBuf};

use reach_runner::packs;
use reach_types::KeyId;

use crate::{
    commands::flags::usage,
    report::{Failure, Report},
    terminal::shown,
};

pub(super) fn run(
    pack: &Path,
    signature: Option<&Path>,
    signer: Option<&str>,
    out: Option<&Path>,
) -> Result<Report, Failure> {
    let signer = signer.map(KeyId::parse).transpose().map_err(|error| usage(format!("--signer: {error}")))?;
    let out = out.map_or_else(|| packs::bundle_path(pack), PathBuf::from);
    let key_id = packs::export_sigstore(pack, signature, signer.as_ref(), &out)?;
    let path = out.display().to_string();
    Ok(Report::new("ok")
        .field("bundle", path.clone())
        .field("keyid", key_id.to_string())
        .field("trust", "none")
        .line(format!("sigstore bundle of the signature by {key_id} in {}", shown(&path)))
        .line("trust: none; the signature was copied and not verified"))
}
