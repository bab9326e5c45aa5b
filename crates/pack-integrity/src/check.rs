//! Every check that a verdict can list: its name, what it proves, and what asks for it.

use std::fmt;

macro_rules! checks {
    ($($(#[$doc:meta])* $check:ident = $name:literal, $proves:literal, $asked:expr;)*) => {
        /// A check of a pack, by the name that verdicts list it under.
        ///
        /// Exhaustive on purpose: a check without a word on what it proves does not compile.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check {
            $($(#[$doc])* $check,)*
        }

        impl Check {
            /// Every check, in the order in which they are made.
            pub const ALL: &'static [Self] = &[$(Self::$check),*];

            /// The name in verdicts.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$check => $name,)*
                }
            }

            /// What holds once it has passed.
            #[must_use]
            pub const fn proves(self) -> &'static str {
                match self {
                    $(Self::$check => $proves,)*
                }
            }

            /// What asks for it, if it is not made every time.
            #[must_use]
            pub const fn asked_by(self) -> Option<&'static str> {
                match self {
                    $(Self::$check => $asked,)*
                }
            }
        }
    };
}

checks! {
    /// The stapled proof.
    Proof = "proof",
        "a log that the trust document names holds an entry about this very statement and pack, and about every signature of it by a key for packs; whoever signed it cannot make that entry disappear",
        Some("a proof stapled beside the pack, or --proof");
    /// The witnesses on the proof's checkpoint.
    Witnesses = "witnesses",
        "enough witnesses, independent of the log and the signers, saw that entry by the time given, so the signatures it lists were made before; nothing else dates a signature",
        Some("a stapled proof with a quorum of witness cosignatures");
    /// The envelope's form.
    Envelope = "envelope",
        "the signature file is one DSSE envelope in its one reading, within its limits; nothing is said about who made it",
        None;
    /// The signatures and the authority behind them.
    Signatures = "signatures",
        "enough different signers whom the trust document lets sign packs signed exactly these payload bytes, each with a key that stands, or that a quorum of witnesses dates to when it did",
        None;
    /// The statement's form.
    Statement = "statement",
        "what they signed is a statement about one pack: its name, version, validity and the digests of its archive",
        None;
    /// The signers' authority for the name.
    NameScope = "name_scope",
        "each signer that was counted may sign packs of this name",
        None;
    /// The name and version asked for.
    Expected = "expected",
        "it is the pack, and the version of it, that was asked for",
        Some("--name and --version");
    /// The pack's validity.
    Expiry = "expiry",
        "the signers' own validity for it is not over",
        None;
    /// The pack's revocation.
    Revocation = "revocation",
        "this version of the trust document does not revoke it",
        None;
    /// The versions seen before.
    Rollback = "rollback",
        "this node has seen no higher version of it, and no other archive of the same version",
        Some("--state");
    /// The archive's form.
    Archive = "archive",
        "the archive has exactly one reading: regular files, safe paths, no bytes that one program sees and another does not",
        None;
    /// The archive's digests.
    Digests = "digests",
        "the archive is, to its last byte, the one that was signed",
        None;
    /// The manifest.
    Manifest = "manifest",
        "its manifest is well formed, is about the name and version that were signed, and every file it names is there",
        None;
    /// The policy's exception, for a pack that nobody signed.
    Exception = "exception",
        "nobody signed it: the archive is, to its last byte, the one that the organization's policy exempts, until the date it names, and it holds a pack",
        Some("an exception in the policy, and the node's own switch, for an unsigned pack");
    /// A directory held against the archive.
    Extracted = "extracted",
        "the directory held what the archive holds, no more and no less, when it was looked at",
        Some("reach pack verify --extracted");
}

/// What no passing verdict says, whatever was checked.
pub const NOT_PROVEN: &[&str] = &[
    "that the pack is harmless, or does what its description says: a signature names who answers for it",
    "that the signers meant to sign it: whoever holds a key signs with it, until it is retired or revoked",
    "when it was signed: `created` is the signers' own word, and only witnesses date a signature",
    "that the trust document is current: a newer one may revoke the pack or a key, and the clock decides every expiry",
    "that the signers have not signed another archive as the same version for somebody else",
    "that it may run here: what it asks for is judged by the policy, not by this verdict",
];

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn k55_every_check_has_a_name_of_its_own_and_says_what_it_proves() {
        let names: BTreeSet<_> = Check::ALL.iter().map(|check| check.name()).collect();
        let proves: BTreeSet<_> = Check::ALL.iter().map(|check| check.proves()).collect();
        assert_eq!((names.len(), proves.len()), (Check::ALL.len(), Check::ALL.len()));
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        assert!(proves.iter().all(|text| text.len() > 20 && !text.ends_with('.')));
    }
}
