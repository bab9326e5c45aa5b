//! Limits on arguments: what a pack's author may write, and what a tool could make of it.

use reach_types::{Code as _, ToolCall};

use crate::{
    Actual, Decision, Gate, MAX_LIMITED_ARGUMENT_BYTES, Mode, Outcome, Policy, Subject,
    testing::{
        TOML, acme, bundle_digest, call, facts, judge, judge_call, now, policy, reasons, registry, request, tool,
    },
};

/// The policy of the other tests, with limits on `fs.list`.
fn limited(limits: &str) -> Policy {
    Policy::from_toml(&format!("{TOML}\n{limits}")).unwrap()
}

fn limit(id: &str, at: &str, check: &str) -> String {
    format!("[[limits]]\nid = \"{id}\"\ntool = \"fs.list\"\nat = {at:?}\n{check}\n")
}

fn judged(policy: &Policy, arguments: &[u8]) -> Decision {
    judge_call(policy, Mode::Enforce, &ToolCall { arguments: arguments.to_vec(), ..call() })
}

/// The reasons against these arguments, each without its `policy.argument_`.
fn against(policy: &Policy, arguments: &str) -> Vec<String> {
    let decision = judged(policy, arguments.as_bytes());
    assert_eq!(decision.outcome() == Outcome::Allow, decision.violations().is_empty(), "{arguments}");
    assert_eq!(decision.unjudged(), 0);
    let short = |reason: &String| reason.strip_prefix("policy.argument_").unwrap_or(reason).to_owned();
    reasons(&decision).iter().map(short).collect()
}

const NONE: [&str; 0] = [];
const WRONG: [&str; 1] = ["not_allowed fs.list/path"];
const MALFORMED: [&str; 1] = ["malformed fs.list"];

fn reports() -> Policy {
    limited(&limit("reports-only", "/path", "below = [\"reports\"]"))
}

