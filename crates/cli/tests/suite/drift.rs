//! Packs that pin what this node's tools are not, from `pack.toml` to the answer of the gate.

use std::{collections::BTreeMap, ffi::OsString, fs};

use reach_cli::{Terminal, run};
use reach_runner::{BuiltinTools, Environment, ToolHost, World};
use reach_types::{ToolDefinition, ToolId};
use serde_json::{Value, json};

use crate::support::{Answer, Demo, reach};

/// A manifest's text without its table of definitions.
pub(crate) fn without_definitions(manifest: &str) -> String {
    let (before, rest) = manifest.split_once("[definitions]\n").unwrap();
    format!("{before}{}", rest.split_once("\n\n").unwrap().1)
}

/// What `reach` prints for people.
fn text_of(words: &[&str]) -> String {
    let words = ["reach"].iter().chain(words).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(words, World::system(Environment::default()), &mut Terminal::new(&mut out, &mut err, false));
    assert_eq!((exit, err.as_slice()), (0, &b""[..]));
    String::from_utf8(out).unwrap()
}

/// A tool of this node as it may have been when a pack was signed.
fn once(tool: &str, change: impl FnOnce(&mut Value)) -> Value {
    let definitions = BuiltinTools::definitions_only().definitions();
    let mut value = Value::Object(definitions[&ToolId::parse(tool).unwrap()].members().clone());
    change(&mut value);
    value
}

/// A pack that calls this tool, pinned and, if `carried`, defined as it was once.
fn manifest(tool: &str, definition: &Value, carried: bool) -> String {
    let definition = ToolDefinition::from_json(definition.to_string().as_bytes()).unwrap();
    let (digest, text) = (definition.digest(), definition.text());
    let table = if carried { format!("[definitions]\n\"{tool}\" = '''{text}'''\n") } else { String::new() };
    format!(
        "schema = \"reach-pack/1\"\nname = \"inventory\"\nversion = \"1.0.1\"\ndeterministic = true\n\
         [tools]\n\"{tool}\" = \"{digest}\"\n{table}[spec]\nversion = \"1.0.0\"\nfloor = \"1.0.0\"\n\
         [graph]\nstart = \"a\"\nmax_steps = 1\n[[graph.nodes]]\nid = \"a\"\ntool = \"{tool}\"\n"
    )
}

struct Bench<'d>(&'d Demo);

impl Bench<'_> {
    /// Builds the pack of this manifest.
    fn build(&self, name: &str, manifest: &str) -> Answer {
        let dir = self.0.beside(name);
        fs::create_dir_all(&dir).unwrap();
        fs::write(format!("{dir}/pack.toml"), manifest).unwrap();
        let _ = fs::remove_file(self.path(name));
        reach(&["pack", "build", &dir, "--out", &self.path(name)])
    }

    fn path(&self, name: &str) -> String {
        self.0.beside(&format!("{name}.reachpack"))
    }

    /// Builds and signs the pack of this manifest, and asks whether it may call `tool`.
    fn check(&self, tool: &str, manifest: &str) -> Answer {
        let demo = self.0;
        assert_eq!(self.build("x", manifest).code(), "ok");
        let (pack, request) = (self.path("x"), demo.beside("request.json"));
        let _ = fs::remove_file(format!("{pack}.dsse.json"));
        assert_eq!(reach(&["pack", "sign", &pack, "--key", &demo.path("keys/pack.pem")]).code(), "ok");
        fs::write(&request, json!({ "tools": [tool] }).to_string()).unwrap();
        let (policy, trust) = (demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"));
        reach(&["policy", "check", "--pack", &pack, "--policy", &policy, "--trust", &trust, "--request", &request])
    }

    /// What the gate says of `tool` having changed.
    fn classes(&self, tool: &str, definition: &Value, carried: bool) -> Value {
        let answer = self.check(tool, &manifest(tool, definition, carried));
        let violations = &answer.json()["decision"]["violations"];
        let drift = violations.as_array().unwrap().iter().find(|one| one["code"] == "policy.tool_definition_drift");
        let drift = drift.unwrap_or_else(|| panic!("{violations}"));
        assert_eq!((&drift["subject"], &drift["actual"]["kind"]), (&json!(tool), &json!("drift")));
        drift["actual"]["value"].clone()
    }
}

