//! The only things a key can sign: a DSSE payload under its type, the body of a note, or a
//! cosignature of one.

use crate::Role;

/// Bytes ready to be signed. There is no way to make one from raw bytes a caller chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Dsse(String),
    Note,
    Cosignature,
}

/// How every DSSE pre-authentication encoding begins.
const PAE_START: &str = "DSSEv1 ";
/// How the message of every cosignature begins.
const COSIGNATURE_START: &str = "cosignature/v1\n";

impl Message {
    /// The pre-authentication encoding of `payload` under `payload_type`.
    ///
    /// Lengths are byte counts in decimal, as the [DSSE protocol](https://github.com/secure-systems-lab/dsse/blob/master/protocol.md) says.
    #[must_use]
    pub fn dsse(payload_type: &str, payload: &[u8]) -> Self {
        let head = format!("{PAE_START}{} {payload_type} {} ", payload_type.len(), payload.len());
        let bytes = [head.as_bytes(), payload].concat();
        Self { kind: Kind::Dsse(payload_type.to_owned()), bytes }
    }

    /// The body of a signed note, or `None` for text that is no note body or that could be read as
    /// a DSSE encoding or a cosignature: it must end in a newline and hold no other control
    /// characters.
    #[must_use]
    pub fn note(text: &str) -> Option<Self> {
        let clean = text.chars().all(|c| c == '\n' || !c.is_control());
        let other = text.starts_with(PAE_START) || text.starts_with(COSIGNATURE_START);
        let good = text.ends_with('\n') && clean && !other;
        good.then(|| Self { kind: Kind::Note, bytes: text.as_bytes().to_vec() })
    }

    /// A witness's statement that it saw the note with this body at `seconds` after 1970
    /// (C2SP `tlog-cosignature`), or `None` for a text that is no note body.
    #[must_use]
    pub fn cosignature(seconds: u64, note: &str) -> Option<Self> {
        Self::note(note)?;
        let text = format!("{COSIGNATURE_START}time {seconds}\n{note}");
        Some(Self { kind: Kind::Cosignature, bytes: text.into_bytes() })
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a key of `role` may sign this.
    #[must_use]
    pub fn allowed_for(&self, role: Role) -> bool {
        match &self.kind {
            Kind::Dsse(payload_type) => role.payload_prefix().is_some_and(|prefix| payload_type.starts_with(prefix)),
            Kind::Note => role == Role::Log,
            Kind::Cosignature => role == Role::Witness,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_roles_sign_never_overlaps() {
        let prefixes: Vec<_> = Role::ALL.iter().filter_map(|role| role.payload_prefix()).collect();
        for (i, a) in prefixes.iter().enumerate() {
            for (j, b) in prefixes.iter().enumerate() {
                assert!(i == j || !a.starts_with(b), "{a} and {b}");
            }
        }
        let link = Message::dsse("application/vnd.reach.mesh.link.v1", b"x");
        let note = Message::note("log.example\n1\nroot\n").unwrap();
        let cosignature = Message::cosignature(1, "log.example\n1\nroot\n").unwrap();
        for role in Role::ALL {
            assert_eq!(link.allowed_for(role), role == Role::Node, "{role}");
            assert_eq!(note.allowed_for(role), role == Role::Log, "{role}");
            assert_eq!(cosignature.allowed_for(role), role == Role::Witness, "{role}");
        }
    }

    #[test]
    fn a_note_body_is_never_a_dsse_encoding() {
        let pae = Message::dsse("application/vnd.reach.mesh.link.v1", b"text\n");
        assert!(pae.as_bytes().starts_with(PAE_START.as_bytes()));
        assert_eq!(Message::note("DSSEv1 1 a 1 b\n"), None);
        assert_eq!(Message::note("no newline"), None);
        assert_eq!(Message::note("tab\there\n"), None);
    }

    #[test]
    fn a_cosignature_is_never_a_note_body() {
        let cosignature = Message::cosignature(1_679_315_147, "log.example\n1\nroot\n").unwrap();
        let text = "cosignature/v1\ntime 1679315147\nlog.example\n1\nroot\n";
        assert_eq!(cosignature.as_bytes(), text.as_bytes());
        assert_eq!(Message::note(text), None);
        assert_eq!(Message::cosignature(1, text), None);
        assert_eq!(Message::cosignature(1, "no newline"), None);
        let near_miss = Message::note("cosignature/v2\n").unwrap();
        assert_eq!(near_miss.as_bytes(), b"cosignature/v2\n");
    }

    #[test]
    fn k07_lengths_count_bytes_not_characters() {
        let message = Message::dsse("application/vnd.in-toto+json", "é".as_bytes());
        assert_eq!(message.as_bytes(), "DSSEv1 28 application/vnd.in-toto+json 2 é".as_bytes());
    }
}
