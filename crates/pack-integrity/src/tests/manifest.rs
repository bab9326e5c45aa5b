//! Manifests that are not what the format says.

use reach_types::{Blake3Digest, Code, MAX_DEFINITION_BYTES, ToolDefinition};

use crate::{
    MAX_DECLARED, MAX_DESCRIPTION_BYTES, MAX_MANIFEST_BYTES, MAX_SPEC_FEATURES, Manifest, ManifestError, testing::*,
};

fn code_of(text: &str) -> &'static str {
    Manifest::read(text.as_bytes()).map_or_else(|error| error.code(), |_| "ok")
}

/// The good manifest with one text replaced, which must be in it.
fn with(old: &str, new: &str) -> &'static str {
    assert!(MANIFEST.contains(old), "{old}");
    code_of(&MANIFEST.replacen(old, new, 1))
}

#[test]
fn a_manifest_says_what_it_declares() {
    let manifest = Manifest::read(MANIFEST.as_bytes()).unwrap();
    assert_eq!(manifest.description(), "Lists a tree.");
    assert_eq!(manifest.files().len(), 1);
    assert_eq!((manifest.spec().version(), manifest.spec().floor()), ("1.0.0", "1.0.0"));
    assert_eq!(manifest.spec().features().len(), 1);
    let facts = manifest.facts(Blake3Digest::of(b"archive"));
    assert_eq!((facts.digest, &facts.tools), (Blake3Digest::of(b"archive"), manifest.tools()));
    assert_eq!((&facts.scopes, &facts.models), (manifest.scopes(), manifest.models()));
}

#[test]
fn k05_a_key_twice() {
    assert_eq!(
        with("deterministic = true", "deterministic = true\ndeterministic = false"),
        "pack.manifest_duplicate_key"
    );
    assert_eq!(with("[models]", "[spec]\n[models]"), "pack.manifest_duplicate_key");
    assert_eq!(with("{ path = \".\" }", "{ path = \".\", path = \"..\" }"), "pack.manifest_duplicate_key");
    let tool = "\"fs.list\" = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n";
    assert_eq!(with(tool, &format!("{tool}{}", tool.replace('"', "'"))), "pack.manifest_duplicate_key");
    assert_eq!(code_of(MANIFEST), "ok");
}

#[test]
fn unknown_fields_are_refused_everywhere() {
    for place in ["name =", "version = \"1.0.0\"\nfloor", "min =", "max_steps =", "tool =", "[graph]"] {
        let spoilt = if place == "[graph]" { "[extra]\n[graph]".to_owned() } else { format!("extra = 1\n{place}") };
        assert_eq!(with(place, &spoilt), "pack.manifest_unknown_field", "{place}");
    }
}

#[test]
fn another_schema_is_named_as_such() {
    assert_eq!(with("reach-pack/1", "reach-pack/2"), "pack.manifest_schema");
    // Whatever the other schema's fields are.
    assert_eq!(code_of("schema = \"reach-pack/2\"\nwhatever = 1\n"), "pack.manifest_schema");
    assert_eq!(code_of("whatever = 1\n"), "pack.manifest_unknown_field");
    assert_eq!(code_of("name = \"x\"\n"), "pack.manifest_malformed");
}

#[test]
fn fields_of_another_shape() {
    for (old, new) in [
        ("deterministic = true", "deterministic = \"true\""),
        ("deterministic = true\n", ""),
        ("max_steps = 16", "max_steps = \"16\""),
        ("max_steps = 16", "max_steps = 1.5"),
        ("min = 1", "min = -1"),
        ("max = 1", "max = 65536"),
        ("[spec]", "[spec"),
        ("name = \"inventory\"", "name = inventory"),
    ] {
        assert_eq!(with(old, new), "pack.manifest_malformed", "{new}");
    }
    assert_eq!(Manifest::read(b"\xff").unwrap_err().code(), "pack.manifest_malformed");
    assert_eq!(code_of(""), "pack.manifest_malformed");
}

