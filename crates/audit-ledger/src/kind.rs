//! What an entry records: a closed list with stable numbers and names.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $number:literal, $name:literal;)*) => {
        /// What an entry records. Numbers and names are part of the format and never change meaning.
        ///
        /// Exhaustive on purpose: whoever tells kinds apart must decide about a new one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EntryKind {
            $($(#[$doc])* $kind,)*
        }

        impl EntryKind {
            /// Every kind, by number.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self {
                    $(Self::$kind => $number,)*
                }
            }

            /// The name in JSON and on screen.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A node made its state: keys, trust root, anchor.
    NodeInit = 1, "node.init";
    /// The node's clock stood behind what the ledger had already recorded.
    ClockAnomaly = 2, "node.clock_anomaly";
    /// The node started with a check relaxed.
    RelaxationNoted = 3, "node.relaxation_noted";
    /// An operator pinned another trust root in place of a lost one.
    TrustReset = 4, "node.trust_reset";
    /// Operators let an older version of a pack run again.
    PackDowngradeAllowed = 5, "pack.downgrade_allowed";
    /// A pack was signed: its digests and each signature's.
    PackSigned = 6, "pack.signed";
    /// A sealed permit was used up by a call.
    PermitRedeemed = 7, "permit.redeemed";
    /// Denials that have no entries of their own, counted.
    DenialsSummarised = 8, "node.denials_summarised";
    /// A run was admitted.
    RunAdmitted = 16, "run.admitted";
    /// A run was refused.
    RunRefused = 17, "run.refused";
    /// A run started.
    RunStarted = 18, "run.started";
    /// One call of a run was refused.
    CallRefused = 19, "run.call_refused";
    /// The head and count of a run's log so far.
    RunCheckpoint = 20, "run.checkpoint";
    /// A run ended by itself.
    RunEnded = 21, "run.ended";
    /// A run was found cut off, after a crash.
    RunInterrupted = 22, "run.interrupted";
    /// A person approved one call of a run.
    RunApproved = 23, "run.approved";
    /// A delegation was issued to a peer.
    DelegationIssued = 32, "delegation.issued";
    /// A peer's delegation was accepted.
    DelegationAccepted = 33, "delegation.accepted";
    /// A peer's delegation was refused.
    DelegationRefused = 34, "delegation.refused";
}

impl EntryKind {
    /// The kind with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// The kind with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether the run takes no further entries after one of this kind.
    #[must_use]
    pub const fn closes_run(self) -> bool {
        matches!(self, Self::RunEnded | Self::RunInterrupted)
    }
}

impl Serialize for EntryKind {
    /// The number in binary formats, the name in readable ones.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.name())
        } else {
            self.number().serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for EntryKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kind = if deserializer.is_human_readable() {
            Self::parse(&String::deserialize(deserializer)?)
        } else {
            Self::from_number(u16::deserialize(deserializer)?)
        };
        kind.ok_or_else(|| D::Error::custom("no such kind of entry"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_and_names_are_unique_and_stable() {
        let numbers: BTreeSet<_> = EntryKind::ALL.iter().map(|kind| kind.number()).collect();
        let names: BTreeSet<_> = EntryKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!((numbers.len(), names.len()), (EntryKind::ALL.len(), EntryKind::ALL.len()));
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::from_number(kind.number()), Some(*kind));
            assert_eq!(EntryKind::parse(kind.name()), Some(*kind));
        }
        assert_eq!(EntryKind::RunStarted.number(), 18);
        assert_eq!(EntryKind::from_number(0), None);
        assert_eq!(EntryKind::parse("Run.Started"), None);
    }
}
