//! The gate, given what the other contestants are given.

use std::hint::black_box;

use reach_policy::{Gate, Judge, Mode, Outcome, Policy, Prepared, Subject};
use reach_types::{
    Blake3Digest, Grant, ModelId, ModelKey, PackFacts, PackName, PackVersion, RegistrySnapshot, Request, Scope,
    TenantId, Timestamp, ToolId,
};

use super::scenario::{Asked, World};

fn tool(text: &str) -> ToolId {
    ToolId::parse(text).expect("a well-formed tool")
}

fn quoted<T: AsRef<str>>(texts: &[T]) -> String {
    format!("{:?}", texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>())
}

fn policy(world: &World) -> Policy {
    let models = world.allowed_models.iter().map(|(key, models)| format!("{key} = {}\n", quoted(models)));
    let text = format!(
        "schema = \"reach-policy/1\"\nname = \"bench\"\nversion = 1\nnot_before = \"2026-01-01T00:00:00Z\"\n\
         expires = \"2027-01-01T00:00:00Z\"\nrequire_deterministic = true\ntools = {}\nscopes = {}\n[models]\n{}",
        quoted(&world.allowed_tools),
        quoted(&world.granted_scopes),
        models.collect::<String>(),
    );
    Policy::from_toml(&text).expect("a well-formed policy")
}

fn facts(world: &World) -> PackFacts {
    let model = |(key, model): &(&str, &str)| {
        let (key, model) = (ModelKey::parse(key), ModelId::parse(model));
        (key.expect("a well-formed key"), model.expect("a well-formed model"))
    };
    PackFacts {
        digest: Blake3Digest::of(b"pack"),
        name: PackName::parse("bench").expect("a well-formed name"),
        version: PackVersion::parse("1.0.0").expect("a well-formed version"),
        tools: world.declared_tools.iter().map(|name| (tool(name), Blake3Digest::of(name.as_bytes()))).collect(),
        scopes: world.declared_scopes.iter().map(|text| Grant::parse(text).expect("a well-formed grant")).collect(),
        models: world.declared_models.iter().map(model).collect(),
        deterministic: world.deterministic,
    }
}

fn registry(world: &World, facts: &PackFacts) -> RegistrySnapshot {
    let mut known = facts.tools.clone();
    for name in &world.drifted_tools {
        known.insert(tool(name), Blake3Digest::of(b"drifted"));
    }
    RegistrySnapshot::of(facts.tools.keys(), &known)
}

pub fn request(asked: &Asked) -> Request {
    let model = |(key, model): &(&str, &str)| {
        let (key, model) = (ModelKey::parse(key), ModelId::parse(model));
        (key.expect("a well-formed key"), model.expect("a well-formed model"))
    };
    Request {
        tools: asked.tools.iter().map(|name| tool(name)).collect(),
        scopes: asked.scopes.iter().map(|text| Scope::parse(text).expect("a well-formed scope")).collect(),
        models: asked.models.iter().map(model).collect(),
    }
}

pub fn moment(asked: &Asked) -> Timestamp {
    Timestamp::from_millis(asked.now.unsigned_abs() * 1000)
}

/// The gate for one run.
///
/// Policy and judge live as long as the program: a benchmark ends with its process.
#[derive(Clone, Copy)]
pub struct Ready(&'static Judge<'static>);

impl Ready {
    pub fn of(world: &World) -> Self {
        let (facts, policy) = (facts(world), Box::leak(Box::new(policy(world))));
        let registry = registry(world, &facts);
        let tenant = TenantId::parse("bench").expect("a well-formed tenant");
        let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &tenant, rights: None };
        let gate = Gate::new(policy, Blake3Digest::of(b"bundle"), Mode::Enforce).expect("mode enforce is always there");
        Self(Box::leak(Box::new(gate.judge(&subject))))
    }

    /// How many reasons there are against a request of parsed names.
    fn reasons(self, request: &Request, now: Timestamp) -> usize {
        black_box(&self.0.evaluate(request, now)).violations().len()
    }

    /// Decides on a request of parsed names.
    pub fn allows(self, request: &Request, now: Timestamp) -> bool {
        black_box(&self.0.evaluate(request, now)).outcome() == Outcome::Allow
    }

    /// A call whose tool and scopes are those of `asked`.
    pub fn prepare(self, asked: &Asked) -> Prepared<'static> {
        let request = request(asked);
        let tool = request.tools.first().expect("a tool to call");
        self.0.prepare(tool, &request.scopes)
    }

    /// Decides on a prepared call with these arguments, so that a permit could follow.
    pub fn allows_call(self, call: &Prepared<'_>, arguments: &[u8], now: Timestamp) -> bool {
        black_box(&self.0.call(call, arguments, now)).outcome() == Outcome::Allow
    }
}

/// The gate asked with a request of parsed names.
pub fn contestant(world: &World, asked: &Asked) -> Box<dyn Fn() -> bool> {
    let (ready, request, now) = (Ready::of(world), request(asked), moment(asked));
    Box::new(move || ready.allows(black_box(&request), now))
}

/// How many reasons the gate gives.
pub fn reasons(world: &World, asked: &Asked) -> Box<dyn Fn() -> usize> {
    let (ready, request, now) = (Ready::of(world), request(asked), moment(asked));
    Box::new(move || ready.reasons(black_box(&request), now))
}
