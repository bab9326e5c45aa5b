//! The tags of an answer: by them two answers can be matched without anybody seeing an id.

use reach_policy::Field;
use reach_runner::{Admission, CallSite};
use serde_json::json;

use crate::{
    commands::source::Trusted,
    report::{Failure, Report},
};

/// `report` with the tags of what it is about, if there is a state directory and so a key for them.
pub(super) fn tagged(
    report: Report,
    trusted: &Trusted,
    admission: &Admission<'_>,
    site: &CallSite,
) -> Result<Report, Failure> {
    let Some(state) = &trusted.state else { return Ok(report) };
    let (key, decision) = (state.tag_key()?, admission.decision());
    let tags = json!({
        "pack": key.tag(Field::Pack, decision.pack()),
        "bundle": key.tag(Field::Bundle, decision.bundle()),
        "node": key.tag(Field::Node, &site.node),
        "tenant": key.tag(Field::Tenant, &site.tenant),
    });
    Ok(report.field("tags", tags))
}
