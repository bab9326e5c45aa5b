//! Reading limits, questions and tenants as people write them.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Grants, TenantId, ToolId, table};
use serde::{Deserialize, de::IgnoredAny};

use super::{read_grants, read_models, read_set, read_tools};
use crate::{
    ArgumentPath, Asks, Check, Limit, LimitDefect, Literal, MAX_CHOICES, MAX_LIMITS, MAX_TENANTS, PathPrefix, Place,
    PolicyError, RuleId, TenantRules, policy::check_count, refinements::Refinements,
};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAsks {
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimit {
    id: String,
    tool: String,
    at: String,
    #[serde(default)]
    optional: bool,
    one_of: Option<Vec<RawLiteral>>,
    below: Option<Vec<String>>,
    min: Option<i64>,
    max: Option<i64>,
    max_bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawLiteral {
    Flag(bool),
    Number(i64),
    Text(String),
    Other(IgnoredAny),
}

/// Tenants are tables, like all structures.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct RawTenant(#[serde(deserialize_with = "table::one")] RawRules);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRules {
    tools: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    models: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    require_deterministic: bool,
    #[serde(default)]
    enforce: bool,
    #[serde(default, deserialize_with = "table::one")]
    asks: RawAsks,
    #[serde(default, deserialize_with = "table::list")]
    limits: Vec<RawLimit>,
}

pub(super) fn read_refinements(
    limits: &[RawLimit],
    asks: &RawAsks,
    tenants: &BTreeMap<String, RawTenant>,
    listed_tenants_only: bool,
) -> Result<Refinements, PolicyError> {
    check_count("tenants", MAX_TENANTS, tenants.len())?;
    Ok(Refinements {
        limits: read_limits(limits, &|| Place::field("limits"))?,
        asks: read_asks(asks, &|| Place::field("asks"))?,
        tenants: tenants.iter().enumerate().map(read_tenant).collect::<Result<_, _>>()?,
        listed_tenants_only,
    })
}

fn read_tenant((index, (name, raw)): (usize, (&String, &RawTenant))) -> Result<(TenantId, TenantRules), PolicyError> {
    let place = || Place::field("tenants").at(index);
    let name = TenantId::parse(name).map_err(|error| PolicyError::Entry { place: place(), error })?;
    let place = || Place::tenant(&name);
    let RawTenant(raw) = raw;
    let read_scopes = |texts: &Vec<String>| read_scopes(texts, &|| place().then("scopes"));
    let rules = TenantRules {
        tools: raw.tools.as_ref().map(|texts| read_tools(texts, &|| place().then("tools"))).transpose()?,
        scopes: raw.scopes.as_ref().map(read_scopes).transpose()?,
        models: raw.models.as_ref().map(|raw| read_models(raw, &|| place().then("models"))).transpose()?,
        require_deterministic: raw.require_deterministic,
        enforce: raw.enforce,
        asks: read_asks(&raw.asks, &|| place().then("asks"))?,
        limits: read_limits(&raw.limits, &|| place().then("limits"))?,
    };
    Ok((name, rules))
}

fn read_asks(raw: &RawAsks, place: &dyn Fn() -> Place) -> Result<Asks, PolicyError> {
    Ok(Asks {
        tools: read_tools(&raw.tools, &|| place().then("tools"))?,
        scopes: read_scopes(&raw.scopes, &|| place().then("scopes"))?,
    })
}

fn read_scopes(texts: &[String], place: &dyn Fn() -> Place) -> Result<Grants, PolicyError> {
    Ok(read_grants(texts, place)?.into_iter().collect())
}

/// The limits sorted by id, each id once.
fn read_limits(raw: &[RawLimit], place: &dyn Fn() -> Place) -> Result<Vec<Limit>, PolicyError> {
    check_count("limits", MAX_LIMITS, raw.len())?;
    let mut limits = BTreeMap::new();
    for (index, raw) in raw.iter().enumerate() {
        let place = || place().at(index);
        let limit = read_limit(raw, &place)?;
        if limits.insert(limit.id.clone(), limit).is_some() {
            return Err(PolicyError::DuplicateId { place: place() });
        }
    }
    Ok(limits.into_values().collect())
}

fn read_limit(raw: &RawLimit, place: &dyn Fn() -> Place) -> Result<Limit, PolicyError> {
    let entry = |field| move |error| PolicyError::Entry { place: place().then(field), error };
    let at = ArgumentPath::parse(&raw.at)
        .map_err(|error| PolicyError::LimitMalformed { place: place().then("at"), defect: LimitDefect::At(error) })?;
    Ok(Limit {
        id: RuleId::parse(&raw.id).map_err(entry("id"))?,
        tool: ToolId::parse(&raw.tool).map_err(entry("tool"))?,
        at,
        check: read_check(raw, place)?,
        optional: raw.optional,
    })
}

fn read_check(raw: &RawLimit, place: &dyn Fn() -> Place) -> Result<Check, PolicyError> {
    match (&raw.one_of, &raw.below, raw.min, raw.max, raw.max_bytes) {
        (Some(literals), None, None, None, None) => Ok(Check::OneOf(read_literals(literals, place)?)),
        (None, Some(prefixes), None, None, None) => Ok(Check::Below(read_prefixes(prefixes, place)?)),
        (None, None, None, None, Some(bytes)) => Ok(Check::MaxBytes(bytes)),
        (None, None, min, max, None) if min.or(max).is_some() => Ok(Check::Range { min, max }),
        _ => Err(PolicyError::LimitMalformed { place: place(), defect: LimitDefect::Checks }),
    }
}

fn read_literals(raw: &[RawLiteral], place: &dyn Fn() -> Place) -> Result<BTreeSet<Literal>, PolicyError> {
    check_count("one_of", MAX_CHOICES, raw.len())?;
    let parse = |raw: &RawLiteral, place: &dyn Fn() -> Place| {
        let literal = match raw {
            RawLiteral::Flag(flag) => Some(Literal::Flag(*flag)),
            RawLiteral::Number(number) => Some(Literal::Number(*number)),
            RawLiteral::Text(text) => Some(Literal::Text(text.clone())),
            RawLiteral::Other(_) => None,
        };
        let literal = literal.filter(Literal::is_sound);
        literal.ok_or_else(|| PolicyError::LimitMalformed { place: place(), defect: LimitDefect::Literal })
    };
    read_set(raw, |index| place().then("one_of").at(index), parse)
}

fn read_prefixes(raw: &[String], place: &dyn Fn() -> Place) -> Result<BTreeSet<PathPrefix>, PolicyError> {
    check_count("below", MAX_CHOICES, raw.len())?;
    let parse = |text: &String, place: &dyn Fn() -> Place| {
        let malformed = |error| PolicyError::LimitMalformed { place: place(), defect: LimitDefect::Prefix(error) };
        PathPrefix::parse(text).map_err(malformed)
    };
    read_set(raw, |index| place().then("below").at(index), parse)
}
