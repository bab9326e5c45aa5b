//! Manifests that are signed, and not what the format allows.

use crate::{
    case::Parts,
    corpus::{Corpus, Good, Group},
    tar,
    text::swap,
};

use super::{
    base::{MANIFEST, TOML, members_with},
    definitions,
};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(720, "Manifests");
    form(&mut group, good);
    lists(&mut group, good);
    fields(&mut group, good);
    description(&mut group);
    graph(&mut group, good);
    definitions::add(&mut group);
}

/// The good pack with this manifest.
pub(super) fn pack(manifest: &str) -> Parts {
    Parts::of(tar::archive(&members_with(manifest)))
}

fn changed(from: &str, to: &str) -> Parts {
    pack(&swap(MANIFEST, from, to))
}

type Row<'a> = (&'static str, &'static str, &'a str, &'a str, &'a str, &'a str);

fn refuse(group: &mut Group<'_>, good: &Good, rows: &[Row<'_>]) {
    for (row, verdict, title, how, from, to) in rows {
        group.bad(good, row, verdict, title, how, changed(from, to));
    }
}

const NAME: &str = "name = \"sample\"";
const VERSION: &str = "version = \"1.0.0\"\ndeterministic";

fn form(group: &mut Group<'_>, good: &Good) {
    let twice = "pack.manifest_duplicate_key";
    let malformed = "pack.manifest_malformed";
    refuse(
        group,
        good,
        &[
            (
                "K05",
                twice,
                "name twice",
                "`name = \"other\"` before the true one",
                NAME,
                "name = \"other\"\nname = \"sample\"",
            ),
            ("K05", twice, "a table twice", "`[spec]` twice", "[graph]", "[spec]\n[graph]"),
            (
                "K05",
                twice,
                "a tool twice, once in other quotes",
                "`'fs.list'` beside `\"fs.list\"`",
                "[spec]",
                "'fs.list' = \"00\"\n[spec]",
            ),
            (
                "",
                "pack.manifest_schema",
                "another schema",
                "`schema` is `reach-pack/2`",
                "reach-pack/1",
                "reach-pack/2",
            ),
            (
                "",
                "pack.manifest_unknown_field",
                "an unknown field",
                "`scope = []`",
                NAME,
                "scope = []\nname = \"sample\"",
            ),
            ("", malformed, "a missing field", "without `deterministic`", "deterministic = true\n", ""),
            (
                "",
                malformed,
                "a field of another type",
                "`deterministic = \"true\"`",
                "deterministic = true",
                "deterministic = \"true\"",
            ),
            ("", malformed, "not TOML", "an unclosed quote in `name`", NAME, "name = \"sample"),
        ],
    );
    let mut bytes = members_with(MANIFEST);
    bytes[TOML] = tar::Member::named(b"pack.toml", &[b"# \xff\n", MANIFEST.as_bytes()].concat());
    group.bad(
        good,
        "",
        malformed,
        "not UTF-8",
        "a comment with the byte `FF` before it",
        Parts::of(tar::archive(&bytes)),
    );
    bytes[TOML] = tar::Member::file("pack.toml", b"");
    group.bad(good, "", malformed, "an empty manifest", "no byte", Parts::of(tar::archive(&bytes)));
}

/// Some readers of TOML take a list for a table, its values by position.
fn lists(group: &mut Group<'_>, good: &Good) {
    let spec = "[spec]\nversion = \"1.0.0\"\nfloor = \"1.0.0\"\n";
    let node = "[[graph.nodes]]\nid = \"list\"\ntool = \"fs.list\"\nscopes = [\"workspace:read\"]\n";
    let spec_list = r#"spec = ["1.0.0", "1.0.0"]"#;
    let node_list = r#"nodes = [["list", "fs.list", ["workspace:read"]]]"#;
    let edge_list = r#"next = [["list", { pointer = "", exists = true }]]"#;
    for (title, list, manifest) in [
        ("a table as a list", spec_list, swap(&swap(MANIFEST, spec, ""), "[tools]", &format!("{spec_list}\n[tools]"))),
        ("a node as a list", node_list, swap(MANIFEST, node, &format!("{node_list}\n"))),
        ("an edge as a list", edge_list, swap(MANIFEST, node, &format!("{node}{edge_list}\n"))),
    ] {
        group.bad(good, "", "pack.manifest_malformed", title, &format!("`{list}`"), pack(&manifest));
    }
}

