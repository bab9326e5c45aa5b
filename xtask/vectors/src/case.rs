//! One case: the bytes, what is asked, and how it must end.

use crate::{
    envelope::{Envelope, IN_TOTO},
    key::{ADA, Key},
    statement, trust,
    trust::Trust,
};

/// The moment that everything is verified at, unless time is the subject.
pub(crate) const NOW: &str = "2026-06-01T00:00:00Z";

/// A version that the verifier has seen before.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) version: &'static str,
    pub(crate) blake3: String,
}

/// Everything a verifier is given.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) archive: Vec<u8>,
    pub(crate) envelope: Option<Vec<u8>>,
    pub(crate) trust: Trust,
    pub(crate) now: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) version: Option<&'static str>,
    pub(crate) seen: Option<Seen>,
}

impl Parts {
    /// This archive, with a true statement about it by Ada, under the basic trust document.
    pub(crate) fn of(archive: Vec<u8>) -> Self {
        let envelope = Envelope::sign(IN_TOTO, statement::about(&archive).as_bytes(), &[ADA]);
        Self {
            archive,
            envelope: Some(envelope.text().into_bytes()),
            trust: trust::first(&trust::basic()),
            now: NOW,
            name: None,
            version: None,
            seen: None,
        }
    }

    /// With this envelope instead.
    pub(crate) fn envelope(&self, envelope: impl Into<Vec<u8>>) -> Self {
        Self { envelope: Some(envelope.into()), ..self.clone() }
    }

    /// With the true statement about the archive signed by `keys`.
    pub(crate) fn signed_by(&self, keys: &[Key]) -> Self {
        self.envelope(Envelope::sign(IN_TOTO, statement::about(&self.archive).as_bytes(), keys).text())
    }

    /// With this statement, whatever it says, validly signed by Ada.
    pub(crate) fn stating(&self, statement: impl AsRef<[u8]>) -> Self {
        self.envelope(Envelope::sign(IN_TOTO, statement.as_ref(), &[ADA]).text())
    }

    /// Under this trust document, signed by the root and pinned.
    pub(crate) fn under(&self, document: &str) -> Self {
        self.trusting(trust::first(document))
    }

    pub(crate) fn trusting(&self, trust: Trust) -> Self {
        Self { trust, ..self.clone() }
    }

    pub(crate) fn at(&self, now: &'static str) -> Self {
        Self { now, ..self.clone() }
    }
}

/// One case as listed.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) row: Option<&'static str>,
    pub(crate) title: String,
    pub(crate) how: String,
    pub(crate) good: Option<String>,
    pub(crate) parts: Parts,
    /// `ok`, or the code.
    pub(crate) verdict: &'static str,
}

impl Case {
    pub(crate) fn number(&self) -> u32 {
        self.id.parse().expect("ids are numbers")
    }
}
