//! Explanations: which entry decides, and what is shown of it.

use reach_types::{Blake3Digest, Grants, RegistrySnapshot, Request};

use crate::{
    Explanation, MAX_SHOWN_VALUE_CHARS, MAX_SHOWN_VALUES, Policy, Rights, Says, Subject, explain,
    testing::{TOML, acme, facts, grant, registry, request, tool},
};

fn policy(more: &str) -> Policy {
    Policy::from_toml(&format!("{TOML}{more}")).unwrap()
}

fn explained(policy: &Policy, rights: Option<&Rights>, request: &Request, arguments: Option<&str>) -> Explanation {
    let (facts, registry, tenant) = (facts(), registry(), acme());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &tenant, rights };
    explain(policy, &subject, request, arguments.map(str::as_bytes))
}

fn told(explanation: &Explanation) -> Vec<String> {
    let thing = |one: &crate::Explained| {
        let entry = |entry: &crate::Entry| {
            format!("{} {} {}", entry.says.as_str(), entry.list, entry.entry.as_deref().unwrap_or("-"))
        };
        format!(
            "{} {}: {}",
            one.what.as_str(),
            one.subject,
            one.entries.iter().map(entry).collect::<Vec<_>>().join(", ")
        )
    };
    explanation.asked.iter().map(thing).collect()
}

#[test]
fn each_list_says_which_entry_decides() {
    let asked = request(
        &["net.fetch", "x"],
        &["fs:read", "net:get", "ns:a"],
        &[("planner", "acme.large-1"), ("judge", "acme.small-1"), ("other", "m")],
    );
    let net = Blake3Digest::of(b"net.fetch");
    assert_eq!(
        told(&explained(&policy(""), None, &asked, None)),
        [
            format!(
                "tool net.fetch: yes pack.tools definition {net}, yes registry.tools definition {net}, no policy.tools -"
            ),
            "tool x: no pack.tools -, no registry.tools -, no policy.tools -".to_owned(),
            "scope fs:read: yes pack.scopes fs:*, yes policy.scopes fs:read".to_owned(),
            "scope net:get: yes pack.scopes net:get, no policy.scopes -".to_owned(),
            "scope ns:a: yes pack.scopes ns:*, yes policy.scopes ns:*".to_owned(),
            "model judge=acme.small-1: no pack.models judge=acme.large-1, no policy.models -".to_owned(),
            "model other=m: no pack.models -, no policy.models -".to_owned(),
            "model planner=acme.large-1: yes pack.models planner=acme.large-1, yes policy.models planner=acme.large-1"
                .to_owned(),
        ]
    );
}

#[test]
fn the_tenant_the_delegation_and_questions_have_their_say() {
    let own = policy(
        "[asks]\ntools = [\"fs.list\"]\nscopes = [\"fs:read\"]\n[tenants.acme]\ntools = [\"fs.list\"]\nscopes = [\"fs:read\"]\n\
         [tenants.acme.models]\nplanner = [\"acme.small-1\"]\n[tenants.acme.asks]\ntools = [\"fs.list\"]\n",
    );
    let rights = Rights { tools: [tool("fs.list")].into(), scopes: [grant("ns:*")].into_iter().collect::<Grants>() };
    let asked = request(&["digest.files", "fs.list"], &["fs:read", "ns:a"], &[("planner", "acme.large-1")]);
    let [digest, list] = [&b"digest.files"[..], b"fs.list"].map(Blake3Digest::of);
    let explanation = explained(&own, Some(&rights), &asked, None);
    assert_eq!(told(&explanation), [
        format!(
            "tool digest.files: yes pack.tools definition {digest}, yes registry.tools definition {digest}, \
             yes policy.tools digest.files, no tenant.tools -, no delegation.tools -"
        ),
        format!(
            "tool fs.list: yes pack.tools definition {list}, yes registry.tools definition {list}, \
             yes policy.tools fs.list, yes tenant.tools fs.list, yes delegation.tools fs.list, \
             asks policy.asks fs.list, asks tenant.asks fs.list"
        ),
        "scope fs:read: yes pack.scopes fs:*, yes policy.scopes fs:read, yes tenant.scopes fs:read, \
         no delegation.scopes -, asks policy.asks fs:read"
            .to_owned(),
        "scope ns:a: yes pack.scopes ns:*, yes policy.scopes ns:*, no tenant.scopes -, yes delegation.scopes ns:*".to_owned(),
        "model planner=acme.large-1: yes pack.models planner=acme.large-1, yes policy.models planner=acme.large-1, \
         no tenant.models -"
            .to_owned(),
    ]);
    assert_eq!(
        (&*explanation.tenant.tenant, explanation.tenant.listed, explanation.tenant.refused),
        ("acme", true, false)
    );
}

