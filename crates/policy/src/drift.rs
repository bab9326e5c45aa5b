//! How the tools of a node differ from what a pack pinned.
//!
//! That a tool differs is decided by its digest alone, in the gate. What stands here says in what
//! way, for whoever has to look at it again; no class makes any difference to a verdict.

mod compare;
mod schema;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use reach_types::{Blake3Digest, ToolDefinition, ToolId};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// In what way a tool's definition differs from the pinned one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriftClass {
    /// What it says it does, or what it says of one of its arguments or results.
    Description,
    /// It accepts, or answers, everything that it did, and perhaps more.
    SchemaWidened,
    /// It accepts, or answers, nothing that it did not, and perhaps less.
    SchemaNarrowed,
    /// It accepts or answers something else, or what differs cannot be compared.
    SchemaChanged,
    /// Hints about its behaviour.
    Annotations,
    /// Any other field.
    Other,
    /// The node has it, and the pack does not pin it.
    New,
    /// The pack pins it, and the node does not have it.
    Removed,
    /// The node has it under another name.
    Renamed {
        /// Which.
        to: ToolId,
    },
    /// It differs, and the pack carries no definition to compare with.
    Unknown,
}

impl fmt::Display for DriftClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Description => f.write_str("description"),
            Self::SchemaWidened => f.write_str("schema widened"),
            Self::SchemaNarrowed => f.write_str("schema narrowed"),
            Self::SchemaChanged => f.write_str("schema changed"),
            Self::Annotations => f.write_str("annotations"),
            Self::Other => f.write_str("other fields"),
            Self::New => f.write_str("new"),
            Self::Removed => f.write_str("removed"),
            Self::Renamed { to } => write!(f, "renamed to {to}"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl Serialize for DriftClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// In what ways `current` differs from `pinned`: nothing if they are the same, and at least one
/// class otherwise.
#[must_use]
pub fn classify(pinned: Option<&ToolDefinition>, current: Option<&ToolDefinition>) -> BTreeSet<DriftClass> {
    match (pinned, current) {
        (None, None) => BTreeSet::new(),
        (None, Some(_)) => BTreeSet::from([DriftClass::New]),
        (Some(_), None) => BTreeSet::from([DriftClass::Removed]),
        (Some(pinned), Some(current)) => compare::definitions(pinned, current),
    }
}

/// The tools that differ, each with every way in which it does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DriftReport(
    // INVARIANT: no empty set.
    BTreeMap<ToolId, BTreeSet<DriftClass>>,
);

impl DriftReport {
    /// Compares what a pack pins with the `current` tools of a node, by the definitions that the
    /// pack carries. A carried definition that is not the pinned one counts as none.
    #[must_use]
    pub fn of(
        pins: &BTreeMap<ToolId, Blake3Digest>,
        carried: &BTreeMap<ToolId, ToolDefinition>,
        current: &BTreeMap<ToolId, ToolDefinition>,
    ) -> Self {
        let fits = |tool: &ToolId, digest: &Blake3Digest| current.get(tool).is_some_and(|one| one.digest() == digest);
        let drifted: Vec<_> = pins.iter().filter(|(tool, digest)| !fits(tool, digest)).collect();
        let elsewhere = if drifted.is_empty() { Elsewhere::default() } else { Elsewhere::among(current, pins) };
        let drifted = drifted.into_iter().map(|(tool, pin)| {
            let carried = carried.get(tool).filter(|one| one.digest() == pin);
            let mut classes = match (carried, current.get(tool)) {
                (None, Some(_)) => BTreeSet::from([DriftClass::Unknown]),
                (_, None) => BTreeSet::from([DriftClass::Removed]),
                (pinned, current) => classify(pinned, current),
            };
            classes.extend(elsewhere.find(pin, carried).map(|to| DriftClass::Renamed { to: to.clone() }));
            (tool.clone(), classes)
        });
        let new = current.keys().filter(|tool| !pins.contains_key(*tool));
        Self(drifted.chain(new.map(|tool| (tool.clone(), BTreeSet::from([DriftClass::New])))).collect())
    }

    /// In what ways `tool` differs; empty if it does not, or nothing is known of it.
    pub fn classes(&self, tool: &ToolId) -> impl Iterator<Item = &DriftClass> {
        self.0.get(tool).into_iter().flatten()
    }

    /// The same in words, such as `description, schema widened`: printable ASCII.
    #[must_use]
    pub fn words(&self, tool: &ToolId) -> String {
        words(self.classes(tool))
    }

    /// The tools that differ, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&ToolId, &BTreeSet<DriftClass>)> {
        self.0.iter()
    }
}

/// Classes in words.
pub(crate) fn words<'a>(classes: impl IntoIterator<Item = &'a DriftClass>) -> String {
    classes.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Where a tool that is not to be found under its name may be: the node's other tools, by what they
/// are. A tool that the pack pins under its own name is not another one's new name.
#[derive(Default)]
struct Elsewhere<'a> {
    by_digest: BTreeMap<&'a Blake3Digest, &'a ToolId>,
    by_body: BTreeMap<String, &'a ToolId>,
}

impl<'a> Elsewhere<'a> {
    fn among(current: &'a BTreeMap<ToolId, ToolDefinition>, pins: &BTreeMap<ToolId, Blake3Digest>) -> Self {
        let mut elsewhere = Self::default();
        for (tool, definition) in current {
            if pins.get(tool) != Some(definition.digest()) {
                elsewhere.by_digest.entry(definition.digest()).or_insert(tool);
                elsewhere.by_body.entry(body(definition)).or_insert(tool);
            }
        }
        elsewhere
    }

    fn find(&self, pin: &Blake3Digest, carried: Option<&ToolDefinition>) -> Option<&ToolId> {
        let same_body = || carried.and_then(|definition| self.by_body.get(&body(definition)));
        self.by_digest.get(pin).or_else(same_body).copied()
    }
}

/// A definition but for its name.
fn body(definition: &ToolDefinition) -> String {
    let mut members = definition.members().clone();
    members.remove("name");
    Value::Object(members).to_string()
}
