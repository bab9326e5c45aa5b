//! A pack file judged, with the way to the verdict: its proof first, then the pack itself.

use std::{fs::File, path::Path};

use reach_pack_integrity::{
    Check, ContentSink, MAX_ENVELOPE_BYTES, PAYLOAD_TYPE, Verification, VerifiedPack, VerifyError, explain_pack_into,
};
use reach_signing::{Envelope, Reader, Role};

use super::{PackFileError, verify::read_envelope};
use crate::{
    files,
    stapling::{self, ProofRequest, Stapled},
    trusting::refuse_inside,
};

/// Where a pack and what vouches for it are.
#[derive(Debug, Clone, Copy)]
pub struct PackFiles<'p> {
    /// The pack.
    pub pack: &'p Path,
    /// Its signature, if it is not beside it.
    pub signature: Option<&'p Path>,
    /// Its proof.
    pub proof: ProofRequest<'p>,
    /// The trust file it is verified with, which must not be one of its own.
    pub trust: &'p Path,
}

impl<'p> PackFiles<'p> {
    /// The pack with the proof that may lie beside it.
    #[must_use]
    pub const fn of(pack: &'p Path, signature: Option<&'p Path>, trust: &'p Path) -> Self {
        Self { pack, signature, proof: ProofRequest { proof: None, required: false }, trust }
    }

    /// Refuses the trust file that `pack` brought with it, whichever command is asked.
    pub(super) fn outside(&self, pack: VerifiedPack) -> Result<VerifiedPack, PackFileError> {
        refuse_inside(self.trust, pack.manifest_bytes())?;
        Ok(pack)
    }
}

/// A pack that passed every check, and the proof that was stapled to it, if there is one.
#[derive(Debug)]
pub struct ProvenPack {
    /// The pack.
    pub pack: VerifiedPack,
    /// The proof.
    pub staple: Option<Stapled>,
}

/// A verdict, and the way to it.
#[derive(Debug)]
pub struct Judged {
    /// The checks that passed, in order; they established what they prove even where a later one
    /// failed.
    pub passed: Vec<Check>,
    /// The check that failed, if one did; a file that cannot be read is none.
    pub failed: Option<Check>,
    /// The verdict.
    pub verdict: Result<ProvenPack, PackFileError>,
}

/// Verifies the pack as `asked`, together with its proof if there is one: what witnesses date by it
/// counts as evidence, and nothing else does.
///
/// A proof that is there is checked, and a bad one refused, also where nothing depends on it.
///
/// # Errors
/// [`PackFileError::File`], also if the trust file is one of the pack's own;
/// [`PackFileError::Staple`], [`PackFileError::Verify`].
pub fn verify_proven(files: &PackFiles<'_>, asked: &Verification<'_>) -> Result<ProvenPack, PackFileError> {
    judge(files, asked).verdict
}

/// As [`verify_proven`], keeping how far it came.
#[must_use]
pub fn judge(files: &PackFiles<'_>, asked: &Verification<'_>) -> Judged {
    judge_into(files, asked, &mut ())
}

/// As [`judge`], handing the archive's contents to `sink` on the way; only a verdict that is `Ok`
/// says that they are what was verified.
pub(super) fn judge_into(files: &PackFiles<'_>, asked: &Verification<'_>, sink: &mut dyn ContentSink) -> Judged {
    let mut judged = Way { passed: Vec::new(), failed: None };
    let verdict = judged.go(files, asked, sink);
    Judged { passed: judged.passed, failed: judged.failed, verdict }
}

struct Way {
    passed: Vec<Check>,
    failed: Option<Check>,
}

impl Way {
    fn go(
        &mut self,
        files: &PackFiles<'_>,
        asked: &Verification<'_>,
        sink: &mut dyn ContentSink,
    ) -> Result<ProvenPack, PackFileError> {
        let archive = files::open(files.pack)?;
        let envelope = read_envelope(files.pack, files.signature)?;
        let staple = self.check_staple(files, envelope.as_deref(), asked)?;
        let pack = self.check_pack(archive, envelope.as_deref(), staple.as_ref(), asked, sink)?;
        let pack = files.outside(pack)?;
        Ok(ProvenPack { pack, staple })
    }

    fn check_staple(
        &mut self,
        files: &PackFiles<'_>,
        envelope: Option<&[u8]>,
        asked: &Verification<'_>,
    ) -> Result<Option<Stapled>, PackFileError> {
        // Nothing can be proven about a signature that is not there.
        let Some(envelope) = envelope else { return Ok(None) };
        let staple = staple_of(files, envelope, asked).inspect_err(|error| {
            self.failed = Some(match error {
                PackFileError::Verify(VerifyError::BadSignature) => Check::Signatures,
                PackFileError::Verify(_) => Check::Envelope,
                _ => Check::Proof,
            });
        })?;
        self.passed.extend(staple.iter().flat_map(Stapled::checks));
        Ok(staple)
    }

    fn check_pack(
        &mut self,
        archive: File,
        envelope: Option<&[u8]>,
        staple: Option<&Stapled>,
        asked: &Verification<'_>,
        sink: &mut dyn ContentSink,
    ) -> Result<VerifiedPack, PackFileError> {
        let evidence = staple.and_then(|staple| staple.evidence.as_ref()).or(asked.evidence);
        let explained = explain_pack_into(archive, envelope, &Verification { evidence, ..*asked }, sink);
        self.passed.extend(explained.passed);
        self.failed = explained.failed;
        explained.verdict.map_err(PackFileError::Verify)
    }
}

/// The proof that belongs to the pack, checked; `None` if there is none and none is asked for.
fn staple_of(
    files: &PackFiles<'_>,
    envelope: &[u8],
    asked: &Verification<'_>,
) -> Result<Option<Stapled>, PackFileError> {
    let read = stapling::read_staple(files.pack, files.signature, &files.proof).map_err(PackFileError::Staple)?;
    let Some(read) = read else { return Ok(None) };
    let envelope = Envelope::read(envelope, Reader::Foreign, MAX_ENVELOPE_BYTES);
    let envelope = envelope.map_err(|error| PackFileError::Verify(VerifyError::from(error)))?;
    let checked = stapling::check(&read, &envelope, asked.trust, asked.now);
    checked.map(Some).map_err(|error| match forged(&envelope, asked) {
        Some(worse) => PackFileError::Verify(worse),
        None => PackFileError::Staple(error),
    })
}

/// What a proof that does not fit says of an envelope that was changed: that it was changed, not that
/// somebody took the wrong proof.
fn forged(envelope: &Envelope, asked: &Verification<'_>) -> Option<VerifyError> {
    let verified = envelope.verify(asked.trust, Role::Pack, None, PAYLOAD_TYPE, asked.now);
    verified.err().map(VerifyError::from).filter(|error| matches!(error, VerifyError::BadSignature))
}
