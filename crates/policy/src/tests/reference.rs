//! The gate against a reference that knows nothing but lists and loops.
//!
//! The normal run takes a second. `PROPTEST_CASES=2000000 cargo test --release -p reach-policy
//! the_gate_agrees` runs as many cases as it says.

mod worlds;

use proptest::prelude::*;

use crate::{Decision, Outcome};

/// One author's rules, as text. `None` leaves it to the organization.
#[derive(Debug, Clone, Default)]
struct Rules {
    tools: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    models: Option<Vec<(String, Vec<String>)>>,
    deterministic: bool,
    enforce: bool,
    ask_tools: Vec<String>,
    ask_scopes: Vec<String>,
    /// Which of [`LIMITS`].
    limits: Vec<usize>,
}

/// Everything a decision depends on, as text.
#[derive(Debug, Clone)]
struct World {
    organization: Rules,
    /// The rules of the tenant `acme`, if it is listed.
    acme: Option<Rules>,
    listed_only: bool,
    warns: bool,
    pack_tools: Vec<(String, u8)>,
    pack_scopes: Vec<String>,
    pack_models: Vec<(String, String)>,
    deterministic: bool,
    known: Vec<(String, u8)>,
    reported: bool,
    tenant: &'static str,
    rights: Option<(Vec<String>, Vec<String>)>,
    mode_warn: bool,
    tools: Vec<String>,
    scopes: Vec<String>,
    models: Vec<(String, String)>,
    arguments: Arguments,
    month: u32,
}

#[derive(Debug, Clone)]
enum Arguments {
    Members(Vec<(&'static str, &'static str)>),
    Other(&'static str),
}

impl Arguments {
    fn text(&self) -> String {
        match self {
            Self::Members(members) => {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }
            Self::Other(text) => (*text).to_owned(),
        }
    }
}

/// A limit on the tool `a`: the member it is about, whether on every element, whether optional, how
/// a policy writes it, and which values (as JSON text) it allows.
struct Limited {
    member: &'static str,
    every: bool,
    optional: bool,
    toml: &'static str,
    allows: fn(&str) -> bool,
}

const LIMITS: [Limited; 6] = [
    Limited { member: "", every: false, optional: false, toml: "max_bytes = 30", allows: |text| text.len() <= 30 },
    Limited {
        member: "p",
        every: false,
        optional: true,
        toml: "one_of = [\"x\", 3, true]",
        allows: |value| ["\"x\"", "3", "true"].contains(&value),
    },
    Limited {
        member: "p",
        every: false,
        optional: false,
        toml: "max_bytes = 2",
        allows: |value| value.starts_with('"') && value.len() <= 4,
    },
    Limited {
        member: "q",
        every: false,
        optional: false,
        toml: "below = [\"r\"]",
        allows: |value| value == "\"r\"" || value == "\"r/x\"",
    },
    Limited {
        member: "n",
        every: false,
        optional: true,
        toml: "min = 0\nmax = 9",
        allows: |value| value.parse::<i64>().is_ok_and(|number| (0..=9).contains(&number)),
    },
    Limited { member: "l", every: true, optional: false, toml: "one_of = [\"x\"]", allows: |value| value == "\"x\"" },
];

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

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    Request,
    Pack,
    /// The first tool that is asked for, with the scopes and the arguments.
    Call,
}

/// Outcome, violations and questions as `code subject rule`, how many limits were not judged.
type Answer = (Outcome, Vec<String>, Vec<String>, u64);

fn answer(decision: &Decision) -> Answer {
    assert_eq!(decision.omitted(), 0);
    let line = |one: &crate::Violation| format!("{} {} {}", one.code(), one.subject(), one.rule_id());
    let lines = |list: &[crate::Violation]| list.iter().map(line).collect();
    (decision.outcome(), lines(decision.violations()), lines(decision.questions()), decision.unjudged())
}

impl World {
    /// Each author of rules, and what reasons call it.
    fn authors(&self) -> Vec<(&'static str, &Rules)> {
        let own = self.acme.as_ref().filter(|_| self.tenant == "acme");
        [("policy", &self.organization)].into_iter().chain(own.map(|rules| ("tenant", rules))).collect()
    }

