//! Graphs: what is refused, and what the accepted ones mean.

use reach_types::Code;
use serde_json::{Value, json};

use crate::{MAX_ARGUMENT_DEPTH, MAX_EDGES, MAX_NODES, MAX_REFERENCES, MAX_STEPS, Manifest, StepId, testing::*};

const NODE: &str =
    "[[graph.nodes]]\nid = \"list\"\ntool = \"fs.list\"\nscopes = [\"workspace:read\"]\narguments = { path = \".\" }\n";

/// The good manifest with other nodes.
fn manifest(nodes: &str) -> String {
    MANIFEST.replace(NODE, nodes)
}

fn code_of(nodes: &str) -> &'static str {
    assert!(MANIFEST.contains(NODE));
    Manifest::read(manifest(nodes).as_bytes()).map_or_else(|error| error.code(), |_| "ok")
}

fn node(id: &str, more: &str) -> String {
    format!("[[graph.nodes]]\nid = \"{id}\"\ntool = \"fs.list\"\n{more}\n")
}

/// The code of a node `list` with these further fields, beside a node `other`.
fn with(more: &str) -> &'static str {
    code_of(&[node("list", more), node("other", "")].concat())
}

#[test]
fn the_names_in_a_graph_lead_somewhere() {
    assert_eq!(with(""), "ok");
    assert_eq!(code_of(&node("other", "")), "pack.graph_no_start");
    assert_eq!(code_of(&[node("list", ""), node("list", "")].concat()), "pack.graph_duplicate_node");
    assert_eq!(code_of(&[node("list", ""), node("Other", "")].concat()), "pack.graph_node_id");
    assert_eq!(with("next = [{ to = \"other\" }, { to = \"list\" }]"), "ok");
    assert_eq!(with("next = [{ to = \"nowhere\" }]"), "pack.graph_edge_to_nowhere");
    assert_eq!(with("next = [{ to = \"Other\" }]"), "pack.graph_edge_to_nowhere");
    assert_eq!(with("arguments = { a = { \"$from\" = \"other\", pointer = \"/x\" } }"), "ok");
    assert_eq!(
        with("arguments = { a = { \"$from\" = \"nowhere\", pointer = \"/x\" } }"),
        "pack.graph_unknown_reference"
    );
}

#[test]
fn a_node_uses_only_what_the_pack_declares() {
    assert_eq!(with("scopes = [\"workspace:read\", \"output:write\"]"), "ok");
    assert_eq!(with("scopes = [\"workspace:write\"]"), "pack.graph_scope_undeclared");
    assert_eq!(with("scopes = [\"output\"]"), "pack.graph_scope_undeclared");
    assert_eq!(with("scopes = [\"output:*\"]"), "pack.graph_scope");
    assert_eq!(with("scopes = [\"Output:x\"]"), "pack.graph_scope");
    let undeclared = node("list", "").replace("fs.list", "fs.write");
    assert_eq!(code_of(&undeclared), "pack.graph_tool_undeclared");
}

