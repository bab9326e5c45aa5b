//! A pack's pins against a node's tools.

use std::collections::BTreeMap;

use reach_types::{Blake3Digest, ToolDefinition, ToolId};
use serde_json::{Value, json};

use super::{
    super::{DriftClass, DriftReport},
    definition,
};

type Tools = BTreeMap<ToolId, ToolDefinition>;

fn id(text: &str) -> ToolId {
    ToolId::parse(text).unwrap()
}

fn tools(of: &[(&str, Value)]) -> Tools {
    of.iter().map(|(tool, value)| (id(tool), definition(value))).collect()
}

fn pins(of: &Tools) -> BTreeMap<ToolId, Blake3Digest> {
    of.iter().map(|(tool, one)| (tool.clone(), *one.digest())).collect()
}

fn told(report: &DriftReport) -> Vec<String> {
    report.iter().map(|(tool, _)| format!("{tool}: {}", report.words(tool))).collect()
}

fn list() -> Value {
    json!({ "name": "fs.list", "description": "Lists." })
}

fn write() -> Value {
    json!({ "name": "fs.write", "description": "Writes." })
}

const NONE: [&str; 0] = [];

#[test]
fn p19_what_is_as_pinned_is_not_reported() {
    let pinned = tools(&[("fs.list", list()), ("fs.write", write())]);
    let report = DriftReport::of(&pins(&pinned), &pinned, &pinned);
    assert_eq!(told(&report), NONE);
    assert_eq!(report, DriftReport::default());
    assert_eq!((report.words(&id("fs.list")), report.classes(&id("fs.list")).count()), (String::new(), 0));
}

#[test]
fn p19_every_tool_that_differs_is_named_with_its_classes() {
    let pinned = tools(&[("a", json!({ "name": "a" })), ("fs.list", list()), ("fs.write", write())]);
    let changed = json!({ "name": "fs.list", "description": "Lists and sends.", "inputSchema": false });
    let current =
        tools(&[("fs.list", changed), ("fs.write", write()), ("net.get", json!({ "name": "net.get", "version": 1 }))]);
    let report = DriftReport::of(&pins(&pinned), &pinned, &current);
    assert_eq!(told(&report), ["a: removed", "fs.list: description, schema narrowed", "net.get: new"]);
    let json = json!({ "a": ["removed"], "fs.list": ["description", "schema narrowed"], "net.get": ["new"] });
    assert_eq!(serde_json::to_value(&report).unwrap(), json);
}

#[test]
fn p19_a_rename_is_found_by_what_the_tool_is() {
    let pinned = tools(&[("fs.list", list()), ("fs.write", write())]);
    let renamed = json!({ "name": "fs.dir", "description": "Lists." });
    let moved = tools(&[("fs.dir", renamed.clone()), ("fs.write", write())]);
    let report = DriftReport::of(&pins(&pinned), &pinned, &moved);
    assert_eq!(told(&report), ["fs.dir: new", "fs.list: removed, renamed to fs.dir"]);
    assert!(report.classes(&id("fs.list")).any(|class| *class == DriftClass::Renamed { to: id("fs.dir") }));
    // Another tool in its place, and itself elsewhere.
    let replaced = tools(&[("fs.dir", renamed), ("fs.list", json!({ "name": "fs.list" })), ("fs.write", write())]);
    let report = DriftReport::of(&pins(&pinned), &pinned, &replaced);
    assert_eq!(told(&report), ["fs.dir: new", "fs.list: description, renamed to fs.dir"]);
    // One that says something else is another tool.
    let other = json!({ "name": "fs.dir", "description": "Lists!" });
    let report = DriftReport::of(&pins(&pinned), &pinned, &tools(&[("fs.dir", other), ("fs.write", write())]));
    assert_eq!(told(&report), ["fs.dir: new", "fs.list: removed"]);
}

#[test]
fn p19_a_tool_pinned_under_its_own_name_is_no_rename() {
    let twin = json!({ "name": "fs.dir", "description": "Lists." });
    let pinned = tools(&[("fs.dir", twin.clone()), ("fs.list", list())]);
    let report = DriftReport::of(&pins(&pinned), &pinned, &tools(&[("fs.dir", twin)]));
    assert_eq!(told(&report), ["fs.list: removed"]);
}

#[test]
fn p19_without_the_pinned_definition_only_the_digest_speaks() {
    let pinned = tools(&[("fs.list", list()), ("fs.write", write())]);
    let changed = json!({ "name": "fs.list", "description": "Lists!" });
    // The very definition, with its name in it, under another id: hosts give out ids as they like.
    let current = tools(&[("fs.list", changed), ("files.write", write())]);
    let report = DriftReport::of(&pins(&pinned), &Tools::new(), &current);
    let expected = ["files.write: new", "fs.list: unknown", "fs.write: removed, renamed to files.write"];
    assert_eq!(told(&report), expected);
    // A carried definition that is not what is pinned explains nothing.
    let false_one = tools(&[("fs.list", json!({ "name": "fs.list", "description": "L" }))]);
    assert_eq!(told(&DriftReport::of(&pins(&pinned), &false_one, &current)), expected);
}

#[test]
fn p19_every_class_has_its_word() {
    let all = [
        (DriftClass::Description, "description"),
        (DriftClass::SchemaWidened, "schema widened"),
        (DriftClass::SchemaNarrowed, "schema narrowed"),
        (DriftClass::SchemaChanged, "schema changed"),
        (DriftClass::Annotations, "annotations"),
        (DriftClass::Other, "other fields"),
        (DriftClass::New, "new"),
        (DriftClass::Removed, "removed"),
        (DriftClass::Renamed { to: id("fs.dir") }, "renamed to fs.dir"),
        (DriftClass::Unknown, "unknown"),
    ];
    for (class, word) in all {
        assert_eq!(class.to_string(), word);
        assert_eq!(serde_json::to_value(&class).unwrap(), json!(word));
    }
}

#[test]
fn p34_the_largest_definitions_are_compared_in_little_time() {
    // Two definitions at the size limit, built so that a careless comparison costs their product.
    let wide = |prefix: &str, count: usize| -> Value {
        (0..count).map(|n| (format!("{prefix}{n}"), json!({}))).collect::<serde_json::Map<_, _>>().into()
    };
    let many = |count: usize| json!({ "anyOf": (0..count).map(|n| json!({ "title": n })).collect::<Vec<_>>() });
    let others = |properties: Value, others: Value| json!({ "properties": properties, "additionalProperties": others });
    let pairs = [(wide("a", 4000), json!({ "properties": wide("b", 4000) })), (json!({ "a": many(3500) }), many(3499))];
    for (properties, rest) in pairs {
        let old = definition(&json!({ "name": "t", "inputSchema": others(properties, json!({})) }));
        let new = definition(&json!({ "name": "t", "inputSchema": others(json!({}), rest) }));
        let begun = std::time::Instant::now();
        let classes = super::super::classify(Some(&old), Some(&new));
        assert!(classes.contains(&DriftClass::SchemaChanged), "{classes:?}");
        assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    }
}
