//! Random worlds, and the gate's own answer in them.

use proptest::{collection::vec, prelude::*};
use reach_types::{Blake3Digest, PackFacts, PackName, PackVersion, TenantId, Timestamp, ToolCall};

use super::{Answer, Arguments, Asked, LIMITS, Rules, World, answer, covers};
use crate::{
    DriftReport, Gate, Mode, Policy, Rights, Subject,
    testing::{grant, models, registry_of, request, scope, tool},
};

impl Rules {
    /// The rules as a policy writes them, under `prefix`; `author` begins the ids of the limits.
    fn toml(&self, prefix: &str, author: &str) -> String {
        let mut text = String::new();
        if !(self.ask_tools.is_empty() && self.ask_scopes.is_empty()) {
            text += &format!("[{prefix}asks]\ntools = {:?}\nscopes = {:?}\n", self.ask_tools, self.ask_scopes);
        }
        for index in &self.limits {
            let limit = &LIMITS[*index];
            let at = match (limit.member, limit.every) {
                ("", _) => String::new(),
                (member, false) => format!("/{member}"),
                (member, true) => format!("/{member}/*"),
            };
            let optional = if limit.optional { "optional = true\n" } else { "" };
            let head = format!("[[{prefix}limits]]\nid = \"{author}-{index}\"\ntool = \"a\"\nat = {at:?}\n");
            text += &format!("{head}{optional}{}\n", limit.toml);
        }
        text
    }

    /// What is left of it where the organization allows no more than `above`: what the load checks
    /// ask for.
    fn within(mut self, above: &Self) -> Self {
        let narrow = |own: &mut Option<Vec<String>>, allowed: &dyn Fn(&String) -> bool| {
            own.iter_mut().for_each(|list| list.retain(|one| allowed(one)));
        };
        let tools = |one: &String| above.tools.as_ref().is_none_or(|tools| tools.contains(one));
        narrow(&mut self.tools, &tools);
        narrow(&mut self.scopes, &|one| above.scopes.as_ref().is_none_or(|scopes| covers(scopes, one)));
        // Shut out altogether is a case of its own.
        self.tools = self.tools.filter(|tools| !tools.is_empty());
        let allowed = above.models.clone().unwrap_or_default();
        for (key, list) in self.models.iter_mut().flatten() {
            list.retain(|model| allowed.iter().any(|(one, list)| one == key && list.contains(model)));
        }
        self.models.iter_mut().for_each(|models| models.retain(|(_, list)| !list.is_empty()));
        let (left, scopes) =
            (self.tools.as_ref().or(above.tools.as_ref()), self.scopes.as_ref().or(above.scopes.as_ref()));
        self.ask_tools.retain(|one| left.is_none_or(|tools| tools.contains(one)));
        self.ask_scopes.retain(|one| scopes.is_none_or(|scopes| covers(scopes, one)));
        if left.is_some_and(|tools| !tools.contains(&"a".to_owned())) {
            self.limits.clear();
        }
        self
    }
}

