//! A verdict with its reasons: what was checked, in order, and how far it came.

use std::io::Read;

use crate::{Check, ContentSink, Verification, VerifiedPack, VerifyError, verified::Checks, verify::verify_noting};

/// A verdict, and the way to it.
#[derive(Debug)]
pub struct Explanation {
    /// The checks that passed, in the order they were made. They established what they prove even
    /// where a later one failed.
    pub passed: Vec<Check>,
    /// The check that failed, if one did. Nothing was checked after it.
    pub failed: Option<Check>,
    /// The verdict.
    pub verdict: Result<VerifiedPack, VerifyError>,
}

/// Verifies as [`crate::verify_pack`] does, and keeps what was established before a refusal.
#[must_use]
pub fn explain_pack<R: Read>(archive: R, envelope: Option<&[u8]>, asked: &Verification<'_>) -> Explanation {
    explain_pack_into(archive, envelope, asked, &mut ())
}

/// As [`explain_pack`], handing the contents to `sink` as [`crate::verify_pack_into`] does.
pub fn explain_pack_into<R: Read>(
    archive: R,
    envelope: Option<&[u8]>,
    asked: &Verification<'_>,
    sink: &mut dyn ContentSink,
) -> Explanation {
    let mut checks = Checks::default();
    let verdict = verify_noting(archive, envelope, asked, sink, &mut checks);
    Explanation { passed: checks.passed, failed: checks.failed, verdict }
}
