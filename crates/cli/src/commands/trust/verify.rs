//! `reach trust verify`.

use std::path::Path;

use crate::{
    World,
    arguments::TrustSource,
    commands::source::Trusted,
    report::{Failure, Report},
};

pub(super) fn run(
    world: &World,
    file: &Path,
    trust_root: Option<&str>,
    state: Option<&Path>,
) -> Result<Report, Failure> {
    let source = TrustSource {
        trust: file.to_path_buf(),
        trust_root: trust_root.map(str::to_owned),
        state: state.map(Path::to_path_buf),
    };
    let trusted = Trusted::load(&source, world)?;
    let trust = &trusted.trust;
    let mut report = Report::new("verified")
        .check("every version counts one more than the one before it and is not older")
        .check("every version is signed by the root thresholds of both sides");
    if trust.pinned() {
        report = report.check("version 1 is the pinned trust root");
    }
    if trusted.state.is_some() {
        report = report.check("the chain leads through the newest version that this node has seen");
    }
    let document = trust.document();
    let report = report
        .check("the newest version has not expired")
        .field("version", document.version)
        .field("digest", trust.digest().to_string())
        .field("expires", document.expires.to_string())
        .line(format!("verified: trust document version {}, valid until {}", document.version, document.expires))
        .line(format!("digest {}", trust.digest()));
    Ok(trusted.note(report))
}