fn fields(group: &mut Group<'_>, good: &Good) {
    let identifier = "pack.manifest_identifier";
    let version = "pack.manifest_version";
    let unsafe_path = "pack.unsafe_path";
    let files = "files = [\"readme.txt\"]";
    refuse(
        group,
        good,
        &[
            ("", identifier, "a name in upper case", "`name` is `Sample`", NAME, "name = \"Sample\""),
            ("", identifier, "a name with `..`", "`name` is `sam..ple`", NAME, "name = \"sam..ple\""),
            ("", identifier, "an empty name", "`name` is empty", NAME, "name = \"\""),
            (
                "K25",
                version,
                "a version with build metadata",
                "`version` is `1.0.0+build`",
                VERSION,
                "version = \"1.0.0+build\"\ndeterministic",
            ),
            (
                "K25",
                version,
                "a version with a leading zero",
                "`version` is `1.0.00`",
                VERSION,
                "version = \"1.0.00\"\ndeterministic",
            ),
            (
                "",
                "pack.manifest_scope",
                "a wildcard in the middle",
                "a scope `workspace:*:read`",
                "scopes = [\"workspace:read\"]\nfiles",
                "scopes = [\"workspace:*:read\"]\nfiles",
            ),
            (
                "",
                "pack.manifest_tool_digest",
                "a tool without a whole digest",
                "the digest has 62 characters",
                "0123456789abcdef\"\n[spec]",
                "0123456789abcd\"\n[spec]",
            ),
            ("K36", unsafe_path, "a listed file outside", "`files` lists `../x`", files, "files = [\"../x\"]"),
            ("K37", unsafe_path, "a listed device", "`files` lists `con`", files, "files = [\"con\"]"),
            (
                "",
                "pack.manifest_spec",
                "a feature whose range is empty",
                "`min` is 2 and `max` 1",
                "floor = \"1.0.0\"\n",
                "floor = \"1.0.0\"\nfeatures = [{ id = \"pack.ustar\", min = 2, max = 1, critical = true }]\n",
            ),
            (
                "",
                "pack.manifest_spec",
                "a space in a version",
                "`spec.version` is `1.0 0`",
                "version = \"1.0.0\"\nfloor",
                "version = \"1.0 0\"\nfloor",
            ),
        ],
    );
}

fn description(group: &mut Group<'_>) {
    let with = |text: &str| changed(NAME, &format!("{NAME}\ndescription = \"{text}\""));
    let long = "x".repeat(1024);
    let good = group.good("K40", "a plain description", "`description` is `Lists a tree.`", with("Lists a tree."));
    group.good(
        "K40",
        "a description beyond ASCII",
        "`description` is `Liste der Dateien, größte zuerst`",
        with("Liste der Dateien, gr\u{f6}\u{df}te zuerst"),
    );
    let longest = group.good("K40", "the longest description", "1,024 bytes", with(&long));
    group.bad(
        &longest,
        "K40",
        "pack.manifest_description",
        "too long a description",
        "1,025 bytes",
        with(&format!("{long}x")),
    );
    for (title, text) in [
        ("a right-to-left override", "a\\u202Eb"),
        ("an isolate", "a\\u2066b"),
        ("a zero-width space", "a\\u200Bb"),
        ("an ANSI escape", "a\\u001B[31mb"),
        ("a line feed", "a\\nb"),
        ("a tag character", "a\\U000E0041b"),
        ("a byte order mark", "a\\uFEFFb"),
        ("a variation selector", "a\\uFE0Fb"),
        ("a letter that shows nothing", "a\\u3164b"),
    ] {
        let how = format!("`description` is `{text}`, escaped so in TOML");
        group.bad(&good, "K40", "pack.manifest_description", title, &how, with(text));
    }
}