#[test]
fn k45_steps_nodes_and_edges_are_bounded() {
    let steps = |count: i64| {
        let text = MANIFEST.replace("max_steps = 16", &format!("max_steps = {count}"));
        Manifest::read(text.as_bytes()).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(steps(1), "ok");
    assert_eq!(steps(i64::from(MAX_STEPS)), "ok");
    for bad in [0, -1, i64::from(MAX_STEPS) + 1, i64::MAX] {
        assert_eq!(steps(bad), "pack.graph_max_steps", "{bad}");
    }
    let nodes = |count: usize| {
        code_of(&(1..count).map(|n| node(&n.to_string(), "")).chain([node("list", "")]).collect::<String>())
    };
    assert_eq!(nodes(MAX_NODES), "ok");
    assert_eq!(nodes(MAX_NODES + 1), "pack.graph_too_large");
    let edges = |count: usize| with(&format!("next = [{}]", "{ to = \"other\" },".repeat(count)));
    assert_eq!(edges(MAX_EDGES), "ok");
    assert_eq!(edges(MAX_EDGES + 1), "pack.graph_too_large");
    let reference = "{ \"$from\" = \"other\", pointer = \"\" },";
    let references = |count: usize| with(&format!("arguments = {{ a = [{}] }}", reference.repeat(count)));
    assert_eq!(references(MAX_REFERENCES), "ok");
    assert_eq!(references(MAX_REFERENCES + 1), "pack.graph_too_large");
    let nested = |depth: usize| with(&format!("arguments = {{ a = {}{} }}", "[".repeat(depth), "]".repeat(depth)));
    assert_eq!(nested(MAX_ARGUMENT_DEPTH - 1), "ok");
    assert_eq!(nested(MAX_ARGUMENT_DEPTH), "pack.graph_value_too_deep");
}

#[test]
fn arguments_hold_what_json_holds_exactly() {
    for good in ["9007199254740992", "-9007199254740992", "0", "true", "\"1.5\"", "[1, \"a\", { b = [] }]"] {
        assert_eq!(with(&format!("arguments = {{ a = {good} }}")), "ok", "{good}");
    }
    for bad in ["9007199254740993", "-9007199254740993", "1.5", "inf", "nan", "-0.0", "2026-01-01", "07:30:00"] {
        assert_eq!(with(&format!("arguments = {{ a = {bad} }}")), "pack.graph_value", "{bad}");
    }
}

#[test]
fn a_reference_is_spelt_in_one_way() {
    for bad in [
        "{ \"$from\" = \"other\" }",
        "{ \"$from\" = \"other\", pointer = 1 }",
        "{ \"$from\" = 1, pointer = \"\" }",
        "{ \"$from\" = \"other\", pointer = \"\", more = 1 }",
        "{ \"$env\" = \"HOME\" }",
    ] {
        assert_eq!(with(&format!("arguments = {{ a = {bad} }}")), "pack.graph_value", "{bad}");
    }
    assert_eq!(with("arguments = { \"$from\" = \"other\", pointer = \"\" }"), "pack.graph_value");
    for bad in ["x", "#/x", "/~", "/a~2b"] {
        let code = with(&format!("arguments = {{ a = {{ \"$from\" = \"other\", pointer = \"{bad}\" }} }}"));
        assert_eq!(code, "pack.graph_pointer", "{bad}");
        assert_eq!(
            with(&format!("next = [{{ to = \"other\", when = {{ pointer = \"{bad}\", exists = true }} }}]")),
            "pack.graph_pointer"
        );
    }
    let long = |bytes: usize| {
        with(&format!("arguments = {{ a = {{ \"$from\" = \"other\", pointer = \"/{}\" }} }}", "x".repeat(bytes - 1)))
    };
    assert_eq!(long(crate::MAX_POINTER_BYTES), "ok");
    assert_eq!(long(crate::MAX_POINTER_BYTES + 1), "pack.graph_pointer");
}

#[test]
fn a_condition_asks_one_thing() {
    let when = |condition: &str| with(&format!("next = [{{ to = \"other\", when = {condition} }}]"));
    for good in ["equals = 0", "not_equals = \"x\"", "exists = false", "equals = [1, { a = true }]"] {
        assert_eq!(when(&format!("{{ pointer = \"/count\", {good} }}")), "ok", "{good}");
    }
    assert_eq!(when("{ pointer = \"/count\" }"), "pack.graph_condition");
    assert_eq!(when("{ pointer = \"/count\", equals = 0, exists = true }"), "pack.graph_condition");
    assert_eq!(when("{ pointer = \"/count\", greater = 0 }"), "pack.manifest_unknown_field");
    assert_eq!(when("{ pointer = \"/count\", equals = 0.5 }"), "pack.graph_value");
    assert_eq!(
        when("{ pointer = \"/x\", equals = { \"$from\" = \"other\", pointer = \"\" } }"),
        "pack.graph_unknown_reference"
    );
}

fn graph_of(more: &str) -> Manifest {
    Manifest::read(manifest(&[node("list", more), node("other", ""), node("last", "")].concat()).as_bytes()).unwrap()
}

#[test]
fn the_first_open_edge_is_taken() {
    let manifest = graph_of(
        "next = [\
            { to = \"other\", when = { pointer = \"/count\", equals = 0 } },\
            { to = \"last\", when = { pointer = \"/kind\", not_equals = \"file\" } },\
            { to = \"list\", when = { pointer = \"/more\", exists = true } }]",
    );
    let graph = manifest.graph();
    let start = graph.node(graph.start()).unwrap();
    let after = |result: Value| start.after(&result).map(StepId::to_string);
    assert_eq!(after(json!({"count": 0, "kind": "dir"})).as_deref(), Some("other"));
    assert_eq!(after(json!({"count": 1, "kind": "dir"})).as_deref(), Some("last"));
    assert_eq!(after(json!({"count": 1, "kind": "file", "more": null})).as_deref(), Some("list"));
    assert_eq!(after(json!({"count": 1, "kind": "file"})), None);
    // What is not there is neither equal nor different.
    assert_eq!(after(json!({})), None);
    assert_eq!(graph.node(&StepId::parse("last").unwrap()).unwrap().after(&json!({})), None);
}

#[test]
fn references_are_filled_in_from_results() {
    let manifest = graph_of(
        "arguments = { all = { \"$from\" = \"other\", pointer = \"\" }, deep = [{ x = { \"$from\" = \"other\", pointer = \"/a~1b/0\" } }], own = 1 }",
    );
    let arguments = manifest.graph().nodes()[0].arguments();
    let result = json!({"a/b": ["first"]});
    let resolve = |result: Option<&Value>| {
        arguments.resolve(&|node| result.filter(|_| node.as_str() == "other")).map_err(|error| error.code())
    };
    let expected = json!({"all": {"a/b": ["first"]}, "deep": [{"x": "first"}], "own": 1});
    assert_eq!(resolve(Some(&result)), Ok(expected));
    assert_eq!(resolve(None), Err("pack.result_not_run"));
    assert_eq!(resolve(Some(&json!({"a/b": []}))), Err("pack.result_no_such_place"));
    assert_eq!(arguments.to_json()["all"], json!({"$from": "other", "pointer": ""}));
}

#[test]
fn a_result_cannot_smuggle_in_a_reference() {
    let manifest = graph_of("arguments = { a = { \"$from\" = \"other\", pointer = \"\" } }");
    let hostile = json!({"$from": "last", "pointer": ""});
    let resolved = manifest.graph().nodes()[0].arguments().resolve(&|_| Some(&hostile)).unwrap();
    assert_eq!(resolved, json!({"a": {"$from": "last", "pointer": ""}}));
}
