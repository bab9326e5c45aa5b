//! `reach policy test` and `reach policy explain`.

use std::fs;

use crate::{
    pack_diff::text,
    support::{Demo, reach},
};

const CASES: &str = r#"schema = "reach-policy-tests/1"

[[cases]]
name = "the inventory lists files"
expect = "allow"
request = { tools = ["fs.list"], scopes = ["workspace:read"] }

[[cases]]
name = "nobody opens a shell"
expect = "deny"
reasons = ["policy.tool_not_allowed shell.exec"]
request = { tools = ["shell.exec"] }
"#;

#[test]
fn cases_pass_or_say_what_came_instead() {
    let demo = Demo::new();
    let write = |name: &str, text: &str| {
        let path = demo.beside(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (policy, good) = (demo.path("policy.toml"), write("good.toml", CASES));
    insta::assert_snapshot!("policy_test_passed", text(&["policy", "test", &good, "--policy", &policy]));
    let bad = CASES.replace("\"allow\"", "\"ask\"").replace("_allowed shell.exec", "_delegated shell.exec");
    let bad = write("bad.toml", &bad);
    insta::assert_snapshot!("policy_test_failed", text(&["policy", "test", &bad, "--policy", &policy]));
    let answer = reach(&["policy", "test", &bad, "--policy", &policy]);
    assert_eq!((answer.code().as_str(), answer.exit), ("policy.test_failed", 1));
    let json = answer.json();
    let expected = serde_json::json!({
        "name": "nobody opens a shell", "expected": "deny", "actual": "deny",
        "missing": ["policy.tool_not_delegated shell.exec"],
        "surplus": ["policy.tool_not_allowed shell.exec policy.tools"], "omitted": 0,
    });
    assert_eq!((&json["failed"][1], &json["cases"], &json["passed"]), (&expected, &2.into(), &0.into()));
    let passed = reach(&["policy", "test", &good, "--policy", &policy]);
    assert_eq!((passed.exit, passed.json()["verdict"].as_str()), (0, Some("passed")));
    let unexercised = passed.json()["unexercised"].clone();
    assert!(!unexercised["codes"].as_array().unwrap().contains(&"policy.tool_not_allowed".into()));
    assert_eq!(unexercised["rules"][0], serde_json::json!({ "rule": "models", "side": "allowed" }));
    // A bundle is verified first.
    let (bundle, trust) = (demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"));
    assert_eq!(reach(&["policy", "test", &good, "--policy", &bundle]).exit, 2);
    assert_eq!(reach(&["policy", "test", &good, "--policy", &bundle, "--trust", &trust]).exit, 0);
    let empty = write("empty.toml", "schema = \"reach-policy-tests/1\"\n");
    let refused = reach(&["policy", "test", &empty, "--policy", &policy]);
    assert_eq!((refused.code().as_str(), refused.exit), ("policy.cases_empty", 1));
    let latin = demo.beside("latin.toml");
    fs::write(&latin, b"name = \"\xe9\"").unwrap();
    assert_eq!(reach(&["policy", "test", &latin, "--policy", &policy]).code(), "policy.not_utf8");
}

#[test]
fn an_explanation_says_which_entry_decides_and_exits_as_the_check_does() {
    let demo = Demo::new();
    let (pack, policy, trust) =
        (demo.path("inventory.reachpack"), demo.path("policy.reachpolicy"), demo.path("trust.dsse.json"));
    let request = |name: &str, text: &str| {
        let path = demo.beside(name);
        fs::write(&path, text).unwrap();
        path
    };
    let asks = |verb: &'static str, request: &str, more: &[&str]| {
        let words = ["policy", verb, "--pack", &pack, "--policy", &policy, "--trust", &trust, "--request", request];
        [&words[..], more].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let words = |words: &[String]| words.iter().map(String::as_str).collect::<Vec<&str>>().join("\n");
    let run = |line: &[String]| reach(&words(line).split('\n').collect::<Vec<_>>());
    let good = request("good.json", r#"{"tools":["fs.list"],"scopes":["workspace:read"]}"#);
    let bad = request("bad.json", r#"{"tools":["shell.exec"],"scopes":["net:get"],"models":{"planner":"m"}}"#);
    for (request, exit) in [(&good, 0), (&bad, 1)] {
        let (explained, checked) = (run(&asks("explain", request, &[])), run(&asks("check", request, &[])));
        assert_eq!((explained.exit, explained.code()), (exit, checked.code()), "{}", explained.err);
        assert_eq!(explained.json()["decision"]["outcome"], checked.json()["decision"]["outcome"]);
    }
    // What follows on the decision, whose own lines are the gate's.
    let told = |line: &[String]| {
        let all = text(&words(line).split('\n').collect::<Vec<_>>());
        all.lines()
            .skip_while(|line| !line.starts_with("the pack as"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    insta::assert_snapshot!("policy_explain_allowed", told(&asks("explain", &good, &[])));
    let line = asks("explain", &bad, &["--tenant", "acme"]);
    insta::assert_snapshot!("policy_explain_denied", told(&line));
    let json = run(&line).json();
    assert_eq!(json["explanation"]["tenant"]["tenant"], "acme");
    let entry = serde_json::json!({ "list": "policy.tools", "says": "no", "entry": null });
    assert_eq!(json["explanation"]["asked"][0]["entries"][2], entry);
    assert_eq!(run(&asks("explain", &good, &["--tenant", "Acme"])).exit, 2);
    let arguments = request("arguments.json", r#"{"path":"."}"#);
    assert_eq!(run(&asks("explain", &good, &["--arguments", &arguments])).exit, 0);
    assert_eq!(run(&asks("explain", &bad, &["--arguments", &arguments])).exit, 2);
}