#[test]
fn a_tenant_that_is_not_listed_is_said_to_be() {
    let closed = TOML.replace("[models]", "listed_tenants_only = true\n[models]") + "[tenants.beta]\n";
    let closed = Policy::from_toml(&closed).unwrap();
    let standing = |policy: &Policy| {
        let tenant = explained(policy, None, &Request::default(), None).tenant;
        (tenant.listed, tenant.refused)
    };
    assert_eq!(standing(&closed), (false, true));
    assert_eq!(standing(&policy("")), (false, false));
}

#[test]
fn p19_a_definition_that_differs_is_shown_beside_the_pinned_one() {
    let (facts, tenant, policy) = (facts(), acme(), policy(""));
    let other = Blake3Digest::of(b"other");
    let known = [(tool("fs.list"), other)].into();
    let registry = RegistrySnapshot::of([&tool("fs.list"), &tool("digest.files")], &known);
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &tenant, rights: None };
    let asked = request(&["digest.files", "fs.list"], &[], &[]);
    let entries = explain(&policy, &subject, &asked, None).asked.into_iter().map(|one| one.entries[1].clone());
    let entries: Vec<_> = entries.map(|entry| (entry.says, entry.entry)).collect();
    assert_eq!(entries, [(Says::No, None), (Says::No, Some(format!("definition {other}")))]);
}

fn limited(at: &str, check: &str) -> Policy {
    policy(&format!("[[limits]]\nid = \"one\"\ntool = \"fs.list\"\nat = \"{at}\"\n{check}\n"))
}

/// What the one limit found, as `says: values + more (note)`.
fn found(policy: &Policy, arguments: Option<&str>) -> String {
    let explanation = explained(policy, None, &request(&["fs.list"], &[], &[]), arguments);
    let [limit] = &explanation.limits[..] else { panic!() };
    assert_eq!(limit.id, "one");
    let says = limit.says.map_or("?", Says::as_str);
    format!("{says}: {} + {} ({})", limit.values.join(" "), limit.more, limit.note.unwrap_or("-"))
}

