//! What two versions of a trust document say differently.

use std::collections::BTreeMap;

use crate::{RevocationReason, TrustDocument};

/// One thing that two versions say differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub what: String,
    /// What the older version says, if it says anything.
    pub from: Option<String>,
    /// What the newer version says, if it says anything.
    pub to: Option<String>,
}

impl TrustDocument {
    /// What this version says that `older` does not, and the other way round; everything, without an
    /// older one. Numbers and dates of the versions themselves are left out.
    #[must_use]
    pub fn differences(&self, older: Option<&Self>) -> Vec<Difference> {
        let (mut old, mut new) = (older.map(Self::facts).unwrap_or_default(), self.facts());
        let names: std::collections::BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
        let all = names.into_iter().map(|what| {
            let (from, to) = (old.remove(&what), new.remove(&what));
            Difference { what, from, to }
        });
        all.filter(|one| one.from != one.to).collect()
    }

    /// Everything the document says, one fact under each name.
    fn facts(&self) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::from([("expires".to_owned(), self.expires.to_string())]);
        let mut say = |what: String, value: String| _ = facts.insert(what, value);
        if let Some(days) = self.max_key_age_days {
            say("longest age of a key".to_owned(), format!("{days} days"));
        }
        for (role, required) in &self.thresholds {
            say(format!("threshold {role}"), required.to_string());
        }
        for signer in &self.signers {
            let packs: Vec<String> = signer.packs.iter().map(ToString::to_string).collect();
            say(format!("signer {} packs", signer.name), packs.join(" "));
        }
        for (signer, key) in self.keys() {
            let name = format!("key {} {} {}", signer.name, key.role, key.public.key_id());
            say(name.clone(), format!("from {} until {}", key.not_before, key.not_after));
            if let Some(at) = key.retired {
                say(format!("{name} retired"), at.to_string());
            }
            if let Some(revoked) = &key.revoked {
                say(format!("{name} revoked"), format!("{} since {}", revoked.reason.as_str(), revoked.since));
            }
        }
        for pack in &self.revoked_packs {
            say(format!("pack {} revoked", pack.digest), format!("since {}: {}", pack.since, pack.reason));
        }
        facts
    }
}

impl RevocationReason {
    /// The reason as documents spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Compromised => "compromised",
        }
    }
}