#[test]
fn an_argument_is_what_its_limit_says() {
    let policy = reports();
    assert_eq!(against(&policy, r#"{"path":"reports"}"#), NONE);
    assert_eq!(against(&policy, r#" {"path" : "reports/2026", "depth": 0.5, "x": [1e2, -0, 9007199254740993]}"#), NONE);
    assert_eq!(against(&policy, r#"{"p\u0061th":"reports"}"#), NONE);
    assert_eq!(against(&policy, r#"{"path":"reportsx"}"#), WRONG);
    assert_eq!(against(&policy, r#"{"path":"reports/../x"}"#), WRONG);
    assert_eq!(against(&policy, "{}"), ["missing fs.list/path"]);
    for other in [r#"["reports"]"#, "null", "7", "true", r#"{"x":"reports"}"#, "{}"] {
        assert_eq!(against(&policy, &format!(r#"{{"path":{other}}}"#)), WRONG, "{other}");
    }
    for shape in [r#"["reports"]"#, r#""reports""#, "null", "7"] {
        assert_eq!(against(&policy, shape), WRONG, "{shape}");
    }
}

#[test]
fn a_violation_names_the_limit_and_not_the_argument() {
    let policy = limited(&limit("one-or-two", "/a b", "one_of = [1, 2]"));
    let violation = |arguments: &str| {
        let decision = judged(&policy, arguments.as_bytes());
        let [one] = decision.violations() else { panic!("{decision}") };
        assert!(!decision.to_string().contains("s3cret") && !one.rule().warnable());
        assert!(!serde_json::to_string(&decision).unwrap().contains("s3cret"));
        (
            one.code(),
            one.subject().to_owned(),
            one.rule_id().to_owned(),
            one.expected().to_owned(),
            one.actual().to_string(),
        )
    };
    let said = |code, actual: &str| {
        (code, "fs.list/a%20b".to_owned(), "one-or-two".to_owned(), "one of `1`, `2`".to_owned(), actual.to_owned())
    };
    let not_allowed = "policy.argument_not_allowed";
    assert_eq!(violation(r#"{"a b":"s3cret"}"#), said(not_allowed, "withheld text of 6 bytes"));
    assert_eq!(violation(r#"{"a b":300}"#), said(not_allowed, "withheld number"));
    assert_eq!(violation(r#"{"a b":null}"#), said(not_allowed, "withheld null"));
    // The length of a yes is another than that of a no, and a number's length is its magnitude.
    for flag in ["true", "false"] {
        assert_eq!(violation(&format!(r#"{{"a b":{flag}}}"#)), said(not_allowed, "withheld boolean"));
    }
    assert_eq!(violation(r#"{"a b":["s3cret"]}"#), said(not_allowed, "withheld list of 10 bytes"));
    assert_eq!(violation(r#"{"a b":{"s3cret":1}}"#), said(not_allowed, "withheld object of 12 bytes"));
    assert_eq!(violation("{}"), said("policy.argument_missing", "nothing"));
    let malformed = violation(r#"{"s3cret""#);
    assert_eq!((malformed.0, &*malformed.1, &*malformed.2), ("policy.argument_malformed", "fs.list", "policy.limits"));
    assert_eq!(malformed.3, "one strict JSON value in which every name has one spelling");
    assert_eq!(malformed.4, "withheld bytes of 9 bytes");
}

#[test]
fn p17_two_readings_of_one_text_are_malformed() {
    // In each, some reader finds the allowed path and another one the other.
    let policy = reports();
    for bad in [
        r#"{"path":"reports","path":"/etc"}"#,
        r#"{"path":"/etc","path":"reports"}"#,
        r#"{"path":"reports","p\u0061th":"/etc"}"#,
        r#"{"path":"reports","x":{"a":1,"a":2}}"#,
        r#"{"path":"reports","Path":"/etc"}"#,
        r#"{"path":"reports","PATH":"/etc"}"#,
        r#"{"path":"reports","pat\u0068\u0000":"/etc"}"#,
        r#"{"path":"reports","path\u0000x":"/etc"}"#,
        r#"{"path":"reports"," path":"/etc"}"#,
        r#"{"path":"reports","path\u00a0":"/etc"}"#,
        r#"{"path":"reports"} {"path":"/etc"}"#,
        r#"{"path":"reports"}{}"#,
        "\u{feff}{\"path\":\"reports\"}",
        r#"{"path":"reports",}"#,
        r#"{"path":"reports"/*"*/}"#,
        r#"{path:"reports"}"#,
        r#"{'path':'reports'}"#,
        r#"{"path":"reports","x":NaN}"#,
        r#"{"path":"reports","x":1e999}"#,
        r#"{"path":"reports","x":"\ud800"}"#,
        "",
    ] {
        assert_eq!(against(&policy, bad), MALFORMED, "{bad}");
    }
    let not_text = judged(&policy, b"{\"path\":\"reports\",\"x\":\"\xff\"}");
    assert_eq!(reasons(&not_text), ["policy.argument_malformed fs.list"]);
    // Another name is another argument.
    for good in ["pat", "paths", "path_", "p.ath", "\\u0000path"] {
        assert_eq!(against(&policy, &format!(r#"{{"path":"reports","{good}":"/etc"}}"#)), NONE, "{good}");
    }
    // Names that only look alike beyond ASCII: the Kelvin sign and the long s.
    let policy = limited(&limit("task", "/task", "one_of = [\"x\"]"));
    assert_eq!(against(&policy, r#"{"task":"x","\u017fask":"y"}"#), NONE);
    assert_eq!(against(&policy, r#"{"task":"x","ta\u017fk":"y"}"#), MALFORMED);
    assert_eq!(against(&policy, r#"{"task":"x","tas\u212a":"y"}"#), MALFORMED);
}

#[test]
fn an_optional_argument_may_be_absent_and_nothing_else() {
    let policy = limited(&limit("reports-only", "/path", "below = [\"reports\"]\noptional = true"));
    assert_eq!(against(&policy, "{}"), NONE);
    assert_eq!(against(&policy, r#"{"path":"reports"}"#), NONE);
    assert_eq!(against(&policy, r#"{"path":"/etc"}"#), WRONG);
    assert_eq!(against(&policy, r#"{"path":null}"#), WRONG);
    // Absent under this name, and there under one that some tools take for it.
    assert_eq!(against(&policy, r#"{"Path":"/etc"}"#), MALFORMED);
    assert_eq!(against(&policy, r#"{"path\u0000":"/etc"}"#), MALFORMED);
    // Not the shape that the limit was written for: arguments by position, or no object at all.
    assert_eq!(against(&policy, r#"["/etc"]"#), WRONG);
    assert_eq!(against(&policy, r#""/etc""#), WRONG);
    let deep = limited(&limit("deep", "/source/path", "below = [\"reports\"]\noptional = true"));
    assert_eq!(against(&deep, "{}"), NONE);
    assert_eq!(against(&deep, r#"{"source":{}}"#), NONE);
    assert_eq!(against(&deep, r#"{"source":{"path":"reports/a"}}"#), NONE);
    for bad in [r#""/etc""#, "null", "[]", r#"{"path":"/etc"}"#] {
        assert_eq!(against(&deep, &format!(r#"{{"source":{bad}}}"#)), ["not_allowed fs.list/source/path"], "{bad}");
    }
    assert_eq!(against(&deep, r#"{"Source":{"path":"/etc"}}"#), MALFORMED);
}

#[test]
fn every_element_is_judged() {
    let policy = limited(&limit("each", "/paths/*", "below = [\"reports\"]"));
    let wrong = ["not_allowed fs.list/paths/*"];
    assert_eq!(against(&policy, r#"{"paths":[]}"#), NONE);
    assert_eq!(against(&policy, r#"{"paths":["reports/a","reports/b"]}"#), NONE);
    assert_eq!(against(&policy, r#"{"paths":["reports/a","/etc"]}"#), wrong);
    assert_eq!(against(&policy, r#"{"paths":["/etc","reports/a","/var"]}"#), wrong);
    // What a tool might take in place of a list is none.
    for bad in [r#""reports/a""#, r#"{"0":"reports/a"}"#, "null", "{}", r#"[["reports/a"]]"#] {
        assert_eq!(against(&policy, &format!(r#"{{"paths":{bad}}}"#)), wrong, "{bad}");
    }
    assert_eq!(against(&policy, "{}"), ["missing fs.list/paths/*"]);

    let inner = limited(&limit("inner", "/files/*/path", "below = [\"reports\"]"));
    let both = ["missing fs.list/files/*/path", "not_allowed fs.list/files/*/path"];
    assert_eq!(against(&inner, r#"{"files":[{"path":"reports/a"},{"path":"reports/b","x":1}]}"#), NONE);
    assert_eq!(against(&inner, r#"{"files":[{"path":"reports/a"},{},{"path":"/etc"}]}"#), both);
    assert_eq!(against(&inner, r#"{"files":[{"path":"reports/a"},{"path":"reports/b","PATH":"/etc"}]}"#), MALFORMED);
}

#[test]
fn an_element_has_one_number() {
    let policy = limited(&limit("second", "/1", "one_of = [\"x\"]"));
    let wrong = ["not_allowed fs.list/1"];
    assert_eq!(against(&policy, r#"["a","x","b"]"#), NONE);
    assert_eq!(against(&policy, r#"["x","a"]"#), wrong);
    assert_eq!(against(&policy, r#"["x"]"#), ["missing fs.list/1"]);
    assert_eq!(against(&policy, r#"{"1":"x"}"#), NONE);
    for part in ["01", "+1", "-", "-1", "1.0", "", "18446744073709551616"] {
        let policy = limited(&limit("odd", &format!("/{part}"), "one_of = [\"x\"]"));
        assert_eq!(against(&policy, r#"["x","x"]"#).len(), 1, "{part}");
        assert!(against(&policy, r#"["x","x"]"#)[0].starts_with("not_allowed"), "{part}");
    }
}

#[test]
fn a_number_is_one_that_every_reader_reads_alike() {
    let policy = limited(&limit("few", "/count", "min = 1\nmax = 100"));
    let wrong = ["not_allowed fs.list/count"];
    for good in ["1", "100"] {
        assert_eq!(against(&policy, &format!(r#"{{"count":{good}}}"#)), NONE, "{good}");
    }
    for bad in ["0", "101", "-1", "1.0", "1.5", "1e1", "10e-1", "\"1\"", "true", "[1]", "null", "9223372036854775808"] {
        assert_eq!(against(&policy, &format!(r#"{{"count":{bad}}}"#)), wrong, "{bad}");
    }
    let open = limited(&limit("any", "/count", "min = -9007199254740992"));
    for good in ["-9007199254740992", "0", "9007199254740992"] {
        assert_eq!(against(&open, &format!(r#"{{"count":{good}}}"#)), NONE, "{good}");
    }
    for bad in ["-9007199254740993", "9007199254740993", "9223372036854775807", "1e3", "-0", "-0.0"] {
        assert_eq!(against(&open, &format!(r#"{{"count":{bad}}}"#)), wrong, "{bad}");
    }
}

#[test]
fn p13_values_are_compared_exactly() {
    let policy = limited(&limit("this-file", "/uri", "one_of = [\"file:///etc/passwd\"]"));
    assert_eq!(against(&policy, r#"{"uri":"file:///etc/passwd"}"#), NONE);
    assert_eq!(against(&policy, r#"{"uri":"file:\/\/\/etc\/passwd"}"#), NONE);
    let others = [
        "file://_etc/passwd",
        "file:////etc/passwd",
        "FILE:///etc/passwd",
        "file:///etc/passwd/",
        "file:///etc/%70asswd",
        "file:///etc/passwd\\u0000",
        "file:///etc/passwd ",
    ];
    for other in others {
        assert_eq!(against(&policy, &format!(r#"{{"uri":"{other}"}}"#)), ["not_allowed fs.list/uri"], "{other}");
    }
    let paths = limited(&limit("etc", "/uri", "below = [\"_etc\"]"));
    assert_eq!(against(&paths, r#"{"uri":"_etc/passwd"}"#), NONE);
    for uri in ["file://_etc/passwd", "file:///etc/passwd", "/etc/passwd", "//_etc/passwd"] {
        assert_eq!(against(&paths, &format!(r#"{{"uri":"{uri}"}}"#)), ["not_allowed fs.list/uri"], "{uri}");
    }
    // Neither is an identifier, so no two can become one.
    for uri in ["file:///etc/passwd", "file://_etc/passwd"] {
        assert_eq!(reach_types::ToolId::parse(uri).unwrap_err().code(), "input.identifier_malformed", "{uri}");
        assert_eq!(reach_types::Scope::parse(uri).unwrap_err().code(), "input.scope_malformed", "{uri}");
    }
    let call = |uri: &str| ToolCall { arguments: format!("{{\"uri\":\"{uri}\"}}").into_bytes(), ..call() };
    assert_ne!(call("file:///etc/passwd").arguments_digest(), call("file://_etc/passwd").arguments_digest());
}

#[test]
fn the_text_as_a_whole_is_measured_and_not_read() {
    let policy = limited(&limit("short", "", "max_bytes = 4"));
    for good in ["", "{}", "\"\u{e9}\"", "{{{{"] {
        assert_eq!(against(&policy, good), NONE, "{good}");
    }
    assert_eq!(against(&policy, "[1,2]"), ["not_allowed fs.list"]);
    let decision = judged(&policy, b"\xff\xff\xff\xff\xff");
    let actual = decision.violations()[0].actual().clone();
    assert_eq!(actual, Actual::withheld(crate::Kind::Bytes, b"\xff\xff\xff\xff\xff"));
    let text = limited(&limit("short", "/a", "max_bytes = 2"));
    assert_eq!(against(&text, r#"{"a":"\u00e9"}"#), NONE);
    assert_eq!(against(&text, r#"{"a":"abc"}"#), ["not_allowed fs.list/a"]);
    assert_eq!(against(&text, r#"{"a":1}"#), ["not_allowed fs.list/a"]);
}

#[test]
fn p34_arguments_that_a_limit_looks_into_are_bounded() {
    let policy = limited(&limit("any", "/a", "max_bytes = 1\noptional = true"));
    let padded = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    assert_eq!(against(&policy, &padded(MAX_LIMITED_ARGUMENT_BYTES)), NONE);
    assert_eq!(against(&policy, &padded(MAX_LIMITED_ARGUMENT_BYTES + 1)), MALFORMED);
    let nested = |depth: usize| format!("{{\"b\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(against(&policy, &nested(31)), NONE);
    assert_eq!(against(&policy, &nested(32)), MALFORMED);
    // A tool without limits may be handed anything: it is the permit that binds the bytes.
    let free = ToolCall { tool: tool("digest.files"), arguments: nested(32).into_bytes(), ..call() };
    assert_eq!(judge_call(&policy, Mode::Enforce, &free).outcome(), Outcome::Allow);
}

#[test]
fn every_violated_limit_is_named_and_no_mode_covers_one() {
    let two = limit("b-short", "/path", "max_bytes = 9") + &limit("a-reports", "/path", "below = [\"reports\"]");
    let policy = limited(&(two + &limit("c-depth", "/depth", "min = 0") + &limit("d-whole", "", "max_bytes = 9")));
    let arguments = br#"{"path":"/etc/passwd"}"#.to_vec();
    let call = ToolCall { arguments, ..call() };
    for mode in [Mode::Enforce, Mode::Warn] {
        let decision = judge_call(&policy, mode, &call);
        assert_eq!(decision.outcome(), Outcome::Deny);
        let ids: Vec<_> = decision.violations().iter().map(|one| (one.code(), one.subject(), one.rule_id())).collect();
        let wrong = "policy.argument_not_allowed";
        let all = [
            ("policy.argument_missing", "fs.list/depth", "c-depth"),
            (wrong, "fs.list", "d-whole"),
            (wrong, "fs.list/path", "a-reports"),
            (wrong, "fs.list/path", "b-short"),
        ];
        assert_eq!(ids, all);
    }
}

#[test]
fn a_question_without_arguments_says_what_it_did_not_look_at() {
    let two = limit("one", "/path", "below = [\"reports\"]") + &limit("two", "", "max_bytes = 9");
    let policy = limited(&two);
    let asked = |tools: &[&str]| judge(&policy, Mode::Enforce, &request(tools, &[], &[]));
    let decision = asked(&["digest.files", "fs.list"]);
    assert_eq!((decision.outcome(), decision.unjudged()), (Outcome::Allow, 2));
    let line = "\nlimits on arguments that were not judged, for want of arguments: 2";
    assert!(decision.to_string().ends_with(line), "{decision}");
    assert_eq!(serde_json::to_value(&decision).unwrap()["unjudged"], 2);
    assert!(!asked(&["digest.files"]).to_string().contains("not judged"));
    assert_eq!(asked(&["digest.files"]).unjudged(), 0);
    // A tool that is refused anyway has its limits all the same.
    let mut facts = facts();
    facts.tools.remove(&tool("fs.list"));
    let (registry, tenant) = (registry(), acme());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &tenant, rights: None };
    let gate = Gate::new(&policy, bundle_digest(), Mode::Enforce).unwrap();
    assert_eq!(gate.evaluate(&subject, &request(&["fs.list"], &[], &[]), now()).unjudged(), 2);
    assert_eq!(gate.evaluate_pack(&subject, now()).unjudged(), 0);
    // And no permit follows.
    let site = crate::testing::binding();
    let refused = decision.permit(site, crate::testing::at("2026-06-01T00:01:00Z")).unwrap_err();
    assert_eq!(refused.code(), "policy.permit_call_mismatch");
    assert_eq!(policy_unlimited(), 0);
}

fn policy_unlimited() -> u64 {
    judge(&policy(), Mode::Enforce, &request(&["fs.list"], &[], &[])).unjudged()
}
