//! `reach pack inspect`: what is in a pack.

use reach_pack_integrity::Inspection;
use serde_json::json;

use crate::{report::Report, terminal::shown};

pub(super) fn describe(report: Report, inspection: &Inspection) -> Report {
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

pub(super) fn inspect(inspection: &Inspection) -> Report {
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