fn graph(group: &mut Group<'_>, good: &Good) {
    let end = "tool = \"fs.list\"\nscopes = [\"workspace:read\"]\n";
    let node = |more: &str| format!("{end}{more}\n");
    let edge = |to: &str| node(&format!("next = [{{ to = \"{to}\" }}]"));
    let again = group.good(
        "",
        "an edge to itself",
        "the node leads to itself, four steps at most",
        changed(end, &edge("list")),
    );
    group.bad(
        &again,
        "",
        "pack.graph_edge_to_nowhere",
        "an edge to nowhere",
        "the node leads to `nowhere`",
        changed(end, &edge("nowhere")),
    );
    let value = |text: &str| changed(end, &node(&format!("arguments = {{ a = {text} }}")));
    let argument =
        group.good("K51", "an argument of 2^53", "`arguments` holds 9007199254740992", value("9007199254740992"));
    let wrong = "pack.graph_value";
    for (title, text) in [
        ("2^53 + 1", "9007199254740993"),
        ("a fraction", "1.5"),
        ("a TOML date", "2026-06-01"),
        ("not a number", "nan"),
    ] {
        group.bad(
            &argument,
            "K51",
            wrong,
            &format!("an argument: {title}"),
            &format!("`arguments` holds {text}"),
            value(text),
        );
    }
    let nested = |levels: usize| value(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    let deep = group.good("K45", "an argument nested 16 deep", "`arguments` holds 15 lists in each other", nested(15));
    for (verdict, levels) in [("pack.graph_value_too_deep", 17), ("pack.manifest_too_deep", 1000)] {
        let title = format!("an argument nested {levels} deep");
        group.bad(
            &deep,
            "K45",
            verdict,
            &title,
            &format!("`arguments` holds {} lists in each other", levels - 1),
            nested(levels - 1),
        );
    }
    let reference =
        |node: &str, pointer: &str| value(&format!("{{ \"$from\" = \"{node}\", pointer = \"{pointer}\" }}"));
    let known =
        group.good("", "a reference", "an argument refers to `/0` of the node's own result", reference("list", "/0"));
    group.bad(
        &known,
        "",
        "pack.graph_unknown_reference",
        "a reference to nowhere",
        "an argument refers to the node `other`",
        reference("other", "/0"),
    );
    group.bad(
        &known,
        "",
        "pack.graph_pointer",
        "a reference that is no pointer",
        "the pointer is `0`",
        reference("list", "0"),
    );
    let steps = "max_steps = 4";
    let twice = format!("{end}[[graph.nodes]]\nid = \"list\"\ntool = \"fs.list\"\n");
    let condition = node("next = [{ to = \"list\", when = { pointer = \"\", exists = true, equals = 1 } }]");
    refuse(
        group,
        good,
        &[
            (
                "",
                "pack.graph_no_start",
                "a start that does not exist",
                "`start` is `other`",
                "start = \"list\"",
                "start = \"other\"",
            ),
            ("", "pack.graph_duplicate_node", "two nodes of one id", "a second node `list`", end, &twice),
            (
                "",
                "pack.graph_node_id",
                "a node id in upper case",
                "a second node `Other`",
                end,
                &twice.replace("id = \"list\"", "id = \"Other\""),
            ),
            (
                "",
                "pack.graph_tool_undeclared",
                "a tool that is not declared",
                "the node calls `fs.read`",
                end,
                &end.replace("fs.list", "fs.read"),
            ),
            (
                "",
                "pack.graph_scope_undeclared",
                "a scope that is not declared",
                "the node uses `workspace:write`",
                end,
                &end.replace(":read", ":write"),
            ),
            (
                "",
                "pack.graph_scope",
                "a wildcard used",
                "the node uses `workspace:*`",
                end,
                &end.replace(":read", ":*"),
            ),
            ("", "pack.graph_max_steps", "no step", "`max_steps` is 0", steps, "max_steps = 0"),
            ("", "pack.graph_max_steps", "too many steps", "`max_steps` is 10001", steps, "max_steps = 10001"),
            (
                "",
                "pack.graph_condition",
                "a condition of two tests",
                "`when` has `exists` and `equals`",
                end,
                &condition,
            ),
        ],
    );
}
