//! The rules that tell which way a change goes. Where one cannot tell, it says `changed`; where one
//! could be wrong, `widened`.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Grants, ModelId, ModelKey, PackVersion};

use super::{Aspect, Change, Direction, PackView, view::FileView};
use crate::{ArchivePath, Graph, MANIFEST_PATH, Manifest, Node, SpecFeature, SpecNeeds};

use Direction::{Changed, Narrowed, Widened};

type Text = Option<String>;

/// One change, from `before` to `after`.
fn change(direction: Direction, aspect: Aspect, subject: &str, before: Text, after: Text) -> Change {
    Change { direction, aspect, subject: subject.to_owned(), before, after }
}

/// A change if the two differ, going the way `direction` says.
fn differs<T: PartialEq + ToString>(
    direction: Direction,
    aspect: Aspect,
    subject: &str,
    old: &T,
    new: &T,
) -> Option<Change> {
    (old != new).then(|| change(direction, aspect, subject, Some(old.to_string()), Some(new.to_string())))
}

pub(super) fn manifests(old: &Manifest, new: &Manifest) -> Vec<Change> {
    let mut changes: Vec<Change> = [
        differs(Changed, Aspect::Name, "name", old.name(), new.name()),
        differs(Changed, Aspect::Version, "version", &old.version(), &new.version()),
        differs(Changed, Aspect::Description, "description", &old.description(), &new.description()),
        differs(
            if new.deterministic() { Narrowed } else { Widened },
            Aspect::Determinism,
            "deterministic",
            &old.deterministic(),
            &new.deterministic(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    changes.extend(maps(Aspect::Tool, old.tools(), new.tools(), |tool, a, b| {
        differs(Changed, Aspect::ToolDefinition, tool.as_str(), a, b)
    }));
    changes.extend(scopes(old.scopes(), new.scopes()));
    changes.extend(models(old.models(), new.models()));
    changes.extend(spec(old.spec(), new.spec()));
    changes.extend(graph(old.graph(), new.graph()));
    changes
}

/// What is only in the new map is widened, what is only in the old one narrowed; `both` judges the
/// rest.
fn maps<K: Ord + ToString, V: ToString>(
    aspect: Aspect,
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
    both: impl Fn(&K, &V, &V) -> Option<Change>,
) -> Vec<Change> {
    let added = new.iter().filter(|(key, _)| !old.contains_key(key));
    let added = added.map(|(key, value)| change(Widened, aspect, &key.to_string(), None, Some(value.to_string())));
    let kept = old.iter().filter_map(|(key, value)| match new.get(key) {
        None => Some(change(Narrowed, aspect, &key.to_string(), Some(value.to_string()), None)),
        Some(other) => both(key, value, other),
    });
    added.chain(kept).collect()
}

/// A grant that the other side covers anyway is no change.
fn scopes(old: &Grants, new: &Grants) -> Vec<Change> {
    let text = |grant: &reach_types::Grant| grant.to_string();
    let added = new.iter().filter(|grant| !old.contains(grant));
    let added = added.map(|grant| change(Widened, Aspect::Scope, &text(grant), None, Some(text(grant))));
    let removed = old.iter().filter(|grant| !new.contains(grant));
    let removed = removed.map(|grant| change(Narrowed, Aspect::Scope, &text(grant), Some(text(grant)), None));
    added.chain(removed).collect()
}

/// A model that the old pack needed for nothing is a widening, whatever it is needed for.
fn models(old: &BTreeMap<ModelKey, ModelId>, new: &BTreeMap<ModelKey, ModelId>) -> Vec<Change> {
    let known: BTreeSet<&ModelId> = old.values().collect();
    maps(Aspect::Model, old, new, |key, a, b| {
        let direction = if known.contains(b) { Changed } else { Widened };
        differs(direction, Aspect::Model, key.as_str(), a, b)
    })
}

fn spec(old: &SpecNeeds, new: &SpecNeeds) -> Vec<Change> {
    let by_id = |needs: &SpecNeeds| -> BTreeMap<String, Feature> {
        needs.features().iter().map(|feature| (feature.id.clone(), Feature(feature.clone()))).collect()
    };
    let mut changes = maps(Aspect::Feature, &by_id(old), &by_id(new), |id, a, b| {
        differs(feature_direction(&a.0, &b.0), Aspect::Feature, id, a, b)
    });
    // What a spec version means is not known here, so neither is which of two allows more.
    changes.extend(differs(Changed, Aspect::Spec, "version", &old.version(), &new.version()));
    let floor = if is_raised(old.floor(), new.floor()) { Narrowed } else { Widened };
    changes.extend(differs(floor, Aspect::Spec, "floor", &old.floor(), &new.floor()));
    changes
}

/// Whether a floor is higher than before: a lower one lets older rules hold.
fn is_raised(old: &str, new: &str) -> bool {
    let versions = PackVersion::parse(old).ok().zip(PackVersion::parse(new).ok());
    versions.is_some_and(|(old, new)| old < new)
}

#[derive(PartialEq)]
struct Feature(SpecFeature);

impl std::fmt::Display for Feature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SpecFeature { min, max, critical, .. } = self.0;
        write!(f, "{min} to {max}{}", if critical { ", critical" } else { "" })
    }
}

fn feature_direction(old: &SpecFeature, new: &SpecFeature) -> Direction {
    let within = |a: &SpecFeature, b: &SpecFeature| b.min <= a.min && a.max <= b.max;
    match (within(new, old), within(old, new)) {
        // It would run where the feature is missing.
        _ if old.critical && !new.critical => Widened,
        (true, true) | (true, false) => Narrowed,
        (false, true) => Widened,
        _ => Changed,
    }
}

fn graph(old: &Graph, new: &Graph) -> Vec<Change> {
    let steps = if old.max_steps() < new.max_steps() { Widened } else { Narrowed };
    let mut changes: Vec<Change> = differs(steps, Aspect::Graph, "max_steps", &old.max_steps(), &new.max_steps())
        .into_iter()
        .chain(differs(Changed, Aspect::Graph, "start", old.start(), new.start()))
        .collect();
    let tool = |node: &Node| Some(node.tool().to_string());
    for node in new.nodes() {
        match old.node(node.id()) {
            None => changes.push(change(Changed, Aspect::Node, node.id().as_str(), None, tool(node))),
            Some(before) if before != node => {
                let what = Some(parts(before, node));
                changes.push(change(Changed, Aspect::Node, node.id().as_str(), tool(before), what));
            }
            Some(_) => {}
        }
    }
    let gone = old.nodes().iter().filter(|node| new.node(node.id()).is_none());
    changes.extend(gone.map(|node| change(Changed, Aspect::Node, node.id().as_str(), tool(node), None)));
    changes
}

/// Which parts of a node differ: its arguments may be long and hold anything, so they are not shown.
fn parts(old: &Node, new: &Node) -> String {
    let parts = [
        ("scopes", old.scopes() != new.scopes()),
        ("arguments", old.arguments() != new.arguments()),
        ("next", old.next() != new.next()),
    ];
    let named: Vec<&str> = parts.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
    if named.is_empty() { new.tool().to_string() } else { format!("{} with other {}", new.tool(), named.join(", ")) }
}

/// Compares the archives' files. The manifest is among them only if `whole` is asked for: what it
/// says was compared already, unless only its spelling changed.
pub(super) fn files(old: &PackView, new: &PackView, whole: bool) -> Vec<Change> {
    let compared = |path: &&ArchivePath| whole || path.as_str() != MANIFEST_PATH;
    let paths: BTreeSet<&ArchivePath> = old.files.keys().chain(new.files.keys()).filter(compared).collect();
    paths.into_iter().filter_map(|path| file(path.as_str(), old.files.get(path), new.files.get(path))).collect()
}

fn file(path: &str, old: Option<&FileView>, new: Option<&FileView>) -> Option<Change> {
    let direction = match (old, new) {
        (None, Some(new)) if !new.executable => Changed,
        (Some(old), Some(new)) if old == new => return None,
        // What can be executed may do anything: another content is as good as another file.
        (_, Some(new)) if new.executable => Widened,
        (Some(old), Some(new)) if !old.executable && !new.executable => Changed,
        // Its content may have changed as well: that it became less executable is not all.
        (Some(old), Some(new)) if old.digest != new.digest => Changed,
        _ => Narrowed,
    };
    let text = |file: &FileView| {
        let mode = if file.executable { "executable " } else { "" };
        format!("{mode}{}", file.digest)
    };
    Some(change(direction, Aspect::File, path, old.map(text), new.map(text)))
}