impl World {
    pub(super) fn policy(&self) -> Policy {
        let organization = &self.organization;
        let warn = if self.warns { "warn_until = \"2026-07-01T00:00:00Z\"\n" } else { "" };
        let models = |list: &Option<Vec<(String, Vec<String>)>>| {
            list.iter().flatten().map(|(key, list)| format!("{key} = {list:?}\n")).collect::<String>()
        };
        let mut text = format!(
            "schema = \"reach-policy/1\"\nname = \"example\"\nversion = 1\n{warn}\
             not_before = \"2026-02-01T00:00:00Z\"\nexpires = \"2026-11-01T00:00:00Z\"\n\
             require_deterministic = {}\nlisted_tenants_only = {}\ntools = {:?}\nscopes = {:?}\n[models]\n{}{}",
            organization.deterministic,
            self.listed_only,
            organization.tools.clone().unwrap(),
            organization.scopes.clone().unwrap(),
            models(&organization.models),
            organization.toml("", "policy"),
        );
        if let Some(rules) = &self.acme {
            text += &format!(
                "[tenants.acme]\nrequire_deterministic = {}\nenforce = {}\n",
                rules.deterministic, rules.enforce
            );
            text += &rules.tools.as_ref().map_or_else(String::new, |tools| format!("tools = {tools:?}\n"));
            text += &rules.scopes.as_ref().map_or_else(String::new, |scopes| format!("scopes = {scopes:?}\n"));
            if rules.models.is_some() {
                text += &format!("[tenants.acme.models]\n{}", models(&rules.models));
            }
            text += &rules.toml("tenants.acme.", "tenant");
        }
        Policy::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
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

    pub(super) fn gate(&self, policy: &Policy, asked: Asked) -> Answer {
        let (facts, tenant) = (self.facts(), TenantId::parse(self.tenant).unwrap());
        let known = self.known.iter().map(|(name, pin)| (tool(name), Blake3Digest::of(&[*pin]))).collect();
        let registry = registry_of(&known);
        let rights = self.rights.as_ref().map(|(tools, scopes)| Rights {
            tools: tools.iter().map(|text| tool(text)).collect(),
            scopes: scopes.iter().map(|text| grant(text)).collect(),
        });
        let report = DriftReport::of(&facts.tools, &[].into(), &[].into());
        let drift = self.reported.then_some(&report);
        let subject = Subject { facts: &facts, registry: &registry, drift, tenant: &tenant, rights: rights.as_ref() };
        let mode = if self.mode_warn && self.warns { Mode::Warn } else { Mode::Enforce };
        let gate = Gate::new(policy, Blake3Digest::of(b"bundle"), mode).unwrap();
        let now = Timestamp::parse(&format!("2026-{:02}-01T00:00:00Z", self.month)).unwrap();
        match asked {
            Asked::Pack => answer(&gate.evaluate_pack(&subject, now)),
            Asked::Request => {
                let request = request(&texts(&self.tools), &texts(&self.scopes), &pairs(&self.models));
                answer(&gate.evaluate(&subject, &request, now))
            }
            Asked::Call => {
                let scopes = self.scopes.iter().map(|text| scope(text)).collect();
                let call =
                    ToolCall { tool: tool(&self.called()), scopes, arguments: self.arguments.text().into_bytes() };
                let (judge, decision) = (gate.judge(&subject), gate.evaluate_call(&subject, &call, now));
                assert_eq!(judge.call(&judge.prepare(&call.tool, &call.scopes), &call.arguments, now), decision);
                answer(&decision)
            }
        }
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
    vec(proptest::bool::weighted(probability), all.len()).prop_map(|chosen| {
        all.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(text, _)| (*text).to_owned()).collect()
    })
}

const GIVEN: f64 = 0.75;
const ASKED: f64 = 0.25;
const RARE: f64 = 0.1;

fn tools(probability: f64) -> impl Strategy<Value = Vec<String>> {
    some_of(&["a", "b.two", "c"], probability)
}

fn grants(probability: f64) -> impl Strategy<Value = Vec<String>> {
    some_of(&["x", "x:*", "x:y", "x:y:*", "y:*", "y:x", "z"], probability)
}

/// Mostly the same definition, so that drift stays the exception.
fn pinned(probability: f64) -> impl Strategy<Value = Vec<(String, u8)>> {
    let pins = vec(proptest::bool::weighted(0.05).prop_map(u8::from), 3);
    (tools(probability), pins).prop_map(|(tools, pins)| tools.into_iter().zip(pins).collect())
}

fn one_model_each(probability: f64) -> impl Strategy<Value = Vec<(String, String)>> {
    let second = proptest::bool::weighted(0.2).prop_map(|second| if second { "m-2" } else { "m-1" }.to_owned());
    (some_of(&["judge", "planner"], probability), vec(second, 2))
        .prop_map(|(keys, models)| keys.into_iter().zip(models).collect())
}

fn model_lists() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let list = prop_oneof![Just(vec!["m-1"]), Just(vec!["m-1", "m-2"]), Just(vec!["m-2"])];
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
    (some_of(&["judge", "planner"], GIVEN), vec(list, 2))
        .prop_map(move |(keys, lists)| keys.into_iter().zip(lists.into_iter().map(owned)).collect())
}

