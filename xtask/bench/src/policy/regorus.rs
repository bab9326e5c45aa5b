//! Regorus: Rego as bytecode, and interpreted.
//!
//! Sets are subtracted instead of `every` being asked: in regorus 0.14.1 the bytecode answers
//! `every` over something undefined with true.

use std::{cell::RefCell, collections::BTreeMap, hint::black_box};

use regorus::{Engine, Rc, Value, languages::rego::compiler::Compiler, rvm::RegoVM};

use super::scenario::{Asked, EXPIRES, NOT_BEFORE, World};

/// A model is asked for, declared and allowed as `key=model`: no name holds a `=`.
const POLICY: &str = r#"
package reach
import rego.v1

default allow := false

allow if {
    input.now >= data.organization.not_before
    input.now < data.organization.expires
    data.pack.deterministic
    count(input.tools - data.pack.tools) == 0
    count(input.tools - data.organization.tools) == 0
    count(input.scopes - data.pack.scopes) == 0
    count(input.scopes - data.organization.scopes) == 0
    count(input.models - data.pack.models) == 0
    count(input.models - data.organization.models) == 0
}
"#;
const RULE: &str = "data.reach.allow";

/// The same rules, each as a reason with what violates it.
const REASONS: &str = r#"
package reach
import rego.v1

reasons contains ["too early", "policy"] if input.now < data.organization.not_before
reasons contains ["expired", "policy"] if input.now >= data.organization.expires
reasons contains ["not deterministic", "pack"] if not data.pack.deterministic
reasons contains ["tool undeclared", tool] if some tool in input.tools - data.pack.tools
reasons contains ["tool not allowed", tool] if some tool in input.tools - data.organization.tools
reasons contains ["scope undeclared", scope] if some scope in input.scopes - data.pack.scopes
reasons contains ["scope not granted", scope] if some scope in input.scopes - data.organization.scopes
reasons contains ["model undeclared", model] if some model in input.models - data.pack.models
reasons contains ["model not allowed", model] if some model in input.models - data.organization.models
"#;
const REASONS_RULE: &str = "data.reach.reasons";

fn texts<T: ToString>(texts: impl IntoIterator<Item = T>) -> Value {
    let texts: std::collections::BTreeSet<Value> = texts.into_iter().map(|text| text.to_string().into()).collect();
    texts.into()
}

fn models(pairs: impl Iterator<Item = (&'static str, &'static str)>) -> Value {
    texts(pairs.map(|(key, model)| format!("{key}={model}")))
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let fields: BTreeMap<Value, Value> = fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
    fields.into()
}

fn data(world: &World) -> Value {
    let allowed = world.allowed_models.iter().flat_map(|(key, models)| models.iter().map(|model| (*key, *model)));
    let pack = object([
        ("deterministic", world.deterministic.into()),
        ("tools", texts(world.declared_tools.iter().filter(|tool| !world.drifted_tools.contains(tool)))),
        ("scopes", texts(&world.declared_scopes)),
        ("models", models(world.declared_models.iter().copied())),
    ]);
    let organization = object([
        ("not_before", NOT_BEFORE.into()),
        ("expires", EXPIRES.into()),
        ("tools", texts(&world.allowed_tools)),
        ("scopes", texts(&world.granted_scopes)),
        ("models", models(allowed)),
    ]);
    object([("pack", pack), ("organization", organization)])
}

fn input(asked: &Asked) -> Value {
    object([
        ("now", asked.now.into()),
        ("tools", texts(&asked.tools)),
        ("scopes", texts(&asked.scopes)),
        ("models", models(asked.models.iter().copied())),
    ])
}

fn engine(policy: &str, world: &World) -> Engine {
    let mut engine = Engine::new();
    engine.add_policy("reach.rego".to_owned(), policy.to_owned()).expect("the policy parses");
    engine.add_data(data(world)).expect("the data is an object");
    engine
}

/// The answer of `rule` compiled to bytecode, with an input that stands ready.
fn compiled(policy: &str, rule: &str, world: &World, asked: &Asked) -> impl Fn() -> Value + use<> {
    let policy = engine(policy, world).compile_with_entrypoint(&Rc::from(rule)).expect("the rule is there");
    let program = Compiler::compile_from_policy(&policy, &[rule]).expect("the policy compiles");
    let mut machine = RegoVM::new_with_policy(policy);
    machine.load_program(program);
    machine.set_data(data(world)).expect("the data does not clash with a rule");
    let (machine, input) = (RefCell::new(machine), input(asked));
    move || {
        let mut machine = machine.borrow_mut();
        machine.set_input(black_box(&input).clone());
        machine.execute().expect("the program runs")
    }
}

/// Whether it allows, as bytecode.
pub fn bytecode(world: &World, asked: &Asked) -> Box<dyn Fn() -> bool> {
    let answer = compiled(POLICY, RULE, world, asked);
    Box::new(move || answer() == Value::from(true))
}

/// How many reasons it gives, as bytecode.
pub fn reasons(world: &World, asked: &Asked) -> Box<dyn Fn() -> usize> {
    let answer = compiled(REASONS, REASONS_RULE, world, asked);
    Box::new(move || answer().as_set().expect("a set of reasons").len())
}

/// Interpreted, with an input that stands ready.
pub fn interpreter(world: &World, asked: &Asked) -> Box<dyn Fn() -> bool> {
    let (engine, input) = (RefCell::new(engine(POLICY, world)), input(asked));
    Box::new(move || {
        let mut engine = engine.borrow_mut();
        engine.set_input(black_box(&input).clone());
        engine.eval_rule(RULE.to_owned()).expect("the rule evaluates") == Value::from(true)
    })
}
