//! Verifying a pack: cheap before costly, and nothing believed before it is signed.

mod error;

use std::io::Read;

use reach_signing::{Envelope, MAX_SIGNATURES, Reader, Role, VerifiedTrust};
use reach_types::{PackName, PackVersion, Timestamp};

use crate::{
    ArchiveDigests, MAX_STATEMENT_BYTES, Manifest, PAYLOAD_TYPE, Provenance, SeenVersions, Statement, VerifiedPack,
    digests::OtherDigest, inspect::Contents, verified::Checks,
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
    let mut checks = Checks::default();
    let bytes = envelope.ok_or(VerifyError::Unsigned)?;
    let signed = authenticate(bytes, asked, &mut checks)?;
    check_wanted(&signed.statement, asked, &mut checks)?;
    if let Some(seen) = asked.seen {
        checks.pass("rollback", check_rollback(&signed.statement, seen))?;
    }
    let contents = Contents::read(archive, &signed.statement.others, &mut |_| {}).map_err(VerifyError::Contents);
    let contents = checks.pass("archive", contents)?;
    let digests = checks.pass("digests", check_digests(&signed.statement, contents.digests, &contents.others))?;
    let (manifest, manifest_bytes) = checks.pass("manifest", check_manifest(&signed.statement, contents))?;
    Ok(VerifiedPack {
        facts: manifest.facts(digests.blake3),
        manifest,
        manifest_bytes,
        provenance: Provenance::Signed { signers: signed.signers },
        digests,
        created: signed.statement.created,
        expires: signed.statement.expires,
        checks,
    })
}

/// A statement, and the signers who may make it.
struct Signed {
    statement: Statement,
    signers: Vec<String>,
}

fn authenticate(bytes: &[u8], asked: &Verification<'_>, checks: &mut Checks) -> Result<Signed, VerifyError> {
    let read = Envelope::read(bytes, Reader::Foreign, MAX_ENVELOPE_BYTES).map_err(VerifyError::from);
    let envelope = checks.pass("envelope", read)?;
    // Twice: which signers may sign for this name is known only when the name can be believed.
    let Verification { trust, now, .. } = *asked;
    let verify = |name| envelope.verify(trust, Role::Pack, name, PAYLOAD_TYPE, now).map_err(VerifyError::from);
    let verified = checks.pass("signatures", verify(None))?;
    let read = Statement::read(verified.payload).map_err(VerifyError::Statement);
    let statement = checks.pass("statement", read)?;
    let signers = checks.pass("name_scope", verify(Some(&statement.name)))?.signers;
    Ok(Signed { statement, signers })
}

fn check_wanted(statement: &Statement, asked: &Verification<'_>, checks: &mut Checks) -> Result<(), VerifyError> {
    if *asked.expected != Expected::default() {
        checks.pass("expected", check_expected(statement, asked.expected))?;
    }
    checks.pass("expiry", check_expiry(statement, asked.now))?;
    checks.pass("revocation", check_revocation(statement, asked.trust))
}

fn check_expected(statement: &Statement, expected: &Expected) -> Result<(), VerifyError> {
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
fn check_revocation(statement: &Statement, trust: &VerifiedTrust) -> Result<(), VerifyError> {
    match trust.document().pack_revocation(&statement.digests.blake3) {
        Some(revoked) => Err(VerifyError::PackRevoked { since: revoked.since }),
        None => Ok(()),
    }
}

fn check_rollback(statement: &Statement, seen: &dyn SeenVersions) -> Result<(), VerifyError> {
    let version = statement.version;
    match seen.highest(&statement.name).map_err(VerifyError::Seen)? {
        Some((highest, _)) if version < highest => Err(VerifyError::Rollback { version, highest }),
        Some((highest, digest)) if version == highest && digest != statement.digests.blake3 => {
            Err(VerifyError::Equivocation { version })
        }
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
