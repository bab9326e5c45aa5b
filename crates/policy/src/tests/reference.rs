//! The gate against a reference that knows nothing but lists and loops.

use proptest::prelude::*;
use reach_types::{Blake3Digest, PackFacts, PackName, PackVersion, Request, Timestamp};

use crate::{
    Gate, Mode, Outcome, Policy, Rights, Subject,
    testing::{grant, models, registry_of, request, tool},
};

/// Everything a decision depends on, as text.
#[derive(Debug, Clone)]
struct World {
    policy_tools: Vec<String>,
    policy_scopes: Vec<String>,
    policy_models: Vec<(String, Vec<String>)>,
    require_deterministic: bool,
    warns: bool,
    mode_warn: bool,
    pack_tools: Vec<(String, u8)>,
    pack_scopes: Vec<String>,
    pack_models: Vec<(String, String)>,
    deterministic: bool,
    known: Vec<(String, u8)>,
    rights: Option<(Vec<String>, Vec<String>)>,
    tools: Vec<String>,
    scopes: Vec<String>,
    models: Vec<(String, String)>,
    month: u32,
}

fn covers(grants: &[String], asked: &str) -> bool {
    grants.iter().any(|grant| {
        let (grant, asked): (Vec<&str>, Vec<&str>) = (grant.split(':').collect(), asked.split(':').collect());
        match grant.split_last() {
            // A wildcard asked for is covered by the same one and by those above it.
            Some((&"*", prefix)) => asked.len() > prefix.len() && asked[..prefix.len()] == *prefix,
            _ => grant == asked,
        }
    })
}

fn has(pairs: &[(String, u8)], name: &str) -> Option<u8> {
    pairs.iter().find(|(tool, _)| tool == name).map(|(_, pin)| *pin)
}

impl World {
    /// In force from February to November, warning until July.
    fn naive(&self, whole_pack: bool) -> (Outcome, Vec<String>) {
        let mut found = Vec::new();
        let mut violated = |code: &str, subject: &str| found.push(format!("policy.{code} {subject}"));
        if self.month < 2 {
            violated("bundle_not_yet_valid", "example");
        }
        if self.month >= 11 {
            violated("bundle_expired", "example");
        }
        if self.require_deterministic && !self.deterministic {
            violated("determinism_required", "inventory");
        }
        let (tools, scopes, models) = if whole_pack {
            let tools = self.pack_tools.iter().map(|(tool, _)| tool.clone()).collect();
            (tools, self.pack_scopes.clone(), self.pack_models.clone())
        } else {
            (self.tools.clone(), self.scopes.clone(), self.models.clone())
        };
        for tool in &tools {
            match has(&self.pack_tools, tool) {
                None => violated("tool_undeclared", tool),
                Some(pin) if has(&self.known, tool) != Some(pin) => violated("tool_definition_drift", tool),
                Some(_) => {}
            }
            if !self.policy_tools.contains(tool) {
                violated("tool_not_allowed", tool);
            }
            if !whole_pack && self.rights.as_ref().is_some_and(|(tools, _)| !tools.contains(tool)) {
                violated("tool_not_delegated", tool);
            }
        }
        for scope in &scopes {
            if !whole_pack && !covers(&self.pack_scopes, scope) {
                violated("scope_undeclared", scope);
            }
            if !covers(&self.policy_scopes, scope) {
                violated("scope_not_granted", scope);
            }
            if !whole_pack && self.rights.as_ref().is_some_and(|(_, scopes)| !covers(scopes, scope)) {
                violated("scope_not_delegated", scope);
            }
        }
        for (key, model) in &models {
            if !self.pack_models.contains(&(key.clone(), model.clone())) {
                violated("model_undeclared", &format!("{key}={model}"));
            }
            if !self.policy_models.iter().any(|(allowed, list)| allowed == key && list.contains(model)) {
                violated("model_not_allowed", &format!("{key}={model}"));
            }
        }
        // Grants are sorted as the text before `:*`, so the wildcard follows its prefix; so are reasons.
        found.sort();
        found.dedup();
        let soft = ["determinism_required", "model_not_allowed", "scope_not_granted", "tool_not_allowed"];
        let all_soft =
            found.iter().all(|reason| soft.iter().any(|code| reason.starts_with(&format!("policy.{code} "))));
        let warned = self.mode_warn && self.warns && self.month < 7 && self.rights.is_none() && all_soft;
        let outcome = match (found.is_empty(), warned) {
            (true, _) => Outcome::Allow,
            (false, true) => Outcome::Warned,
            (false, false) => Outcome::Deny,
        };
        (outcome, found)
    }

    fn policy(&self) -> Policy {
        let warn = if self.warns { "warn_until = \"2026-07-01T00:00:00Z\"" } else { "" };
        let tables = self.policy_models.iter().map(|(key, list)| format!("{key} = {list:?}\n")).collect::<String>();
        Policy::from_toml(&format!(
            "schema = \"reach-policy/1\"\nname = \"example\"\nversion = 1\n{warn}\n\
             not_before = \"2026-02-01T00:00:00Z\"\nexpires = \"2026-11-01T00:00:00Z\"\n\
             require_deterministic = {}\ntools = {:?}\nscopes = {:?}\n[models]\n{tables}",
            self.require_deterministic, self.policy_tools, self.policy_scopes,
        ))
        .unwrap()
    }