#[test]
fn a_limit_shows_what_it_found() {
    let below = limited("/path", "below = [\"a\"]");
    assert_eq!(found(&below, None), "?:  + 0 (no arguments were given to look into)");
    assert_eq!(found(&below, Some(r#"{"path":"a/b"}"#)), r#"yes: "a/b" + 0 (-)"#);
    assert_eq!(found(&below, Some(r#"{"path":"b"}"#)), r#"no: "b" + 0 (-)"#);
    assert_eq!(found(&below, Some(r#"{"path":1}"#)), "no: 1 + 0 (-)");
    assert_eq!(found(&below, Some("{}")), "no:  + 0 (it is not there, and has to be)");
    assert_eq!(
        found(&below, Some(r#"{"path":"a","PATH":"b"}"#)),
        r#"no: "a" + 0 (a member goes by this name in another spelling)"#
    );
    assert_eq!(found(&below, Some("{")), "no:  + 0 (the arguments are not one strict JSON value)");
    assert_eq!(found(&below, Some("[]")), "no: [] + 0 (-)");
    assert_eq!(found(&below, Some("7")), "no: 7 + 0 (-)");
    let whole = limited("", "max_bytes = 3");
    assert_eq!(found(&whole, Some("{}")), "yes: 2 bytes + 0 (-)");
    assert_eq!(found(&whole, Some("    ")), "no: 4 bytes + 0 (-)");
    let every = limited("/list/*/n", "max = 3");
    assert_eq!(found(&every, Some(r#"{"list":[{"n":1},{"n":2}]}"#)), "yes: 1 2 + 0 (-)");
    assert_eq!(found(&limited("/list/1", "max = 3"), Some(r#"{"list":[5,2]}"#)), "yes: 2 + 0 (-)");
    let explanation = explained(&every, None, &request(&["fs.list"], &[], &[]), None);
    assert_eq!(
        (&*explanation.limits[0].at, &*explanation.limits[0].expected),
        ("fs.list /list/*/n", "a whole number up to 3")
    );
    // A limit is about its own tool.
    assert_eq!(explained(&every, None, &request(&["digest.files"], &[], &[]), None).limits, []);
}

#[test]
fn p35_what_is_found_is_escaped_and_cut_short() {
    let below = limited("/path", "below = [\"a\"]");
    assert_eq!(found(&below, Some("{\"path\":\"\u{e9}\\u001b[31m\"}")), "no: \"\\u{e9}\\u001b[31m\" + 0 (-)");
    let long = |length: usize| found(&below, Some(&format!("{{\"path\":\"{}\"}}", "x".repeat(length))));
    // The quotes are part of the value.
    assert_eq!(long(MAX_SHOWN_VALUE_CHARS - 2), format!("no: \"{}\" + 0 (-)", "x".repeat(MAX_SHOWN_VALUE_CHARS - 2)));
    assert_eq!(long(MAX_SHOWN_VALUE_CHARS - 1), format!("no: \"{}... + 0 (-)", "x".repeat(MAX_SHOWN_VALUE_CHARS - 1)));
    let every = limited("/list/*", "max = 3");
    let list = |count: usize| found(&every, Some(&format!("{{\"list\":[{}]}}", vec!["1"; count].join(","))));
    assert_eq!(list(MAX_SHOWN_VALUES), format!("yes: {} + 0 (-)", ["1"; MAX_SHOWN_VALUES].join(" ")));
    assert_eq!(list(MAX_SHOWN_VALUES + 2), format!("yes: {} + 2 (-)", ["1"; MAX_SHOWN_VALUES].join(" ")));
}

#[test]
fn a_tenants_limits_come_beside_the_organizations() {
    let both = policy(
        "[[limits]]\nid = \"one\"\ntool = \"fs.list\"\nat = \"/path\"\nmax_bytes = 9\n[tenants.acme]\n\
         [[tenants.acme.limits]]\nid = \"two\"\ntool = \"fs.list\"\nat = \"/path\"\nmax_bytes = 1\n",
    );
    let explanation = explained(&both, None, &request(&["fs.list"], &[], &[]), Some(r#"{"path":"ab"}"#));
    let told: Vec<_> = explanation.limits.iter().map(|limit| (&*limit.id, limit.says)).collect();
    assert_eq!(told, [("one", Some(Says::Yes)), ("two", Some(Says::No))]);
}

#[test]
fn an_index_is_read_as_the_gate_reads_it() {
    let limit = |at: &str| format!("\n[[limits]]\nid = \"l\"\ntool = \"fs.list\"\nat = \"{at}\"\none_of = [\"b\"]\n");
    let asked = request(&["fs.list"], &[], &[]);
    for (at, values) in
        [("/a/1", vec![r#""b""#]), ("/a/01", vec![r#"["a","b"]"#]), ("/a/+1", vec![r#"["a","b"]"#]), ("/a/2", vec![])]
    {
        let explanation = explained(&policy(&limit(at)), None, &asked, Some(r#"{"a":["a","b"]}"#));
        assert_eq!(explanation.limits[0].values, values, "{at}");
        assert_eq!(explanation.limits[0].says, Some(if at == "/a/1" { Says::Yes } else { Says::No }), "{at}");
    }
}