#[test]
fn p19_every_class_of_drift_is_refused_and_named() {
    let demo = Demo::new();
    let bench = Bench(&demo);
    let same = once("fs.list", |_| {});
    assert_eq!(bench.check("fs.list", &manifest("fs.list", &same, true)).code(), "ok");
    assert_eq!(bench.check("fs.list", &manifest("fs.list", &same, false)).code(), "ok");

    let described = once("fs.list", |tool| tool["description"] = json!("Lists files."));
    let answer = bench.check("fs.list", &manifest("fs.list", &described, true));
    assert_eq!((answer.code().as_str(), answer.exit), ("policy.tool_definition_drift", 1));
    assert_eq!(bench.classes("fs.list", &described, true), json!(["description"]));
    assert_eq!(bench.classes("fs.list", &described, false), json!(["unknown"]));
    let fewer = once("text.search", |tool| drop(tool["arguments"].as_object_mut().unwrap().remove("skipped")));
    assert_eq!(bench.classes("text.search", &fewer, true), json!(["schema widened"]));
    let more = once("fs.list", |tool| tool["arguments"]["depth"] = json!("optional integer"));
    assert_eq!(bench.classes("fs.list", &more, true), json!(["schema narrowed"]));
    let changed = once("fs.list", |tool| tool["arguments"]["path"] = json!("an absolute directory"));
    assert_eq!(bench.classes("fs.list", &changed, true), json!(["schema changed"]));
    let annotated = once("fs.list", |tool| tool["annotations"] = json!({ "readOnlyHint": true }));
    assert_eq!(bench.classes("fs.list", &annotated, true), json!(["annotations"]));
    let other = once("fs.list", |tool| tool["scope"] = json!("workspace:write"));
    assert_eq!(bench.classes("fs.list", &other, true), json!(["other fields"]));
    let all = once("fs.list", |tool| {
        tool["description"] = json!("Lists files.");
        tool["version"] = json!(0);
        tool["result"] = json!({});
    });
    assert_eq!(bench.classes("fs.list", &all, true), json!(["description", "schema changed", "other fields"]));
    let removed = once("fs.list", |tool| {
        tool["name"] = json!("fs.gone");
        tool["description"] = json!("Does what no tool here does.");
    });
    assert_eq!(bench.classes("fs.gone", &removed, true), json!(["removed"]));
    let renamed = once("fs.list", |tool| tool["name"] = json!("fs.dir"));
    assert_eq!(bench.classes("fs.dir", &renamed, true), json!(["removed", "renamed to fs.list"]));
    assert_eq!(bench.classes("fs.dir", &same, false), json!(["removed", "renamed to fs.list"]));
}

#[test]
fn p20_a_hint_makes_no_difference_but_by_the_digest() {
    let demo = Demo::new();
    let bench = Bench(&demo);
    // The quickstart's policy allows no such tool, and this node has none, whatever it says of itself.
    let verdict = |hints: Value| {
        let tool = json!({ "name": "net.send", "description": "Sends.", "annotations": hints });
        let answer = bench.check("net.send", &manifest("net.send", &tool, true));
        let decision = answer.json()["decision"].clone();
        (answer.exit, decision["outcome"].clone(), decision["violations"].clone())
    };
    let plain = verdict(json!({}));
    assert_eq!((plain.0, &plain.1, plain.2.as_array().unwrap().len()), (1, &json!("deny"), 2));
    for hints in [
        json!({ "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false }),
        json!({ "approved": true, "scope": "workspace:read", "signed": true }),
    ] {
        assert_eq!(verdict(hints), plain);
    }
}

#[test]
fn p19_a_pack_carries_the_definition_it_pins_or_none() {
    let demo = Demo::new();
    let bench = Bench(&demo);
    let good = manifest("fs.list", &once("fs.list", |_| {}), true);
    let code = |manifest: &str| bench.build("y", manifest).code();
    assert_eq!(code(&good), "ok");
    let deep = format!("\"version\":{}{}", "[".repeat(32), "]".repeat(32));
    for (from, to, expected) in [
        ("Lists the regular", "Lists all the regular", "pack.definition_mismatch"),
        ("\"version\":1", "\"version\":2", "pack.definition_mismatch"),
        ("\"version\":1", "\"version\":1,\"version\":1", "pack.definition_malformed"),
        ("\"version\":1", "\"version\":1.0", "pack.definition_malformed"),
        ("\"version\":1", &deep, "pack.limit_definition"),
        ("[definitions]\n\"fs.list\"", "[definitions]\n\"fs.dir\"", "pack.definition_undeclared"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert_eq!(code(&bad), expected, "{to}");
    }
}

#[test]
fn the_tables_of_status_are_those_of_a_pack() {
    let text = text_of(&["status", "--registry", "--toml"]);
    assert!(text.starts_with("[tools]\n\"digest.files\" = \""), "{text}");
    let demo = Demo::new();
    let quickstart = String::from_utf8(demo.read("pack/pack.toml")).unwrap();
    assert!(quickstart.contains(&text), "{text}");
    let json = reach(&["status", "--registry", "--toml"]).json();
    assert_eq!(json["toml"].as_str().unwrap(), text);
    let digests: BTreeMap<String, String> = serde_json::from_value(json["registry"].clone()).unwrap();
    for definition in json["definitions"].as_array().unwrap() {
        let read = ToolDefinition::from_json(definition.to_string().as_bytes()).unwrap();
        assert_eq!(digests[read.name()], read.digest().to_string());
    }
    assert_eq!(digests.len(), 4);
    let pins = text_of(&["status", "--registry"]);
    assert!(text.contains(&pins), "{pins}");
    assert_eq!(reach(&["status", "--toml"]).exit, 2);
}

#[test]
fn a_difference_says_how_a_definition_changed() {
    let demo = Demo::new();
    let bench = Bench(&demo);
    let (was, is) = (once("fs.list", |tool| tool["description"] = json!("Lists.")), once("fs.list", |_| {}));
    let diff = |carried: bool| {
        for (name, definition) in [("old", &was), ("new", &is)] {
            assert_eq!(bench.build(name, &manifest("fs.list", definition, carried)).code(), "ok");
        }
        let (old, new) = (bench.path("old"), bench.path("new"));
        let words = ["pack", "diff", &old, &new];
        (reach(&words).json()["drift"].clone(), text_of(&words))
    };
    let (drift, text) = diff(true);
    assert_eq!(drift, json!({ "fs.list": ["description"] }));
    assert!(text.lines().any(|line| line.contains("tool_definition") && line.ends_with("(description)")), "{text}");
    let (drift, text) = diff(false);
    assert_eq!(drift, json!({}));
    assert!(!text.contains("(description)"), "{text}");
}
