//! Verifying a pack: cheap before costly, and nothing believed before it is signed.

mod error;

use std::io::Read;

use reach_signing::{Attribution, Envelope, Judging, MAX_SIGNATURES, Reader, Role, SignatureEvidence, VerifiedTrust};
use reach_types::{Blake3Digest, PackName, PackVersion, Timestamp};

use crate::{
    ArchiveDigests, Check, ContentSink, MAX_STATEMENT_BYTES, Manifest, PAYLOAD_TYPE, Provenance, SeenVersions,
    Statement, VerifiedPack, digests::OtherDigest, inspect::Contents, verified::Checks,
};

pub use error::VerifyError;

/// The most bytes of an envelope: the largest statement in base64, and 1 KiB for each signature.
pub const MAX_ENVELOPE_BYTES: usize = MAX_STATEMENT_BYTES / 3 * 4 + 4 + (MAX_SIGNATURES + 1) * 1024;

/// What the caller knows about the pack it wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// Its name; any if `None`.
    pub name: Option<PackName>,
    /// Its version; any if `None`.
    pub version: Option<PackVersion>,
}

/// What a pack is verified against.
#[derive(Clone, Copy)]
pub struct Verification<'a> {
    /// Who may sign.
    pub trust: &'a VerifiedTrust,
    /// What the caller knows about the pack it wants.
    pub expected: &'a Expected,
    /// The moment that every validity is judged at.
    pub now: Timestamp,
    /// The versions seen before; without them nothing is said about rollback.
    pub seen: Option<&'a dyn SeenVersions>,
    /// What dates the signatures; without it, none of a key that is not active any more counts.
    pub evidence: Option<&'a SignatureEvidence>,
}

/// Verifies the archive of a pack against the envelope beside it.
///
/// The envelope and what it says are checked first, and only then is the archive read, once, from
/// where it stands to its end. [`Verification::seen`] is asked and never written: record the pack after everything
/// else has succeeded too.
///
/// # Errors
/// [`VerifyError::Unsigned`] without an envelope; then, in this order: the envelope's form, its
/// signatures and their authority, the statement, the signers' authority for the pack's name,
/// [`VerifyError::SubjectMismatch`], [`VerifyError::PackExpired`], [`VerifyError::PackRevoked`],
/// [`VerifyError::Rollback`] or [`VerifyError::Equivocation`], the archive's form,
/// [`VerifyError::DigestMismatch`], the manifest, [`VerifyError::ManifestMismatch`].
pub fn verify_pack<R: Read>(
    archive: R,
    envelope: Option<&[u8]>,
    asked: &Verification<'_>,
) -> Result<VerifiedPack, VerifyError> {
    verify_noting(archive, envelope, asked, &mut (), &mut Checks::default())
}

/// As [`verify_pack`], handing every file and each of its bytes to `sink` as they are digested: what
/// it gets is what the verdict is about, whatever happens to the file meanwhile.
///
/// Nothing reaches the sink before the signatures and the statement have passed; but the verdict
/// itself comes last. After an error all that the sink made must be thrown away.
///
/// # Errors
/// As [`verify_pack`], and [`crate::ContentsError::Sink`] if the sink gave up.
pub fn verify_pack_into<R: Read>(
    archive: R,
    envelope: Option<&[u8]>,
    asked: &Verification<'_>,
    sink: &mut dyn ContentSink,
) -> Result<VerifiedPack, VerifyError> {
    verify_noting(archive, envelope, asked, sink, &mut Checks::default())
}

/// As [`verify_pack_into`]; whatever comes of it, `checks` says how far it came.
pub(crate) fn verify_noting<R: Read>(
    archive: R,
    envelope: Option<&[u8]>,
    asked: &Verification<'_>,
    sink: &mut dyn ContentSink,
    checks: &mut Checks,
) -> Result<VerifiedPack, VerifyError> {
    let signed = authenticate(envelope, asked, checks)?;
    check_wanted(&signed.statement, asked, checks)?;
    if let Some(seen) = asked.seen {
        checks.pass(Check::Rollback, check_rollback(&signed.statement, seen))?;
    }
    let contents = Contents::read(archive, &signed.statement.others, sink).map_err(VerifyError::Contents);
    let contents = checks.pass(Check::Archive, contents)?;
    let digests = checks.pass(Check::Digests, check_digests(&signed.statement, contents.digests, &contents.others))?;
    let (manifest, manifest_bytes) = checks.pass(Check::Manifest, check_manifest(&signed.statement, contents))?;
    Ok(VerifiedPack {
        facts: manifest.facts(digests.blake3),
        manifest,
        manifest_bytes,
        provenance: Provenance::Signed { signers: signed.signers },
        digests,
        created: Some(signed.statement.created),
        expires: signed.statement.expires,
        checks: checks.clone(),
        envelope: Some(signed.envelope),
    })
}

