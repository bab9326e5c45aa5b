//! Cedar: one policy, the pack and the organization as entities, what is asked for as context.

use std::{collections::HashMap, hint::black_box};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, Response, RestrictedExpression,
};

use super::scenario::{Asked, EXPIRES, NOT_BEFORE, World};

/// A model is asked for, declared and allowed as `key=model`: no name holds a `=`.
const POLICY: &str = r#"
permit (principal, action == Action::"run", resource) when {
    context.now >= principal.not_before && context.now < principal.expires &&
    resource.deterministic &&
    resource.tools.containsAll(context.tools) && principal.tools.containsAll(context.tools) &&
    resource.scopes.containsAll(context.scopes) && principal.scopes.containsAll(context.scopes) &&
    resource.models.containsAll(context.models) && principal.models.containsAll(context.models)
};
"#;

/// The same rules, each a policy of its own: the violated ones stand in the answer.
const REASONS: &str = r#"
permit (principal, action == Action::"run", resource);
forbid (principal, action, resource) when { context.now < principal.not_before };
forbid (principal, action, resource) when { context.now >= principal.expires };
forbid (principal, action, resource) unless { resource.deterministic };
forbid (principal, action, resource) unless { resource.tools.containsAll(context.tools) };
forbid (principal, action, resource) unless { principal.tools.containsAll(context.tools) };
forbid (principal, action, resource) unless { resource.scopes.containsAll(context.scopes) };
forbid (principal, action, resource) unless { principal.scopes.containsAll(context.scopes) };
forbid (principal, action, resource) unless { resource.models.containsAll(context.models) };
forbid (principal, action, resource) unless { principal.models.containsAll(context.models) };
"#;

struct Cedar {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
}

impl Cedar {
    fn of(policies: &str, world: &World) -> Self {
        let sound = world.declared_tools.iter().filter(|tool| !world.drifted_tools.contains(tool));
        let pack = [
            ("deterministic", RestrictedExpression::new_bool(world.deterministic)),
            ("tools", texts(sound)),
            ("scopes", texts(&world.declared_scopes)),
            ("models", models(world.declared_models.iter().copied())),
        ];
        let allowed = world.allowed_models.iter().flat_map(|(key, models)| models.iter().map(|model| (*key, *model)));
        let organization = [
            ("not_before", RestrictedExpression::new_long(NOT_BEFORE)),
            ("expires", RestrictedExpression::new_long(EXPIRES)),
            ("tools", texts(&world.allowed_tools)),
            ("scopes", texts(&world.granted_scopes)),
            ("models", models(allowed)),
        ];
        let entities = [entity("Pack", pack.into()), entity("Organization", organization.into())];
        Self {
            policies: policies.parse().expect("the policy parses"),
            entities: Entities::from_entities(entities, None).expect("the entities are consistent"),
            authorizer: Authorizer::new(),
        }
    }

    fn ask(&self, request: &Request) -> Response {
        self.authorizer.is_authorized(request, &self.policies, &self.entities)
    }

    fn allows(&self, request: &Request) -> bool {
        self.ask(request).decision() == Decision::Allow
    }
}

fn uid(kind: &str) -> EntityUid {
    let id = if kind == "Action" { "run" } else { "one" };
    format!("{kind}::\"{id}\"").parse().expect("the name parses")
}

fn entity(kind: &str, attributes: HashMap<&str, RestrictedExpression>) -> Entity {
    let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Entity::new(uid(kind), attributes, Default::default()).expect("the attributes evaluate")
}

fn texts(texts: impl IntoIterator<Item = impl ToString>) -> RestrictedExpression {
    RestrictedExpression::new_set(texts.into_iter().map(|text| RestrictedExpression::new_string(text.to_string())))
}

fn models(pairs: impl Iterator<Item = (&'static str, &'static str)>) -> RestrictedExpression {
    texts(pairs.map(|(key, model)| format!("{key}={model}")))
}

fn request([organization, action, pack]: [EntityUid; 3], asked: &Asked) -> Request {
    let context = [
        ("now", RestrictedExpression::new_long(asked.now)),
        ("tools", texts(&asked.tools)),
        ("scopes", texts(&asked.scopes)),
        ("models", models(asked.models.iter().copied())),
    ];
    let context = Context::from_pairs(context.map(|(name, value)| (name.to_owned(), value))).expect("no duplicates");
    Request::new(organization, action, pack, context, None).expect("no schema to violate")
}

fn names() -> [EntityUid; 3] {
    ["Organization", "Action", "Pack"].map(uid)
}

/// Cedar asked with a request that stands ready.
pub fn prebuilt(world: &World, asked: &Asked) -> Box<dyn Fn() -> bool> {
    let (cedar, request) = (Cedar::of(POLICY, world), request(names(), asked));
    Box::new(move || cedar.allows(black_box(&request)))
}

/// Cedar asked with a request that is built from the names each time.
pub fn built(world: &World, asked: &Asked) -> Box<dyn Fn() -> bool> {
    let (cedar, names, asked) = (Cedar::of(POLICY, world), names(), asked.clone());
    Box::new(move || cedar.allows(&request(names.clone(), black_box(&asked))))
}

/// How many rules Cedar names as violated, asked with a request that stands ready. What violates
/// them it does not say.
pub fn reasons(world: &World, asked: &Asked) -> Box<dyn Fn() -> usize> {
    let (cedar, request) = (Cedar::of(REASONS, world), request(names(), asked));
    Box::new(move || {
        let response = cedar.ask(black_box(&request));
        if response.decision() == Decision::Allow { 0 } else { response.diagnostics().reason().count() }
    })
}
