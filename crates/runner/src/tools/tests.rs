//! The built-in tools against a hostile workspace. They are called directly: that no call happens
//! without a permit is the business of types.

use std::{fs, os::unix::fs::symlink};

use reach_types::{Code, ToolId};
use serde_json::{Value, json};

use super::{BuiltinTools, ToolError, ToolHost as _, Workspace};

fn id(tool: &str) -> ToolId {
    ToolId::parse(tool).unwrap()
}

struct Fixture {
    root: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for dir in ["tree", "out"] {
            fs::create_dir(root.path().join(dir)).unwrap();
        }
        fs::write(root.path().join("outside.txt"), "secret").unwrap();
        Self { root }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.root.path().join("tree").join(name), text).unwrap();
    }

    fn tools(&self) -> BuiltinTools {
        let path = |name: &str| self.root.path().join(name);
        BuiltinTools::new(Workspace::open(&path("tree"), &[], &path("out")).unwrap())
    }

    fn call(&self, tool: &str, arguments: &Value) -> Result<Value, ToolError> {
        self.tools().run(&id(tool), arguments.to_string().as_bytes(), &mut |_, _| {})
    }

    fn code(&self, tool: &str, arguments: &Value) -> &'static str {
        self.call(tool, arguments).map_or_else(|error| error.code(), |_| "ok")
    }
}

#[test]
fn every_defined_tool_can_be_called_and_no_other() {
    let fixture = Fixture::new();
    for tool in BuiltinTools::definitions_only().registry().into_keys() {
        assert_eq!(fixture.code(tool.as_str(), &json!({ "no": "such field" })), "tool.arguments", "{tool}");
    }
    assert_eq!(fixture.code("shell.exec", &json!({})), "tool.unknown");
}

#[test]
fn a_path_stays_inside_by_name_and_by_link() {
    let fixture = Fixture::new();
    fixture.write("a.txt", "hello");
    symlink("../outside.txt", fixture.root.path().join("tree/link")).unwrap();
    symlink("/etc", fixture.root.path().join("tree/dir")).unwrap();
    let digest = |path: &str| fixture.call("digest.files", &json!({ "files": [{ "path": path }] }));
    assert_eq!(digest("a.txt").unwrap()["files"][0]["size"], 5);
    assert_eq!(digest("../outside.txt").unwrap_err().code(), "tool.path_escape");
    assert_eq!(digest("/etc/passwd").unwrap_err().code(), "tool.path_escape");
    for link in ["link", "dir/passwd"] {
        let skipped = digest(link).unwrap();
        assert_eq!(
            (skipped["files"].as_array().unwrap().len(), &skipped["skipped"][0]["reason"]),
            (0, &json!("unreadable"))
        );
    }
    assert_eq!(fixture.code("fs.list", &json!({ "path": ".." })), "tool.path_escape");
    for bad in ["../x.json", "/tmp/x.json"] {
        assert_eq!(fixture.code("fs.write", &json!({ "path": bad, "json": 1 })), "tool.path_escape", "{bad}");
    }
    for bad in ["a/b.json", ".hidden", ""] {
        assert_eq!(fixture.code("fs.write", &json!({ "path": bad, "json": 1 })), "tool.arguments", "{bad}");
    }
    assert_eq!(fixture.code("fs.write", &json!({ "path": "x.json", "json": 1 })), "ok");
    assert_eq!(fs::read_to_string(fixture.root.path().join("out/x.json")).unwrap(), "1\n");
}

#[test]
fn odd_entries_are_listed_as_skipped_and_end_nothing() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, os::unix::net::UnixListener};
    let fixture = Fixture::new();
    let tree = fixture.root.path().join("tree");
    fixture.write("a\nb", "x");
    fs::write(tree.join(OsStr::from_bytes(b"\xff")), "x").unwrap();
    symlink("a", tree.join("loop")).unwrap();
    let _socket = UnixListener::bind(tree.join("sock")).unwrap();
    let listed = fixture.call("fs.list", &json!({ "path": "." })).unwrap();
    assert_eq!(listed["files"], json!([{ "path": "a\nb", "size": 1 }]));
    let reasons: Vec<_> =
        listed["skipped"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["symlink", "not_a_regular_file", "name_not_utf8"]);
}

#[test]
fn a_search_names_lines_across_the_pieces_it_reads() {
    let fixture = Fixture::new();
    let long = format!("first\n{}needle\nthird needle", "x".repeat((1 << 20) - 3));
    fixture.write("long.txt", &long);
    let rules = json!([{ "id": "r", "pattern": "needle" }]);
    let found = fixture.call("text.search", &json!({ "files": [{ "path": "long.txt" }], "rules": rules })).unwrap();
    let expected =
        json!([{ "path": "long.txt", "line": 2, "rule": "r" }, { "path": "long.txt", "line": 3, "rule": "r" }]);
    assert_eq!(found["findings"], expected);
    let wrong = |pattern: &str| {
        fixture.code("text.search", &json!({ "files": [], "rules": [{ "id": "r", "pattern": pattern }] }))
    };
    assert_eq!(wrong("(a"), "tool.arguments");
    assert_eq!(wrong("a{1000}{1000}{1000}"), "tool.arguments");
    assert_eq!(wrong("a+"), "ok");
}

#[test]
fn a_pipe_or_a_link_in_the_way_holds_nothing_up_and_leads_nowhere() {
    let fixture = Fixture::new();
    let tree = fixture.root.path().join("tree");
    assert!(std::process::Command::new("mkfifo").arg(tree.join("pipe")).status().unwrap().success());
    for (tool, more) in
        [("digest.files", json!({})), ("text.search", json!({ "rules": [{ "id": "r", "pattern": "x" }] }))]
    {
        let mut arguments = more;
        arguments["files"] = json!([{ "path": "pipe" }]);
        assert_eq!(fixture.call(tool, &arguments).unwrap()["skipped"][0]["reason"], "unreadable", "{tool}");
    }
    fs::create_dir(fixture.root.path().join("elsewhere")).unwrap();
    fs::write(fixture.root.path().join("elsewhere/secret-name.txt"), "x").unwrap();
    symlink("../elsewhere", tree.join("link")).unwrap();
    fs::create_dir(tree.join("real")).unwrap();
    for (path, code) in [
        ("link", "tool.path_escape"),
        ("link/below", "tool.path_escape"),
        ("real", "ok"),
        ("missing", "tool.path_escape"),
    ] {
        assert_eq!(fixture.code("fs.list", &json!({ "path": path })), code, "{path}");
    }
}

#[test]
fn findings_are_bounded_within_one_file_too() {
    let fixture = Fixture::new();
    fixture.write("many.txt", &"x\n".repeat(100_002));
    let arguments = json!({ "files": [{ "path": "many.txt" }], "rules": [{ "id": "r", "pattern": "x" }] });
    assert_eq!(fixture.code("text.search", &arguments), "tool.limit");
    fixture.write("many.txt", &"x\n".repeat(100_000));
    assert_eq!(fixture.code("text.search", &arguments), "ok");
}
