//! What is told of each part of a policy, and which way it goes.

use reach_types::Request;

use crate::{
    Aspect, Direction, Policy, PolicyDiff, PolicyDiffVerdict,
    testing::{TOML, policy, request},
};

/// The policy of the tests with `from` replaced, and more at its end.
fn edited(edits: &[(&str, &str)], more: &str) -> Policy {
    let text = edits.iter().fold(TOML.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    Policy::from_toml(&(text + more)).unwrap()
}

fn told(diff: &PolicyDiff) -> Vec<String> {
    let text = |side: &Option<String>| side.as_deref().unwrap_or("nothing").to_owned();
    let change = |change: &crate::Change| {
        let sides = format!("{} -> {}", text(&change.before), text(&change.after));
        format!("{} {} {}: {sides}", change.direction, change.aspect, change.subject)
    };
    diff.changes().map(change).collect()
}

fn both_ways(old: &Policy, new: &Policy) -> [Vec<String>; 2] {
    [told(&PolicyDiff::between(old, new)), told(&PolicyDiff::between(new, old))]
}

#[test]
fn tools_scopes_and_models_come_with_an_example() {
    let new =
        edited(&[("\"fs.list\"", "\"fs.read\""), ("\"fs:read\"", "\"fs:*\""), ("acme.small-1", "acme.small-2")], "");
    let diff = PolicyDiff::between(&policy(), &new);
    assert_eq!(
        told(&diff),
        [
            "widened tool fs.read: refused -> allowed",
            "widened scope fs:*: refused -> allowed",
            "widened model planner=acme.small-2: refused -> allowed",
            "narrowed tool fs.list: allowed -> refused",
            "narrowed model planner=acme.small-1: allowed -> refused",
        ]
    );
    let examples: Vec<_> = diff.changes().map(|change| change.example.as_deref().unwrap()).collect();
    assert_eq!(examples, ["fs.read", "fs:x", "planner=acme.small-2", "fs.list", "planner=acme.small-1"]);
    let [group] = &diff.rights[..] else { panic!() };
    assert_eq!(group.allowed, Some(request(&["fs.read"], &["fs:x"], &[("planner", "acme.small-2")])));
    assert_eq!(group.refused, Some(request(&["fs.list"], &[], &[("planner", "acme.small-1")])));
    assert_eq!((group.nothing_before, group.nothing_after, diff.omitted), (false, false, 0));
    assert!(diff.widens() && group.whom.unnamed && group.whom.tenants.is_empty());
}

#[test]
fn a_request_asks_for_a_tool_even_if_only_a_scope_is_new() {
    let new = edited(&[("\"fs:read\", ", "")], "");
    let diff = PolicyDiff::between(&policy(), &new);
    assert_eq!(diff.rights[0].refused, Some(request(&["digest.files"], &["fs:read"], &[])));
    assert_eq!(diff.rights[0].allowed, None::<Request>);
    assert_eq!((diff.verdict(), diff.widens()), (PolicyDiffVerdict::Narrowed, false));
}

#[test]
fn no_tool_is_no_call() {
    let none = edited(&[("tools = [\"digest.files\", \"fs.list\"]", "tools = []")], "");
    let diff = PolicyDiff::between(&none, &policy());
    let [group] = &diff.rights[..] else { panic!() };
    assert_eq!((group.nothing_before, group.nothing_after), (true, false));
    assert_eq!(group.allowed, Some(request(&["digest.files"], &[], &[])));
    let more = edited(&[("tools = [\"digest.files\", \"fs.list\"]", "tools = []"), ("\"fs:read\", ", "")], "");
    let diff = PolicyDiff::between(&more, &none);
    let [group] = &diff.rights[..] else { panic!() };
    assert_eq!((group.nothing_before, group.nothing_after), (true, true));
    // The scope is granted anew, and there is nothing to use it with.
    assert_eq!((group.allowed.as_ref(), diff.widens()), (None, true));
    let diff = PolicyDiff::between(&policy(), &none);
    assert_eq!((diff.rights[0].nothing_before, diff.rights[0].nothing_after), (false, true));
}

#[test]
fn what_allows_neither_more_nor_less_is_changed() {
    let renewed = edited(
        &[
            ("\"example\"", "\"other\""),
            ("version = 7", "version = 8"),
            ("not_before = \"2026-01-01", "not_before = \"2025-01-01"),
            ("expires = \"2027", "expires = \"2028"),
        ],
        "",
    );
    let diff = PolicyDiff::between(&policy(), &renewed);
    assert_eq!(
        told(&diff),
        [
            "changed name name: example -> other",
            "changed version version: 7 -> 8",
            "changed not_before not_before: 2026-01-01T00:00:00Z -> 2025-01-01T00:00:00Z",
            "changed expires expires: 2027-01-01T00:00:00Z -> 2028-01-01T00:00:00Z",
        ]
    );
    assert_eq!((diff.verdict(), diff.widens(), diff.rights.len()), (PolicyDiffVerdict::Changed, false, 0));
    assert_eq!(PolicyDiff::between(&policy(), &policy()).verdict(), PolicyDiffVerdict::Equal);
}

#[test]
fn determinism_and_warnings() {
    let lax = edited(&[("require_deterministic = true", "require_deterministic = false")], "");
    assert_eq!(
        both_ways(&policy(), &lax),
        [
            ["widened determinism determinism: required -> not required"],
            ["narrowed determinism determinism: not required -> required"],
        ]
    );
    let later = edited(&[("warn_until = \"2026-07", "warn_until = \"2026-08")], "");
    assert_eq!(
        both_ways(&policy(), &later),
        [
            ["widened warn_until warn_until: 2026-07-01T00:00:00Z -> 2026-08-01T00:00:00Z"],
            ["narrowed warn_until warn_until: 2026-08-01T00:00:00Z -> 2026-07-01T00:00:00Z"],
        ]
    );
    let never = edited(&[("warn_until = \"2026-07-01T00:00:00Z\"\n", "")], "");
    assert_eq!(
        both_ways(&never, &policy()),
        [
            ["widened warn_until warn_until: nothing -> 2026-07-01T00:00:00Z"],
            ["narrowed warn_until warn_until: 2026-07-01T00:00:00Z -> nothing"],
        ]
    );
}

fn limited(check: &str) -> Policy {
    edited(&[], &format!("[[limits]]\nid = \"one\"\ntool = \"fs.list\"\nat = \"/path\"\n{check}\n"))
}

#[test]
fn a_limit_that_goes_is_widened() {
    let limit = r#"fs.list /path: {"one_of":["a","b"]}"#;
    assert_eq!(
        both_ways(&policy(), &limited("one_of = [\"a\", \"b\"]")),
        [[format!("narrowed limit one: nothing -> {limit}")], [format!("widened limit one: {limit} -> nothing")],]
    );
    // What it was about is refused altogether: its limit goes with it.
    let gone = edited(&[("\"digest.files\", \"fs.list\"", "\"digest.files\"")], "");
    assert_eq!(
        told(&PolicyDiff::between(&limited("one_of = [\"a\", \"b\"]"), &gone)),
        [format!("changed limit one: {limit} -> nothing"), "narrowed tool fs.list: allowed -> refused".to_owned(),]
    );
}

#[test]
fn a_limit_is_narrowed_only_if_it_lets_less_through() {
    let way = |old: &str, new: &str| {
        let diff = PolicyDiff::between(&limited(old), &limited(new));
        let changes: Vec<_> = diff.changes().map(|change| (change.aspect, change.direction)).collect();
        let [(Aspect::Limit, direction)] = changes[..] else { panic!("{old} {new} {changes:?}") };
        direction
    };
    let narrowed = [
        ("one_of = [\"a\", \"b\"]", "one_of = [\"a\"]"),
        ("one_of = [1, true]", "one_of = [1]"),
        ("below = [\"a\", \"b\"]", "below = [\"a\"]"),
        ("below = [\"a\"]", "below = [\"a/b\", \"a/c\"]"),
        ("min = 1\nmax = 9", "min = 2\nmax = 9"),
        ("min = 1\nmax = 9", "min = 1\nmax = 8"),
        ("min = 1", "min = 1\nmax = 9"),
        ("max = 9", "min = 1\nmax = 9"),
        ("min = 1", "min = 2"),
        ("max = 9", "max = 8"),
        ("max_bytes = 9", "max_bytes = 8"),
        ("optional = true\nmax_bytes = 9", "max_bytes = 9"),
        ("optional = true\nmax_bytes = 9", "optional = true\nmax_bytes = 8"),
    ];
    for (wide, narrow) in narrowed {
        assert_eq!(
            (way(wide, narrow), way(narrow, wide)),
            (Direction::Narrowed, Direction::Widened),
            "{wide} {narrow}"
        );
    }
    // Neither contains the other, or nobody can say.
    let widened = [
        ("one_of = [\"a\"]", "one_of = [\"b\"]"),
        ("below = [\"a\"]", "below = [\"ab\"]"),
        ("min = 1\nmax = 5", "min = 2\nmax = 6"),
        ("min = 1", "max = 9"),
        ("one_of = [1]", "min = 1\nmax = 1"),
        ("max_bytes = 9", "one_of = [\"a\"]"),
        ("below = [\"a\"]", "one_of = [\"a\"]"),
        ("min = 1", "max_bytes = 9"),
        ("optional = true\nmax_bytes = 8", "max_bytes = 9"),
        ("max_bytes = 9", "optional = true\nmax_bytes = 8"),
    ];
    for (one, other) in widened {
        assert_eq!((way(one, other), way(other, one)), (Direction::Widened, Direction::Widened), "{one} {other}");
    }
    let elsewhere = [("\"/path\"", "\"/other\""), ("tool = \"fs.list\"", "tool = \"digest.files\"")];
    for (from, to) in elsewhere {
        let toml = format!("{TOML}[[limits]]\nid = \"one\"\ntool = \"fs.list\"\nat = \"/path\"\nmax_bytes = 9\n");
        let (old, new) = (Policy::from_toml(&toml).unwrap(), Policy::from_toml(&toml.replace(from, to)).unwrap());
        assert!(PolicyDiff::between(&old, &new).widens(), "{from}");
    }
}

#[test]
fn a_limit_says_all_it_says() {
    let said = |check: &str, at: &str| {
        let toml = format!("{TOML}[[limits]]\nid = \"one\"\ntool = \"fs.list\"\nat = \"{at}\"\n{check}\n");
        let diff = PolicyDiff::between(&policy(), &Policy::from_toml(&toml).unwrap());
        diff.rights[0].changes[0].after.clone().unwrap()
    };
    assert_eq!(said("max_bytes = 9", ""), r#"fs.list the whole argument: {"max_bytes":9}"#);
    assert_eq!(said("min = 1\noptional = true", "/n"), r#"fs.list /n: {"range":{"min":1,"max":null}}, or absent"#);
}

#[test]
fn an_approval_that_goes_is_widened() {
    let asks = "[asks]\ntools = [\"fs.list\"]\nscopes = [\"ns:*\"]\n";
    assert_eq!(
        both_ways(&policy(), &edited(&[], asks)),
        [
            [
                "narrowed tool_approval fs.list: no approval -> approval",
                "narrowed scope_approval ns:*: no approval -> approval",
            ],
            [
                "widened tool_approval fs.list: approval -> no approval",
                "widened scope_approval ns:*: approval -> no approval",
            ],
        ]
    );
    // Where it is refused altogether, nobody has to be asked.
    let gone = edited(&[("\"digest.files\", \"fs.list\"", "\"digest.files\""), ("\"ns:*\"", "\"ns:a\"")], "");
    let diff = PolicyDiff::between(&edited(&[], asks), &gone);
    assert_eq!(
        told(&diff),
        [
            "widened scope_approval ns:a: approval -> no approval",
            "narrowed tool fs.list: allowed -> refused",
            "narrowed scope ns:*: allowed -> refused",
        ]
    );
    assert_eq!(
        diff.changes().last().unwrap().except.to_owned(),
        ["ns:a"].map(crate::testing::grant).into_iter().collect()
    );
}

const DIGEST: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn excepted(list: &str, reason: &str, until: &str) -> Policy {
    edited(
        &[],
        &format!("[[{list}]]\ndigest = \"{DIGEST}\"\nreason = \"{reason}\"\nuntil = \"{until}-01T00:00:00Z\"\n"),
    )
}

#[test]
fn exceptions_come_go_and_change() {
    for (list, aspect) in [("legacy_packs", "legacy_pack"), ("unsigned_plugins", "unsigned_plugin")] {
        let old = excepted(list, "why", "2026-02");
        assert_eq!(
            both_ways(&policy(), &old),
            [
                [format!("widened {aspect} {DIGEST}: nothing -> until 2026-02-01T00:00:00Z: why")],
                [format!("narrowed {aspect} {DIGEST}: until 2026-02-01T00:00:00Z: why -> nothing")],
            ]
        );
        let way = |new: &Policy| PolicyDiff::between(&old, new).changes().next().unwrap().direction;
        assert_eq!(way(&excepted(list, "why", "2026-03")), Direction::Widened);
        assert_eq!(way(&excepted(list, "why", "2026-01")), Direction::Narrowed);
        assert_eq!(way(&excepted(list, "why not", "2026-02")), Direction::Changed);
        assert_eq!(PolicyDiff::between(&old, &old).verdict(), PolicyDiffVerdict::Equal);
    }
}

#[test]
fn another_keyring_may_hold_any_key() {
    let pinned =
        |digit: &str| edited(&[("[models]", &format!("plugin_keyring = \"{}\"\n[models]", digit.repeat(64)))], "");
    let way = |old: &Policy, new: &Policy| {
        let diff = PolicyDiff::between(old, new);
        diff.changes().next().map(|change| (change.aspect, change.direction))
    };
    let keyring = |direction| Some((Aspect::PluginKeyring, direction));
    assert_eq!(way(&policy(), &pinned("1")), keyring(Direction::Widened));
    assert_eq!(way(&pinned("1"), &pinned("2")), keyring(Direction::Widened));
    assert_eq!(way(&pinned("1"), &policy()), keyring(Direction::Narrowed));
    assert_eq!(way(&pinned("1"), &pinned("1")), None);
}

/// The groups as `unnamed? tenants: changes`.
fn groups(diff: &PolicyDiff) -> Vec<String> {
    let group = |group: &crate::RightsChange| {
        let tenants: Vec<_> = group.whom.tenants.iter().map(ToString::to_string).collect();
        let changes: Vec<_> = group
            .changes
            .iter()
            .map(|change| format!("{} {} {}", change.direction, change.aspect, change.subject))
            .collect();
        format!("{} {}: {}", group.whom.unnamed, tenants.join(","), changes.join("; "))
    };
    diff.rights.iter().map(group).collect()
}

#[test]
fn tenants_are_told_of_with_those_that_fare_alike() {
    let tenant = |names: &[&str]| {
        let one = |name: &&str| format!("[tenants.{name}]\ntools = [\"fs.list\"]\nenforce = true\n");
        edited(&[], &names.iter().map(one).collect::<String>())
    };
    let diff = PolicyDiff::between(&tenant(&["acme"]), &tenant(&["acme", "beta", "gamma"]));
    assert_eq!(groups(&diff), ["false beta,gamma: narrowed tool digest.files; narrowed warn_until warn_until"]);
    assert_eq!(
        told(&diff)[..2],
        ["changed tenant beta: nothing -> listed", "changed tenant gamma: nothing -> listed",]
    );
    // Whoever is not named any more has what the organization has.
    let diff = PolicyDiff::between(&tenant(&["acme", "beta"]), &tenant(&["acme"]));
    assert_eq!(groups(&diff), ["false beta: widened tool digest.files; widened warn_until warn_until"]);
    assert!(diff.widens());
    // What changes for the organization changes for whoever has no rules of its own about it.
    let more = edited(
        &[("\"fs:read\", ", ""), ("\"digest.files\"", "\"net.get\"")],
        "[tenants.acme]\ntools = [\"fs.list\"]\nenforce = true\n",
    );
    assert_eq!(
        groups(&PolicyDiff::between(&tenant(&["acme"]), &more)),
        [
            "true : widened tool net.get; narrowed tool digest.files; narrowed scope fs:read",
            "false acme: narrowed scope fs:read",
        ]
    );
}

#[test]
fn a_policy_for_listed_tenants_refuses_the_others_everything() {
    let listed = edited(
        &[("warn_until = \"2026-07-01T00:00:00Z\"", "listed_tenants_only = true")],
        "[tenants.acme]\n[[tenants.acme.limits]]\nid = \"one\"\ntool = \"fs.list\"\nat = \"/path\"\nmax_bytes = 9\n",
    );
    let open = edited(&[("warn_until = \"2026-07-01T00:00:00Z\"\n", "")], "");
    let diff = PolicyDiff::between(&listed, &open);
    assert_eq!(
        told(&diff)[..2],
        ["changed tenant acme: listed -> nothing", "changed listed_tenants_only listed_tenants_only: true -> false",]
    );
    let [unnamed, acme] = &groups(&diff)[..] else { panic!() };
    assert!(unnamed.starts_with("true : widened tool digest.files; widened tool fs.list; widened scope "), "{unnamed}");
    assert_eq!(acme, "false acme: widened limit one");
    assert_eq!((diff.rights[0].nothing_before, diff.rights[0].nothing_after), (true, false));
    // The other way round a limit comes, and everybody else is refused everything.
    let back = PolicyDiff::between(&open, &listed);
    assert!(!back.widens());
    assert_eq!(groups(&back)[1], "false acme: narrowed limit one");
}

#[test]
fn what_is_not_listed_is_counted_and_judged_all_the_same() {
    let scopes = |from: u32, count: u32| (from..from + count).map(|n| format!("\"a:s{n}\", ")).collect::<String>();
    // Each tenant that comes loses all but one scope of many.
    let org = |more: &str| edited(&[("\"fs:read\", ", &format!("\"fs:read\", {}", scopes(0, 16_000)))], more);
    let tenant = |n: u32| format!("[tenants.t{n}]\nscopes = [\"a:s{n}\"]\n");
    let new = org(&(0..5).map(tenant).collect::<String>());
    let diff = PolicyDiff::between(&org(""), &new);
    assert_eq!(diff.changes().count(), crate::MAX_CHANGES);
    assert_eq!(diff.omitted, 5 + 5 * (16_000 + 5 - 1) - crate::MAX_CHANGES);
    assert_eq!((diff.verdict(), diff.rights.len()), (PolicyDiffVerdict::Changed, 5));
}