#[test]
fn a_list_never_stands_for_a_table() {
    let scopes = "scopes = [\"workspace:read\"]\n";
    let next = |edge: &str| with("arguments = {", &format!("next = [{edge}]\narguments = {{"));
    assert_eq!(next(r#"{ to = "list" }"#), "ok");
    assert_eq!(next(r#"{ to = "list", when = { pointer = "", exists = true } }"#), "ok");
    assert_eq!(next(r#"["list", { pointer = "", exists = true }]"#), "pack.manifest_malformed");
    let node = format!("[[graph.nodes]]\nid = \"list\"\ntool = \"fs.list\"\n{scopes}arguments = {{ path = \".\" }}\n");
    assert_eq!(with(&node, r#"nodes = [["list", "fs.list", ["workspace:read"]]]"#), "pack.manifest_malformed");
    let feature = "[[spec.features]]\nid = \"pack.ustar\"\nmin = 1\nmax = 1\ncritical = true\n";
    assert_eq!(with(feature, "features = [{ id = \"a\", min = 1, max = 1, critical = true }]\n"), "ok");
    assert_eq!(with(feature, "features = [[\"a\", 1, 1, true]]\n"), "pack.manifest_malformed");
}

#[test]
fn errors_name_the_line_and_hide_nothing_dangerous() {
    let text = MANIFEST.replacen("deterministic = true", "\"\\u001b[31m\" = true", 1);
    let error = Manifest::read(text.as_bytes()).unwrap_err();
    let ManifestError::UnknownField { line, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*line, 5);
    assert!(error.to_string().bytes().all(|b| (0x20..0x7f).contains(&b)), "{error}");
}

#[test]
fn k25_names_and_versions_have_one_spelling() {
    assert_eq!(with("\"inventory\"", "\"Inventory\""), "pack.manifest_identifier");
    assert_eq!(with("planner =", "Planner ="), "pack.manifest_identifier");
    assert_eq!(with("acme.large-1", "acme large"), "pack.manifest_identifier");
    assert_eq!(with("\"fs.list\" =", "\"fs/list\" ="), "pack.manifest_identifier");
    for bad in ["1.0", "1.0.0+build", "1.0.0-rc", "v1.0.0", "01.0.0"] {
        assert_eq!(with("version = \"1.0.0\"", &format!("version = \"{bad}\"")), "pack.manifest_version", "{bad}");
    }
    assert_eq!(with("version = \"1.0.0\"", "version = \"1.0.1\""), "ok");
}

#[test]
fn k40_a_description_shows_only_itself() {
    for bad in [
        "\\u202e",
        "\\u2066",
        "\\u200b",
        "\\u200d",
        "\\ufeff",
        "\\u001b[31m",
        "\\n",
        "\\u0085",
        "\\u061c",
        "\\U000e0041",
    ] {
        assert_eq!(with("Lists a tree.", bad), "pack.manifest_description", "{bad}");
    }
    assert_eq!(with("Lists a tree.", "Ελληνικά, 日本語, עברית"), "ok");
    assert_eq!(with("Lists a tree.", &"x".repeat(MAX_DESCRIPTION_BYTES)), "ok");
    assert_eq!(with("Lists a tree.", &"x".repeat(MAX_DESCRIPTION_BYTES + 1)), "pack.manifest_description");
    assert_eq!(with("description = \"Lists a tree.\"\n", ""), "ok");
}

#[test]
fn scopes_files_and_tool_digests() {
    for bad in ["*", "workspace:*:x", "Workspace:read", "a::b", ""] {
        assert_eq!(with("output:*", bad), "pack.manifest_scope", "{bad}");
    }
    for bad in ["../README.md", "/README.md", "CON", ""] {
        assert_eq!(with("files = [\"README.md\"]", &format!("files = [\"{bad}\"]")), "pack.unsafe_path", "{bad}");
    }
    for bad in ["ABCD", "", "0x00"] {
        let digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(with(digest, bad), "pack.manifest_tool_digest", "{bad}");
    }
}

#[test]
fn k45_counts_sizes_and_depth_are_bounded() {
    let list = |count: usize| (0..count).map(|n| format!("\"s:{n}\"")).collect::<Vec<_>>().join(",");
    assert_eq!(with("\"output:*\"", &list(MAX_DECLARED - 1)), "ok");
    assert_eq!(with("\"output:*\"", &list(MAX_DECLARED)), "pack.manifest_too_many");
    let models = |count: usize| (0..count).map(|n| format!("m{n} = \"m\"\n")).collect::<String>();
    assert_eq!(with("[tools]", &format!("{}[tools]", models(MAX_DECLARED - 1))), "ok");
    assert_eq!(with("[tools]", &format!("{}[tools]", models(MAX_DECLARED))), "pack.manifest_too_many");

    let padded = |size: usize| format!("{MANIFEST}{}", "#".repeat(size - MANIFEST.len()));
    assert_eq!(code_of(&padded(MAX_MANIFEST_BYTES)), "ok");
    assert_eq!(code_of(&padded(MAX_MANIFEST_BYTES + 1)), "pack.limit_manifest");

    for deep in [
        format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("x = {}", "[".repeat(200_000)),
        format!("x = {}1{}", "{a=".repeat(50_000), "}".repeat(50_000)),
        format!("{} = 1", vec!["a"; 100_000].join(".")),
        format!("[{}]", vec!["a"; 100_000].join(".")),
    ] {
        assert_eq!(code_of(&deep), "pack.manifest_too_deep");
    }
}

#[test]
fn what_is_needed_of_the_spec() {
    let feature = |id: &str| format!("[[spec.features]]\nid = \"{id}\"\nmin = 1\nmax = 2\ncritical = false\n");
    let add = |more: &str| with("[graph]", &format!("{more}[graph]"));
    assert_eq!(add(&feature("mesh.link")), "ok");
    assert_eq!(add(&feature("pack.ustar")), "pack.manifest_spec");
    assert_eq!(add(&feature("")), "pack.manifest_spec");
    assert_eq!(add(&feature("a b")), "pack.manifest_spec");
    assert_eq!(with("min = 1", "min = 2"), "pack.manifest_spec");
    assert_eq!(with("floor = \"1.0.0\"", "floor = \"\""), "pack.manifest_spec");
    let many = |count: usize| (0..count).map(|n| feature(&format!("f{n}"))).collect::<String>();
    assert_eq!(add(&many(MAX_SPEC_FEATURES - 1)), "ok");
    assert_eq!(add(&many(MAX_SPEC_FEATURES)), "pack.manifest_too_many");
}

#[test]
fn what_is_needed_of_the_spec_is_an_offer_with_sorted_features() {
    let text =
        MANIFEST.replace("[graph]", "[[spec.features]]\nid = \"a.b\"\nmin = 1\nmax = 2\ncritical = false\n[graph]");
    let offer = Manifest::read(text.as_bytes()).unwrap().spec().to_offer_json().unwrap();
    let expected = r#"{"spec":"1.0.0","floor":"1.0.0","features":[{"id":"a.b","min":1,"max":2,"critical":false},{"id":"pack.ustar","min":1,"max":1,"critical":true}]}"#;
    assert_eq!(offer, expected);
}

#[test]
fn arbitrary_edits_never_panic() {
    use proptest::prelude::*;
    proptest!(ProptestConfig::with_cases(128), |(place in any::<proptest::sample::Index>(), text in "\\PC{0,4}|[\\[\\]{}=\".'#\n]{1,3}")| {
        let (before, after) = MANIFEST.split_at(place.index(MANIFEST.len()));
        let edited = format!("{before}{text}{after}");
        let error = Manifest::read(edited.as_bytes()).err();
        prop_assert!(error.is_none_or(|error| error.code().starts_with("pack.")));
    });
}

/// The good manifest with its tool pinned to `pinned`, carrying `carried` as the table of definitions.
fn carrying(pinned: &str, carried: &str) -> String {
    let digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let pin = ToolDefinition::from_json(pinned.as_bytes()).unwrap().digest().to_string();
    MANIFEST.replace(digest, &pin).replace("[spec]", &format!("[definitions]\n{carried}\n[spec]"))
}

#[test]
fn p19_a_carried_definition_is_the_pinned_one() {
    let tool = r#"{"name":"fs.list","description":"Lists."}"#;
    let code = |carried: &str| code_of(&carrying(tool, carried));
    assert_eq!(code(""), "ok");
    assert_eq!(code(&format!("\"fs.list\" = '{tool}'")), "ok");
    assert_eq!(code(r#""fs.list" = ' { "description" : "Lists.", "name" : "fs.list" } '"#), "ok");
    for changed in [r#"{"name":"fs.list","description":"Lists"}"#, r#"{"name":"fs.list"}"#] {
        assert_eq!(code(&format!("\"fs.list\" = '{changed}'")), "pack.definition_mismatch", "{changed}");
    }
    assert_eq!(code(&format!("\"fs.lisT\" = '{tool}'")), "pack.manifest_identifier");
    assert_eq!(code(&format!("\"fs.dir\" = '{tool}'")), "pack.definition_undeclared");
    for malformed in ["", "[]", "{}", r#"{"name":"fs.list","name":"fs.list"}"#, r#"{"name":"x","minimum":0.5}"#] {
        assert_eq!(code(&format!("\"fs.list\" = '{malformed}'")), "pack.definition_malformed", "{malformed}");
    }
    assert_eq!(code("\"fs.list\" = { name = \"fs.list\" }"), "pack.manifest_malformed");
    let read = Manifest::read(carrying(tool, &format!("\"fs.list\" = '{tool}'")).as_bytes()).unwrap();
    let carried: Vec<_> = read.definitions().iter().map(|(id, one)| (id.as_str(), *one.digest())).collect();
    assert_eq!(carried, [("fs.list", *read.tools().values().next().unwrap())]);
    assert!(Manifest::read(MANIFEST.as_bytes()).unwrap().definitions().is_empty());
}

#[test]
fn p34_carried_definitions_are_bounded() {
    let sized = |bytes: usize| format!(r#"{{"name":"{}"}}"#, "x".repeat(bytes - r#"{"name":""}"#.len()));
    let largest = sized(MAX_DEFINITION_BYTES);
    assert_eq!(code_of(&carrying(&largest, &format!("\"fs.list\" = '{largest}'"))), "ok");
    let over = sized(MAX_DEFINITION_BYTES + 1);
    assert_eq!(code_of(&carrying(&largest, &format!("\"fs.list\" = '{over}'"))), "pack.limit_definition");
    let deep = format!(r#"{{"name":"x","a":{}{}}}"#, "[".repeat(32), "]".repeat(32));
    assert_eq!(code_of(&carrying(&largest, &format!("\"fs.list\" = '{deep}'"))), "pack.limit_definition");
    let many = |count: usize| (0..count).map(|n| format!("\"t{n}\" = ''\n")).collect::<String>();
    assert_eq!(code_of(&carrying(&largest, &many(MAX_DECLARED))), "pack.definition_undeclared");
    assert_eq!(code_of(&carrying(&largest, &many(MAX_DECLARED + 1))), "pack.manifest_too_many");
}