/// A statement, the signers who may make it, and what they signed.
struct Signed {
    envelope: Envelope,
    statement: Statement,
    signers: Vec<String>,
}

fn authenticate(bytes: Option<&[u8]>, asked: &Verification<'_>, checks: &mut Checks) -> Result<Signed, VerifyError> {
    let envelope = checks.pass(Check::Envelope, read_envelope(bytes))?;
    // Judged twice: which signers may sign for this name is known only when the name can be believed.
    let Verification { trust, now, evidence, .. } = *asked;
    let attributed = envelope.attribute(trust, Role::Pack).map_err(VerifyError::from);
    let judge = |attributed: &Attribution<'_, '_>, name| {
        let judged = attributed.judge(&Judging { name, expected_type: PAYLOAD_TYPE, now, evidence });
        judged.map(|verified| verified.signers).map_err(VerifyError::from)
    };
    let counted = attributed.and_then(|attributed| judge(&attributed, None).map(|_| attributed));
    let attributed = checks.pass(Check::Signatures, counted)?;
    let read = Statement::read(envelope.unverified_payload()).map_err(VerifyError::Statement);
    let statement = checks.pass(Check::Statement, read)?;
    let signers = checks.pass(Check::NameScope, judge(&attributed, Some(&statement.name)))?;
    Ok(Signed { envelope, statement, signers })
}

fn read_envelope(bytes: Option<&[u8]>) -> Result<Envelope, VerifyError> {
    let bytes = bytes.ok_or(VerifyError::Unsigned)?;
    Envelope::read(bytes, Reader::Foreign, MAX_ENVELOPE_BYTES).map_err(VerifyError::from)
}

fn check_wanted(statement: &Statement, asked: &Verification<'_>, checks: &mut Checks) -> Result<(), VerifyError> {
    if *asked.expected != Expected::default() {
        checks.pass(Check::Expected, check_expected(statement, asked.expected))?;
    }
    checks.pass(Check::Expiry, check_expiry(statement, asked.now))?;
    checks.pass(Check::Revocation, check_revocation(&statement.digests.blake3, asked.trust))
}

pub(crate) fn check_expected(statement: &Statement, expected: &Expected) -> Result<(), VerifyError> {
    let name = expected.name.as_ref().is_none_or(|name| *name == statement.name);
    let version = expected.version.is_none_or(|version| version == statement.version);
    if name && version {
        return Ok(());
    }
    Err(VerifyError::SubjectMismatch { name: statement.name.clone(), version: statement.version })
}

fn check_expiry(statement: &Statement, now: Timestamp) -> Result<(), VerifyError> {
    let Statement { created, expires, .. } = *statement;
    if expires <= created || now >= expires { Err(VerifyError::PackExpired { created, expires }) } else { Ok(()) }
}

/// A revocation counts at once, whatever its date.
pub(crate) fn check_revocation(archive: &Blake3Digest, trust: &VerifiedTrust) -> Result<(), VerifyError> {
    match trust.document().pack_revocation(archive) {
        Some(revoked) => Err(VerifyError::PackRevoked { since: revoked.since }),
        None => Ok(()),
    }
}

pub(crate) fn check_rollback(statement: &Statement, seen: &dyn SeenVersions) -> Result<(), VerifyError> {
    let version = statement.version;
    let highest = seen.highest(&statement.name).map_err(VerifyError::Seen)?;
    if let Some((highest, _)) = highest.filter(|(highest, _)| version < *highest) {
        return Err(VerifyError::Rollback { version, highest });
    }
    match seen.archive_of(&statement.name, version).map_err(VerifyError::Seen)? {
        Some(digest) if digest != statement.digests.blake3 => Err(VerifyError::Equivocation { version }),
        _ => Ok(()),
    }
}

/// Every digest that was stated and can be computed must match, not just one of them.
fn check_digests(
    statement: &Statement,
    actual: ArchiveDigests,
    others: &[OtherDigest],
) -> Result<ArchiveDigests, VerifyError> {
    let mismatch = |algorithm| Err(VerifyError::DigestMismatch { algorithm });
    if statement.digests.sha256 != actual.sha256 {
        return mismatch("sha256");
    }
    if statement.digests.blake3 != actual.blake3 {
        return mismatch("blake3");
    }
    match statement.others.iter().find(|stated| !others.contains(stated)) {
        Some(stated) => mismatch(stated.algorithm.name()),
        None => Ok(actual),
    }
}

fn check_manifest(statement: &Statement, contents: Contents) -> Result<(Manifest, Vec<u8>), VerifyError> {
    let (manifest, bytes) = contents.manifest().map_err(VerifyError::Contents)?;
    if *manifest.name() == statement.name && manifest.version() == statement.version {
        return Ok((manifest, bytes));
    }
    Err(VerifyError::ManifestMismatch { name: manifest.name().clone(), version: manifest.version() })
}
