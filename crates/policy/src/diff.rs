//! What changed between two policies in what they allow, exactly, for whoever approves the new one.
//!
//! What a policy allows is finite: lists of tools and models, and scopes of a bounded grammar. So
//! the difference is computed, not sampled, and every part of it comes with one example that one
//! of the two allows and the other does not. Limits on arguments are compared one by one: a limit
//! that is not plainly narrower counts as wider.

mod effective;
mod limits;
mod regions;
mod rights;
mod whole;

#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt};

use reach_types::{Grants, Request, TenantId};
use serde::Serialize;

use crate::Policy;
use effective::{Effective, Standing};

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The new policy allows less, or asks for more.
    Narrowed,
    /// It says something else, which allows neither more nor less.
    Changed,
    /// The new policy allows more, or asks for less.
    Widened,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Narrowed => "narrowed",
            Self::Changed => "changed",
            Self::Widened => "widened",
        })
    }
}

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// A tool that may be called.
    Tool,
    /// Scopes that may be used.
    Scope,
    /// A model that may be used for a key.
    Model,
    /// A tool whose calls a person has to approve.
    ToolApproval,
    /// Scopes whose use a person has to approve.
    ScopeApproval,
    /// A limit on the arguments of a tool.
    Limit,
    /// Whether packs have to be deterministic.
    Determinism,
    /// Until when mode warn may let something through.
    WarnUntil,
    /// An unsigned pack that is let through.
    LegacyPack,
    /// An unsigned plugin manifest that is let through.
    UnsignedPlugin,
    /// The keyring that plugins are verified with.
    PluginKeyring,
    /// The policy's name.
    Name,
    /// Its version.
    Version,
    /// From when it is in force.
    NotBefore,
    /// Until when it is in force.
    Expires,
    /// A tenant that the policy names.
    Tenant,
    /// Whether tenants that the policy does not name are refused everything.
    ListedTenantsOnly,
}

impl Aspect {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Scope => "scope",
            Self::Model => "model",
            Self::ToolApproval => "tool_approval",
            Self::ScopeApproval => "scope_approval",
            Self::Limit => "limit",
            Self::Determinism => "determinism",
            Self::WarnUntil => "warn_until",
            Self::LegacyPack => "legacy_pack",
            Self::UnsignedPlugin => "unsigned_plugin",
            Self::PluginKeyring => "plugin_keyring",
            Self::Name => "name",
            Self::Version => "version",
            Self::NotBefore => "not_before",
            Self::Expires => "expires",
            Self::Tenant => "tenant",
            Self::ListedTenantsOnly => "listed_tenants_only",
        }
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One change. Its texts are what the policies say: escape them before they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which way it goes.
    pub direction: Direction,
    /// What it is about.
    pub aspect: Aspect,
    /// Which tool, grant, `key=model`, limit and so on.
    pub subject: String,
    /// The scopes under the grant `subject` that did not change.
    #[serde(skip_serializing_if = "Grants::is_empty")]
    pub except: Grants,
    /// What the old policy says of it, if anything.
    pub before: Option<String>,
    /// What the new policy says of it, if anything.
    pub after: Option<String>,
    /// One tool, exact scope or `key=model` on which the two policies differ.
    pub example: Option<String>,
}

/// For whom a change holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Whom {
    /// Every tenant that neither policy names.
    pub unnamed: bool,
    /// And these, which one of them names.
    pub tenants: BTreeSet<TenantId>,
}

/// What changed for some tenants, the same for each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RightsChange {
    /// For whom.
    #[serde(rename = "for")]
    pub whom: Whom,
    /// What is widened first, then by what it is about.
    pub changes: Vec<Change>,
    /// A request that only the new policy allows, for a deterministic pack that declares it.
    pub allowed: Option<Request>,
    /// A request that only the old policy allows.
    pub refused: Option<Request>,
    /// The old policy allows them no tool, so whatever else it grants, nothing could be called.
    pub nothing_before: bool,
    /// The same of the new policy.
    pub nothing_after: bool,
}

/// What all changes together amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyDiffVerdict {
    /// They say the same.
    Equal,
    /// Every change takes something away.
    Narrowed,
    /// Nothing is widened, and not everything narrowed.
    Changed,
    /// Something is widened.
    Widened,
}

impl PolicyDiffVerdict {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Narrowed => "narrowed",
            Self::Changed => "changed",
            Self::Widened => "widened",
        }
    }
}

/// The most changes that a difference lists: every list of two policies, and as much again for
/// tenants. The others are counted.
pub const MAX_CHANGES: usize = 65_536;

/// The changes from one policy to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyDiff {
    /// What changed of the policy as a whole: what is widened first.
    pub policy: Vec<Change>,
    /// What changed for tenants: those that neither policy names, then by name.
    pub rights: Vec<RightsChange>,
    /// How many more changes there are than are listed.
    pub omitted: usize,
    /// The widest of all changes, the omitted ones included.
    #[serde(skip)]
    widest: Option<Direction>,
}

impl PolicyDiff {
    /// Compares what `old` and `new` allow, in n log n for n entries and each set of tenants with
    /// rules of their own.
    #[must_use]
    pub fn between(old: &Policy, new: &Policy) -> Self {
        let policy = whole::compare(old, new);
        let mut diff = Self { widest: widest(&policy), policy, rights: Vec::new(), omitted: 0 };
        let mut room = MAX_CHANGES.saturating_sub(diff.policy.len());
        for mut group in rights::groups(old, new).into_iter().filter_map(rights::Group::compare) {
            diff.widest = diff.widest.max(widest(&group.changes));
            diff.omitted = diff.omitted.saturating_add(group.changes.len().saturating_sub(room));
            group.changes.truncate(room);
            room = room.saturating_sub(group.changes.len());
            diff.rights.push(group);
        }
        diff
    }

    /// Every change that is listed.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.policy.iter().chain(self.rights.iter().flat_map(|group| &group.changes))
    }

    /// What the changes amount to.
    #[must_use]
    pub const fn verdict(&self) -> PolicyDiffVerdict {
        match self.widest {
            None => PolicyDiffVerdict::Equal,
            Some(Direction::Widened) => PolicyDiffVerdict::Widened,
            Some(Direction::Changed) => PolicyDiffVerdict::Changed,
            Some(Direction::Narrowed) => PolicyDiffVerdict::Narrowed,
        }
    }

    /// Whether the new policy allows anything that the old one does not: a tool, scope or model, a
    /// call without a limit or an approval that the old one asks for, a pack that is not
    /// deterministic or not signed, a warning where there was a refusal.
    ///
    /// That it is in force at another time widens nothing: every renewal is.
    #[must_use]
    pub fn widens(&self) -> bool {
        self.verdict() == PolicyDiffVerdict::Widened
    }
}

fn widest(changes: &[Change]) -> Option<Direction> {
    changes.iter().map(|change| change.direction).max()
}