    /// In force from February to November, warning until July.
    fn naive(&self, asked: Asked) -> Answer {
        let (mut found, mut questions, mut unjudged) = (Vec::new(), Vec::new(), 0);
        let mut violated = |code: &str, subject: &str, id: &str| found.push(format!("policy.{code} {subject} {id}"));
        if self.month < 2 {
            violated("bundle_not_yet_valid", "example", "policy.not_before");
        }
        if self.month >= 11 {
            violated("bundle_expired", "example", "policy.expires");
        }
        if self.listed_only && self.acme.as_ref().is_none_or(|_| self.tenant != "acme") {
            violated("tenant_unlisted", "example", "policy.listed_tenants_only");
        }
        let authors = self.authors();
        let first =
            |test: &dyn Fn(&Rules) -> bool| authors.iter().find(|(_, rules)| test(rules)).map(|(name, _)| *name);
        if let (false, Some(author)) = (self.deterministic, first(&|rules| rules.deterministic)) {
            violated("determinism_required", "inventory", &format!("{author}.require_deterministic"));
        }
        let (tools, scopes, models) = self.asked_for(asked);
        let (pack, rights) = (asked == Asked::Pack, self.rights.as_ref());
        for tool in &tools {
            match has(&self.pack_tools, tool) {
                None => violated("tool_undeclared", tool, "pack.tools"),
                Some(pin) if has(&self.known, tool) != Some(pin) => {
                    violated("tool_definition_drift", tool, "registry.tools")
                }
                Some(_) => {}
            }
            if let Some(author) = first(&|rules| rules.tools.as_ref().is_some_and(|tools| !tools.contains(tool))) {
                violated("tool_not_allowed", tool, &format!("{author}.tools"));
            }
            if !pack && rights.is_some_and(|(tools, _)| !tools.contains(tool)) {
                violated("tool_not_delegated", tool, "delegation.tools");
            }
            if let (false, Some(author)) = (pack, first(&|rules| rules.ask_tools.contains(tool))) {
                questions.push(format!("policy.approval_required {tool} {author}.asks"));
            }
        }
        for scope in &scopes {
            if !pack && !covers(&self.pack_scopes, scope) {
                violated("scope_undeclared", scope, "pack.scopes");
            }
            if let Some(author) = first(&|rules| rules.scopes.as_ref().is_some_and(|scopes| !covers(scopes, scope))) {
                violated("scope_not_granted", scope, &format!("{author}.scopes"));
            }
            if !pack && rights.is_some_and(|(_, scopes)| !covers(scopes, scope)) {
                violated("scope_not_delegated", scope, "delegation.scopes");
            }
            if let (false, Some(author)) = (pack, first(&|rules| covers(&rules.ask_scopes, scope))) {
                questions.push(format!("policy.approval_required {scope} {author}.asks"));
            }
        }
        for (key, model) in &models {
            let subject = format!("{key}={model}");
            if !pack && !self.pack_models.contains(&(key.clone(), model.clone())) {
                violated("model_undeclared", &subject, "pack.models");
            }
            let lists =
                |models: &[(String, Vec<String>)]| models.iter().any(|(one, list)| one == key && list.contains(model));
            if let Some(author) = first(&|rules| rules.models.as_ref().is_some_and(|models| !lists(models))) {
                violated("model_not_allowed", &subject, &format!("{author}.models"));
            }
        }
        for tool in &tools {
            match (asked, &**tool) {
                (Asked::Request, "a") => {
                    unjudged += authors.iter().map(|(_, rules)| rules.limits.len() as u64).sum::<u64>()
                }
                (Asked::Call, "a") => self.naive_limits(&mut violated),
                _ => {}
            }
        }
        found.sort();
        questions.sort();
        (self.naive_outcome(&found, &questions), found, questions, unjudged)
    }

    fn asked_for(&self, asked: Asked) -> (Vec<String>, Vec<String>, Vec<(String, String)>) {
        match asked {
            Asked::Request => (self.tools.clone(), self.scopes.clone(), self.models.clone()),
            Asked::Call => (vec![self.called()], self.scopes.clone(), Vec::new()),
            Asked::Pack => {
                let tools = self.pack_tools.iter().map(|(tool, _)| tool.clone()).collect();
                (tools, self.pack_scopes.clone(), self.pack_models.clone())
            }
        }
    }

    fn called(&self) -> String {
        self.tools.first().map_or_else(|| "a".to_owned(), Clone::clone)
    }

    fn naive_outcome(&self, found: &[String], questions: &[String]) -> Outcome {
        let soft = ["determinism_required", "model_not_allowed", "scope_not_granted", "tool_not_allowed"];
        let is_soft = |reason: &String| soft.iter().any(|code| reason.starts_with(&format!("policy.{code} ")));
        let covered = self.mode_warn && self.warns && self.month < 7 && self.rights.is_none();
        let enforced = self.authors().iter().any(|(_, rules)| rules.enforce);
        match (found.is_empty(), questions.is_empty()) {
            (true, true) => Outcome::Allow,
            (true, false) => Outcome::Ask,
            (false, true) if covered && !enforced && found.iter().all(is_soft) => Outcome::Warned,
            (false, _) => Outcome::Deny,
        }
    }

    /// The limits on the tool `a`.
    fn naive_limits(&self, violated: &mut dyn FnMut(&str, &str, &str)) {
        let mut malformed = false;
        for (author, rules) in self.authors() {
            for index in &rules.limits {
                let (limit, id) = (&LIMITS[*index], format!("{author}-{index}"));
                let subject = [
                    "a",
                    if limit.member.is_empty() { "" } else { "/" },
                    limit.member,
                    if limit.every { "/*" } else { "" },
                ]
                .concat();
                let mut refuse = |code: &str| violated(code, &subject, &id);
                if limit.member.is_empty() {
                    if !(limit.allows)(&self.arguments.text()) {
                        refuse("argument_not_allowed");
                    }
                    continue;
                }
                match &self.arguments {
                    Arguments::Other("" | "{") => malformed = true,
                    Arguments::Other(_) => refuse("argument_not_allowed"),
                    Arguments::Members(members) => {
                        let named = |name: &str| members.iter().filter(|(one, _)| *one == name).count();
                        if members.iter().any(|(name, _)| named(name) > 1) {
                            malformed = true;
                            continue;
                        }
                        malformed |= named(&limit.member.to_uppercase()) > 0;
                        match members.iter().find(|(name, _)| *name == limit.member) {
                            None if limit.optional => {}
                            None => refuse("argument_missing"),
                            Some((_, value)) if limit.allowed(value) => {}
                            Some(_) => refuse("argument_not_allowed"),
                        }
                    }
                }
            }
        }
        if malformed {
            violated("argument_malformed", "a", "policy.limits");
        }
    }
}

impl Limited {
    fn allowed(&self, value: &str) -> bool {
        if !self.every {
            return (self.allows)(value);
        }
        let items = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        items.is_some_and(|items| items.is_empty() || items.split(',').all(self.allows))
    }
}

proptest! {
    #[test]
    fn the_gate_agrees_with_the_reference(world in worlds::world()) {
        let policy = world.policy();
        for asked in [Asked::Request, Asked::Pack, Asked::Call] {
            prop_assert_eq!(world.gate(&policy, asked), world.naive(asked), "{:?}", asked);
        }
    }
}
