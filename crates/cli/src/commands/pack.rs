//! `reach pack`.

use std::path::Path;

use reach_pack_integrity::{Expected, Inspection, Provenance};
use reach_runner::packs;
use reach_types::{PackName, PackVersion};
use serde_json::json;

use crate::{
    World,
    arguments::{Pack, TrustSource},
    commands::{source::Trusted, trust::usage},
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Pack, world: &World) -> Result<Report, Failure> {
    match command {
        Pack::Build { dir, out } => Ok(describe(Report::new("ok"), &packs::build(dir, out)?)),
        Pack::Sign { pack, key, days, out } => sign(world, pack, key, *days, out.as_deref()),
        Pack::Inspect { pack } => Ok(inspect(&packs::inspect(pack)?)),
        Pack::Verify { pack, trust, signature, name, pack_version } => {
            let wanted = pack_version.as_deref().map(PackVersion::parse);
            let expected = Expected {
                name: name
                    .as_deref()
                    .map(PackName::parse)
                    .transpose()
                    .map_err(|error| usage(format!("--name: {error}")))?,
                version: wanted.transpose().map_err(|error| usage(format!("--version: {error}")))?,
            };
            verify(world, pack, trust, signature.as_deref(), &expected)
        }
    }
}

fn sign(
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

fn describe(report: Report, inspection: &Inspection) -> Report {
    let (manifest, digests) = (&inspection.manifest, &inspection.digests);
    report
        .field("name", manifest.name().as_str())
        .field("version", manifest.version().to_string())
        .field("blake3", digests.blake3.to_string())
        .field("sha256", digests.sha256.to_string())
        .field("files", inspection.entries.len())
        .line(format!("pack {} {}, {} file(s)", manifest.name(), manifest.version(), inspection.entries.len()))
        .line(format!("blake3 {}", digests.blake3))
        .line(format!("sha256 {}", digests.sha256))
}

fn inspect(inspection: &Inspection) -> Report {
    let manifest = &inspection.manifest;
    let entries: Vec<_> = inspection
        .entries
        .iter()
        .map(|entry| json!({ "path": entry.path().as_str(), "size": entry.size(), "executable": entry.executable() }))
        .collect();
    let facts = manifest.facts(inspection.digests.blake3);
    let lines = inspection.entries.iter().map(|entry| format!("  {:>10}  {}", entry.size(), entry.path().as_str()));
    let report = describe(Report::new("inspected"), inspection)
        .field("description", manifest.description())
        .field("facts", json!(facts))
        .field("entries", entries)
        .line(format!("says of itself: {}", shown(manifest.description())))
        .line("nothing here is verified: see `reach pack verify`");
    let tools = facts.tools.iter().map(|(tool, digest)| format!("  tool  {tool} {digest}"));
    let scopes = facts.scopes.iter().map(|grant| format!("  scope {grant}"));
    let models = facts.models.iter().map(|(key, model)| format!("  model {key} = {model}"));
    report.lines(tools).lines(scopes).lines(models).lines(lines)
}

fn verify(
    world: &World,
    pack: &Path,
    source: &TrustSource,
    signature: Option<&Path>,
    expected: &Expected,
) -> Result<Report, Failure> {
    let trusted = Trusted::load(source, world)?;
    let verified = packs::verify(pack, signature, &trusted.trust, expected, trusted.now, trusted.seen())?;
    let Provenance::Signed { signers } = verified.provenance();
    let facts = verified.facts();
    let report = verified.checks().iter().fold(Report::new("verified"), |report, check| report.check(check));
    let report = report
        .field("name", facts.name.as_str())
        .field("version", facts.version.to_string())
        .field("blake3", facts.digest.to_string())
        .field("sha256", verified.sha256().to_string())
        .field("signers", json!(signers))
        .field("expires", verified.expires().to_string())
        .line(format!(
            "verified: {} {}, signed by {}, until {}",
            facts.name,
            facts.version,
            shown(&signers.join(", ")),
            verified.expires()
        ))
        .line(format!("blake3 {}", facts.digest));
    Ok(trusted.note(report))
}
