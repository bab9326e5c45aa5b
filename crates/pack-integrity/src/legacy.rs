//! Accepting an unsigned pack that a policy names: the only way past a missing signature.

use std::io::Read;

use reach_types::{LegacyException, Timestamp};

use crate::{
    Check, Provenance, Statement, Verification, VerifiedPack, VerifyError,
    inspect::Contents,
    verified::Checks,
    verify::{check_expected, check_revocation, check_rollback},
};

/// Accepts the unsigned archive that `exception` names, and no other.
///
/// Nobody vouches for the pack but whoever wrote the exception, and this function believes its
/// caller about that: it must come from a verified policy bundle, on a node whose own switch is on,
/// and **no signature may stand beside the archive**. What is signed, however badly, goes to
/// [`crate::verify_pack`] and nowhere else.
///
/// `asked` counts as for a signed pack: the trust document's revocations, what is expected, the
/// moment, the versions seen before. The archive is read once, from where it stands to its end.
///
/// # Errors
/// [`VerifyError::LegacyExpired`] and [`VerifyError::PackRevoked`] before the archive is read; its
/// form; [`VerifyError::LegacyOtherArchive`] for any other archive; the manifest;
/// [`VerifyError::SubjectMismatch`]; [`VerifyError::Rollback`] or [`VerifyError::Equivocation`].
pub fn accept_legacy_unsigned<R: Read>(
    archive: R,
    exception: &LegacyException,
    asked: &Verification<'_>,
) -> Result<VerifiedPack, VerifyError> {
    let mut checks = Checks::default();
    check_until(exception, asked.now)?;
    checks.pass(Check::Revocation, check_revocation(&exception.digest, asked.trust))?;
    let contents = Contents::read(archive, &[], &mut ()).map_err(VerifyError::Contents);
    let contents = checks.pass(Check::Archive, contents)?;
    let digests = contents.digests;
    if digests.blake3 != exception.digest {
        return Err(VerifyError::LegacyOtherArchive);
    }
    // Only now does the exception cover what was read.
    let covered = checks.pass(Check::Exception, contents.manifest().map_err(VerifyError::Contents));
    let (manifest, manifest_bytes) = covered?;
    let facts = manifest.facts(digests.blake3);
    // What the pack says of itself stands where a signed one's statement would.
    let said = Statement {
        name: facts.name.clone(),
        version: facts.version,
        created: Timestamp::default(),
        expires: exception.until,
        digests,
        others: Vec::new(),
    };
    if *asked.expected != crate::Expected::default() {
        checks.pass(Check::Expected, check_expected(&said, asked.expected))?;
    }
    if let Some(seen) = asked.seen {
        checks.pass(Check::Rollback, check_rollback(&said, seen))?;
    }
    let LegacyException { digest, reason, until } = exception.clone();
    Ok(VerifiedPack {
        facts,
        manifest,
        manifest_bytes,
        provenance: Provenance::LegacyUnsigned { digest, reason, until },
        digests,
        created: None,
        expires: until,
        checks,
        envelope: None,
    })
}

fn check_until(exception: &LegacyException, now: Timestamp) -> Result<(), VerifyError> {
    if now >= exception.until { Err(VerifyError::LegacyExpired { until: exception.until }) } else { Ok(()) }
}