/// What narrows: the same for the organization and for a tenant.
fn narrowing() -> impl Strategy<Value = Rules> {
    let limits = vec(proptest::bool::weighted(ASKED), LIMITS.len());
    let flag = || proptest::bool::weighted(ASKED);
    (flag(), flag(), tools(RARE), grants(RARE / 2.0), limits).prop_map(
        |(deterministic, enforce, ask_tools, ask_scopes, limits)| {
            let limits = limits.iter().enumerate().filter(|(_, chosen)| **chosen).map(|(index, _)| index).collect();
            Rules { deterministic, enforce, ask_tools, ask_scopes, limits, ..Rules::default() }
        },
    )
}

fn organization() -> impl Strategy<Value = Rules> {
    (narrowing(), tools(GIVEN), grants(GIVEN), model_lists()).prop_map(|(rules, tools, scopes, models)| {
        let given = Rules { tools: Some(tools), scopes: Some(scopes), models: Some(models), ..Rules::default() };
        let narrowing = Rules { enforce: false, ..rules.within(&given) };
        Rules { tools: given.tools, scopes: given.scopes, models: given.models, ..narrowing }
    })
}

fn tenant() -> impl Strategy<Value = Rules> {
    let half = 0.5;
    (
        narrowing(),
        proptest::option::weighted(half, tools(GIVEN)),
        proptest::option::weighted(half, grants(GIVEN)),
        proptest::option::weighted(half, model_lists()),
    )
        .prop_map(|(rules, tools, scopes, models)| Rules { tools, scopes, models, ..rules })
}

fn arguments() -> impl Strategy<Value = Arguments> {
    let values = |values: &'static [&'static str]| proptest::sample::select(values);
    let member = |name: &'static str, probability, all| {
        proptest::option::weighted(probability, values(all)).prop_map(move |value| value.map(|value| (name, value)))
    };
    let members = (
        member("p", GIVEN, &["\"x\"", "\"x\"", "3", "true", "\"yyy\"", "null", "{}"]),
        member("q", GIVEN, &["\"r\"", "\"r/x\"", "\"r/../x\"", "\"rx\"", "7"]),
        member("n", 0.5, &["0", "9", "10", "-1", "1.5", "\"3\"", "9007199254740993"]),
        member("l", GIVEN, &["[]", "[\"x\"]", "[\"x\",\"x\"]", "[\"x\",\"y\"]", "\"x\"", "{}"]),
        member("P", 0.05, &["\"x\"", "1"]),
        member("L", 0.05, &["[]"]),
        member("p", 0.05, &["\"x\""]),
        member("z", 0.2, &["1.5", "\"\"", "[1e3]"]),
    );
    let members = members.prop_map(|(a, b, c, d, e, f, g, h)| {
        Arguments::Members([a, b, c, d, e, f, g, h].into_iter().flatten().collect())
    });
    let other = values(&["", "{", "[]", "[\"x\"]", "null", "\"x\""]).prop_map(Arguments::Other);
    prop_oneof![9 => members, 1 => other]
}

pub(super) fn world() -> impl Strategy<Value = World> {
    let mostly = || proptest::bool::weighted(GIVEN);
    let acme = proptest::option::weighted(0.6, tenant());
    let policy = (organization(), acme, proptest::bool::weighted(RARE), mostly(), mostly());
    let pack = (0.1..0.9).prop_flat_map(move |declared| {
        (pinned(declared), grants(declared / 2.0), one_model_each(declared), mostly(), pinned(0.95))
    });
    let rights = proptest::option::weighted(0.3, (tools(GIVEN), grants(GIVEN)));
    let whom = (rights, proptest::sample::select(&["acme", "acme", "other"][..]), any::<bool>());
    let scopes = some_of(&["x", "x:y", "x:z", "x:y:z", "y", "y:x", "z"], ASKED / 2.0);
    let asked = (tools(ASKED), scopes, one_model_each(ASKED), arguments());
    (policy, pack, whom, asked, 1u32..=11).prop_map(|(policy, pack, whom, asked, month)| World {
        acme: policy.1.map(|rules| rules.within(&policy.0)),
        organization: policy.0,
        listed_only: policy.2,
        warns: policy.3,
        mode_warn: policy.4,
        pack_tools: pack.0,
        pack_scopes: pack.1,
        pack_models: pack.2,
        deterministic: pack.3,
        known: pack.4,
        rights: whom.0,
        tenant: whom.1,
        reported: whom.2,
        tools: asked.0,
        scopes: asked.1,
        models: asked.2,
        arguments: asked.3,
        month,
    })
}
