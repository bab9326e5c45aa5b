//! Casbin: asked once, with lists and a function that compares them, or once for every item.
//!
//! What the pack declares and what the organization allows are policy lines, and both must cover
//! what is asked for.

use std::{
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi, function_map::OperatorFunction, rhai::Dynamic};

use super::scenario::{Asked, EXPIRES, NOT_BEFORE, World};

/// Who has to cover what is asked for.
const OWNERS: [&str; 2] = ["pack", "organization"];

/// What each of the owners covers: tools, scopes, and models as `key=model`.
fn lists(world: &World) -> [[Vec<String>; 3]; 2] {
    let sound = world.declared_tools.iter().filter(|tool| !world.drifted_tools.contains(tool));
    let declared = world.declared_models.iter().map(pair).collect();
    let allowed = world.allowed_models.iter().flat_map(|(key, models)| models.iter().map(move |model| (*key, *model)));
    [
        [sound.map(ToString::to_string).collect(), texts(&world.declared_scopes), declared],
        [texts(&world.allowed_tools), world.granted_scopes.clone(), allowed.map(|one| pair(&one)).collect()],
    ]
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn pair((key, model): &(&str, &str)) -> String {
    format!("{key}={model}")
}

fn enforcer([request, policy, effect, matcher]: [&str; 4], lines: Vec<Vec<String>>) -> Enforcer {
    let model = format!(
        "[request_definition]\nr = now, {request}\n[policy_definition]\np = {policy}\n\
         [policy_effect]\ne = {effect}\n[matchers]\n\
         m = {matcher}\n"
    );
    let model = at_once(DefaultModel::from_str(&model)).expect("the model parses");
    let mut enforcer = at_once(Enforcer::new(model, MemoryAdapter::default())).expect("the matcher compiles");
    enforcer.add_function("within", OperatorFunction::Arg2(within));
    at_once(enforcer.add_policies(lines)).expect("the policy is added");
    enforcer
}

/// Whether every word of the first text is a word of the second.
fn within(asked: Dynamic, allowed: Dynamic) -> Dynamic {
    let (Ok(asked), Ok(allowed)) = (asked.into_immutable_string(), allowed.into_immutable_string()) else {
        return false.into();
    };
    asked.split_ascii_whitespace().all(|one| allowed.split_ascii_whitespace().any(|other| one == other)).into()
}

/// Casbin's interface is asynchronous; in memory, it never waits.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// Casbin asked once, with the names of a kind joined to one text beforehand: a line denies what it
/// does not cover.
pub fn once(world: &World, asked: &Asked) -> Box<dyn Fn() -> bool> {
    let matcher = format!(
        "!(r.now >= {NOT_BEFORE} && r.now < {EXPIRES} && p.deterministic == \"true\" && \
         within(r.tools, p.tools) && within(r.scopes, p.scopes) && within(r.models, p.models))"
    );
    let lines = lists(world).map(|kinds| {
        let lists = kinds.map(|list| list.join(" "));
        [world.deterministic.to_string()].into_iter().chain(lists).chain(["deny".to_owned()]).collect()
    });
    let policy = "deterministic, tools, scopes, models, eft";
    let enforcer =
        enforcer(["tools, scopes, models", policy, "!some(where (p.eft == deny))", &matcher], lines.to_vec());
    let models: Vec<String> = asked.models.iter().map(pair).collect();
    let request = (asked.now, asked.tools.join(" "), asked.scopes.join(" "), models.join(" "));
    Box::new(move || {
        let (now, tools, scopes, models) = black_box(&request);
        enforcer.enforce((*now, tools.as_str(), scopes.as_str(), models.as_str())).expect("the matcher evaluates")
    })
}

/// Casbin asked for every tool, scope and model in turn, of both owners, until one is refused.
pub fn each(world: &World, asked: &Asked) -> Box<dyn Fn() -> bool> {
    let deterministic = world.deterministic.to_string();
    let lines = OWNERS.into_iter().zip(lists(world)).flat_map(|(owner, kinds)| {
        let deterministic = &deterministic;
        ["tool", "scope", "model"].into_iter().zip(kinds).flat_map(move |(kind, names)| {
            let line = move |name| vec![deterministic.clone(), owner.to_owned(), kind.to_owned(), name];
            names.into_iter().map(line)
        })
    });
    let matcher = format!(
        "r.now >= {NOT_BEFORE} && r.now < {EXPIRES} && p.deterministic == \"true\" && \
         r.owner == p.owner && r.kind == p.kind && r.name == p.name"
    );
    let policy = "deterministic, owner, kind, name";
    let enforcer = enforcer(["owner, kind, name", policy, "some(where (p.eft == allow))", &matcher], lines.collect());
    let tools = asked.tools.iter().map(|tool| ("tool", (*tool).to_owned()));
    let scopes = asked.scopes.iter().map(|scope| ("scope", (*scope).to_owned()));
    let items: Vec<_> = tools.chain(scopes).chain(asked.models.iter().map(|model| ("model", pair(model)))).collect();
    let now = asked.now;
    Box::new(move || {
        let allows = |owner: &str, (kind, name): &(&str, String)| {
            enforcer.enforce((now, owner, *kind, name.as_str())).expect("the matcher evaluates")
        };
        black_box(&items).iter().all(|item| OWNERS.iter().all(|owner| allows(owner, item)))
    })
}