    fn facts(&self) -> PackFacts {
        PackFacts {
            digest: Blake3Digest::of(b"pack"),
            name: PackName::parse("inventory").unwrap(),
            version: PackVersion::parse("1.0.0").unwrap(),
            tools: self.pack_tools.iter().map(|(name, pin)| (tool(name), Blake3Digest::of(&[*pin]))).collect(),
            scopes: self.pack_scopes.iter().map(|text| grant(text)).collect(),
            models: models(&pairs(&self.pack_models)),
            deterministic: self.deterministic,
        }
    }

    fn gate(&self, whole_pack: bool) -> (Outcome, Vec<String>) {
        let (policy, facts) = (self.policy(), self.facts());
        let known = self.known.iter().map(|(name, pin)| (tool(name), Blake3Digest::of(&[*pin]))).collect();
        let registry = registry_of(&known);
        let rights = self.rights.as_ref().map(|(tools, scopes)| Rights {
            tools: tools.iter().map(|text| tool(text)).collect(),
            scopes: scopes.iter().map(|text| grant(text)).collect(),
        });
        let subject = Subject { facts: &facts, registry: &registry, rights: rights.as_ref() };
        let mode = if self.mode_warn && self.warns { Mode::Warn } else { Mode::Enforce };
        let gate = Gate::new(&policy, Blake3Digest::of(b"bundle"), mode).unwrap();
        let now = Timestamp::parse(&format!("2026-{:02}-01T00:00:00Z", self.month)).unwrap();
        let decision =
            if whole_pack { gate.evaluate_pack(&subject, now) } else { gate.evaluate(&subject, &self.request(), now) };
        assert_eq!(decision.omitted(), 0);
        (decision.outcome(), crate::testing::reasons(&decision))
    }

    fn request(&self) -> Request {
        request(&texts(&self.tools), &texts(&self.scopes), &pairs(&self.models))
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn pairs(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter().map(|(key, model)| (key.as_str(), model.as_str())).collect()
}

/// Each of `all` with this probability: what is allowed is mostly there, what is asked for is
/// mostly not, so that every outcome is common.
fn some_of(all: &'static [&'static str], probability: f64) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(proptest::bool::weighted(probability), all.len()).prop_map(|chosen| {
        all.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(text, _)| (*text).to_owned()).collect()
    })
}

const GIVEN: f64 = 0.75;
const ASKED: f64 = 0.25;

fn tools(probability: f64) -> impl Strategy<Value = Vec<String>> {
    some_of(&["a", "b.two", "c"], probability)
}

fn grants(probability: f64) -> impl Strategy<Value = Vec<String>> {
    some_of(&["x", "x:*", "x:y", "x:y:*", "y:*", "y:x", "z"], probability)
}

/// Mostly the same definition, so that drift stays the exception.
fn pinned(probability: f64) -> impl Strategy<Value = Vec<(String, u8)>> {
    let pins = proptest::collection::vec(proptest::bool::weighted(0.05).prop_map(u8::from), 3);
    (tools(probability), pins).prop_map(|(tools, pins)| tools.into_iter().zip(pins).collect())
}

fn one_model_each(probability: f64) -> impl Strategy<Value = Vec<(String, String)>> {
    let second = proptest::bool::weighted(0.2).prop_map(|second| if second { "m-2" } else { "m-1" }.to_owned());
    (some_of(&["judge", "planner"], probability), proptest::collection::vec(second, 2))
        .prop_map(|(keys, models)| keys.into_iter().zip(models).collect())
}

fn model_lists() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let list = prop_oneof![Just(vec!["m-1"]), Just(vec!["m-1", "m-2"]), Just(vec!["m-2"])];
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
    (some_of(&["judge", "planner"], GIVEN), proptest::collection::vec(list, 2))
        .prop_map(move |(keys, lists)| keys.into_iter().zip(lists.into_iter().map(owned)).collect())
}

fn world() -> impl Strategy<Value = World> {
    let strict = proptest::bool::weighted(ASKED);
    let mostly = || proptest::bool::weighted(GIVEN);
    let policy = (tools(GIVEN), grants(GIVEN), model_lists(), strict, mostly(), mostly());
    let pack = (0.1..0.9).prop_flat_map(move |declared| {
        (pinned(declared), grants(declared / 2.0), one_model_each(declared), mostly(), pinned(0.95))
    });
    let rights = proptest::option::weighted(0.3, (tools(GIVEN), grants(GIVEN)));
    let asked =
        (tools(ASKED), some_of(&["x", "x:y", "x:z", "x:y:z", "y", "y:x", "z"], ASKED / 2.0), one_model_each(ASKED));
    (policy, pack, rights, asked, 1u32..=11).prop_map(|(policy, pack, rights, asked, month)| World {
        policy_tools: policy.0,
        policy_scopes: policy.1,
        policy_models: policy.2,
        require_deterministic: policy.3,
        warns: policy.4,
        mode_warn: policy.5,
        pack_tools: pack.0,
        pack_scopes: pack.1,
        pack_models: pack.2,
        deterministic: pack.3,
        known: pack.4,
        rights,
        tools: asked.0,
        scopes: asked.1,
        models: asked.2,
        month,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_gate_agrees_with_the_reference(world in world()) {
        prop_assert_eq!(world.gate(false), world.naive(false));
        prop_assert_eq!(world.gate(true), world.naive(true));
    }
}
