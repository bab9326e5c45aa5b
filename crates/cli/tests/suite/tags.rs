//! Tags: what matches two answers without showing whom they are about.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use crate::support::{Answer, Demo, reach};

const TAGGED: [&str; 4] = ["pack", "bundle", "node", "tenant"];

fn check(demo: &Demo, request: &str, state: Option<&str>) -> Answer {
    let (pack, policy, trust) =
        (demo.path("inventory.reachpack"), demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"));
    let path = demo.path("request.json");
    fs::write(&path, request).unwrap();
    let mut words =
        vec!["policy", "check", "--pack", &pack, "--policy", &policy, "--trust", &trust, "--request", &path];
    let dir = state.map(|state| demo.path(state));
    words.extend(dir.iter().flat_map(|dir| ["--state", dir]));
    reach(&words)
}

#[test]
fn p35_an_answer_names_its_pack_bundle_node_and_tenant_by_tags_only() {
    let demo = Demo::new();
    let (allowed, denied) = (r#"{"tools":["fs.list"]}"#, r#"{"tools":["shell.exec"]}"#);
    let answer = check(&demo, denied, Some("state"));
    assert_eq!((answer.exit, answer.code().as_str()), (1, "policy.tool_not_allowed"));
    let tags = answer.json()["tags"].clone();
    assert_eq!(tags.as_object().unwrap().len(), TAGGED.len());
    for name in TAGGED {
        let text = tags[name].as_str().unwrap();
        let hex = text.strip_prefix(&format!("{name}~")).unwrap();
        assert!(hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{text}");
    }
    // The same key, so the same tags, whatever the answer; another node's key makes others.
    assert_eq!(check(&demo, allowed, Some("state")).json()["tags"], tags);
    let elsewhere = check(&demo, denied, Some("peer/state")).json();
    assert!(TAGGED.iter().all(|name| elsewhere["tags"][name].is_string() && elsewhere["tags"][name] != tags[name]));
    assert_eq!(check(&demo, denied, None).json()["tags"], Value::Null);

    let state = demo.path("state");
    let status = reach(&["status", "--state", &state]).json();
    let bundle =
        reach(&["policy", "verify", &demo.path("policy.reachpolicy"), "--trust", &demo.path("trust.dsse.json")]);
    let pack = blake3_of(&demo);
    for id in [status["node"].as_str().unwrap(), bundle.json()["digest"].as_str().unwrap(), &pack] {
        assert_eq!(id.len(), 64);
        assert!(!answer.out.contains(id) && !answer.err.contains(id), "{}", answer.out);
    }
}

fn blake3_of(demo: &Demo) -> String {
    reach_types::Blake3Digest::of(&demo.read("inventory.reachpack")).to_string()
}

#[test]
fn p35_a_tag_key_that_others_can_read_is_not_used() {
    let demo = Demo::new();
    let key = demo.path("state/keys/tag.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let request = r#"{"tools":["fs.list"]}"#;
    assert_eq!(check(&demo, request, Some("state")).code(), "file.key_exposed");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(check(&demo, request, Some("state")).code(), "ok");
}
