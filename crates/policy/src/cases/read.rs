//! Reading cases: every entry parsed, so that a slip of the pen is no test that passes.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{
    Blake3Digest, Grant, ModelId, ModelKey, PackFacts, PackName, PackVersion, RegistrySnapshot, Request, Scope,
    TenantId, Timestamp, ToolCall, ToolId, is_reason,
};

use super::{
    Asked, Case, CasesError, PolicyCases, Reason,
    raw::{RawCall, RawCase, RawPack, RawRequest, RawRights, parse},
};
use crate::{Mode, Outcome, Place, Rights, Rule, ValidityError};

/// The tenant, and the pack's name, of cases that are not about either.
const UNNAMED: [&str; 2] = ["default", "pack"];

impl PolicyCases {
    /// Reads a file of at most [`super::MAX_CASES_TOML_BYTES`] bytes:
    ///
    /// ```
    /// let cases = reach_policy::PolicyCases::from_toml(
    ///     r#"
    ///     schema = "reach-policy-tests/1"
    ///
    ///     [[cases]]
    ///     name = "nobody opens a shell"
    ///     now = "2026-06-01T00:00:00Z"        # optional: the policy's `not_before`
    ///     tenant = "acme"                     # optional: `default`
    ///     mode = "enforce"                    # optional
    ///     drifted = []                        # optional: tools defined otherwise than pinned
    ///     expect = "deny"                     # or `allow`, `ask`, `warned`
    ///     reasons = ["policy.tool_not_allowed shell.exec"] # all of them, and no other
    ///
    ///     [cases.request]                     # or `[cases.call]`: tool, scopes, arguments
    ///     tools = ["shell.exec"]
    ///
    ///     [cases.pack]                        # optional: it declares what is asked for
    ///     deterministic = true
    ///     "#,
    /// )?;
    /// assert_eq!(cases.len(), 1);
    /// # Ok::<(), reach_policy::CasesError>(())
    /// ```
    ///
    /// # Errors
    /// [`CasesError::TooLarge`] before anything is parsed, [`CasesError::Toml`] and
    /// [`CasesError::UnknownField`] for the TOML itself, then one variant per rule of the format.
    pub fn from_toml(text: &str) -> Result<Self, CasesError> {
        let mut names = BTreeSet::new();
        let read = |(index, raw): (usize, RawCase)| {
            let place = Place::field("cases").at(index);
            let fresh = names.insert(raw.name.clone());
            if fresh { read_case(raw, &place) } else { Err(CasesError::Duplicate { place: place.then("name") }) }
        };
        parse(text)?.into_iter().enumerate().map(read).collect::<Result<_, _>>().map(Self)
    }
}

fn read_case(raw: RawCase, place: &Place) -> Result<Case, CasesError> {
    let field = |name| place.clone().then(name);
    let tenant = raw.tenant.as_deref().unwrap_or(UNNAMED[0]);
    let asked = read_asked(raw.request, raw.call, place)?;
    let facts = read_pack(raw.pack.unwrap_or_default(), &asked, &field("pack"))?;
    let drifted = read_set(&raw.drifted, &field("drifted"), "a tool that the pack declares", |text| {
        ToolId::parse(text).ok().filter(|tool| facts.tools.contains_key(tool))
    })?;
    Ok(Case {
        name: entry(&raw.name, field("name"), "a sentence of plain ASCII", |text| {
            is_reason(text).then(|| text.to_owned())
        })?,
        now: raw
            .now
            .map(|text| {
                entry(&text, field("now"), "a date written `YYYY-MM-DDTHH:MM:SSZ`", |text| Timestamp::parse(text).ok())
            })
            .transpose()?,
        tenant: entry(tenant, field("tenant"), "a tenant", |text| TenantId::parse(text).ok())?,
        mode: entry(raw.mode.as_deref().unwrap_or("enforce"), field("mode"), "`enforce` or `warn`", |text| {
            Mode::parse(Some(text)).ok()
        })?,
        registry: registry(&facts, &drifted),
        rights: raw.delegated.map(|raw| read_rights(&raw, &field("delegated"))).transpose()?,
        expect: entry(&raw.expect, field("expect"), "`allow`, `ask`, `warned` or `deny`", outcome)?,
        reasons: read_set(&raw.reasons, &field("reasons"), "a code of the gate, a space and its subject", reason)?,
        asked,
        facts,
    })
}

fn outcome(text: &str) -> Option<Outcome> {
    [Outcome::Allow, Outcome::Ask, Outcome::Warned, Outcome::Deny].into_iter().find(|one| one.as_str() == text)
}

/// A code that the gate does not have would be missing for ever: that is a slip of the pen.
fn reason(text: &str) -> Option<Reason> {
    let mut words = text.split(' ');
    let (code, subject, rule) = (words.next()?, words.next()?, words.next());
    let known = codes().any(|known| known == code);
    let whole = known && !subject.is_empty() && rule != Some("") && words.next().is_none();
    whole.then(|| Reason { code: code.to_owned(), subject: subject.to_owned(), rule: rule.map(str::to_owned) })
}

/// Every code of the gate.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    Rule::ROWS.iter().chain(ValidityError::ROWS).map(|row| row.code)
}

fn read_asked(request: Option<RawRequest>, call: Option<RawCall>, place: &Place) -> Result<Asked, CasesError> {
    match (request, call) {
        (Some(raw), None) => {
            let place = place.clone().then("request");
            Ok(Asked::Request(Request {
                tools: read_tools(&raw.tools, &place.clone().then("tools"))?,
                scopes: read_scopes(&raw.scopes, &place.clone().then("scopes"))?,
                models: read_models(&raw.models, &place.then("models"))?,
            }))
        }
        (None, Some(raw)) => {
            let place = place.clone().then("call");
            Ok(Asked::Call(ToolCall {
                tool: entry(&raw.tool, place.clone().then("tool"), "a tool", |text| ToolId::parse(text).ok())?,
                scopes: read_scopes(&raw.scopes, &place.then("scopes"))?,
                arguments: raw.arguments.into_bytes(),
            }))
        }
        (None, None) | (Some(_), Some(_)) => Err(CasesError::Asks { place: place.clone() }),
    }
}

fn read_pack(raw: RawPack, asked: &Asked, place: &Place) -> Result<PackFacts, CasesError> {
    let asked = asked.request();
    let field = |name| place.clone().then(name);
    let name = raw.name.as_deref().unwrap_or(UNNAMED[1]);
    let tools = raw.tools.map(|texts| read_tools(&texts, &field("tools"))).transpose()?.unwrap_or(asked.tools);
    let scopes = raw.scopes.map(|texts| read_grants(&texts, &field("scopes"))).transpose()?;
    let models = raw.models.map(|texts| read_models(&texts, &field("models"))).transpose()?;
    Ok(PackFacts {
        digest: Blake3Digest::of(b""),
        name: entry(name, field("name"), "a pack's name", |text| PackName::parse(text).ok())?,
        version: entry("1.0.0", field("version"), "a version", |text| PackVersion::parse(text).ok())?,
        tools: tools.into_iter().map(|tool| (tool.clone(), definition(&tool))).collect(),
        scopes: scopes.unwrap_or_else(|| asked.scopes.iter().map(Grant::exact).collect()).into_iter().collect(),
        models: models.unwrap_or(asked.models),
        deterministic: raw.deterministic.unwrap_or(true),
    })
}

/// What a tool is pinned to is of no matter to a case, as long as it differs from tool to tool.
fn definition(tool: &ToolId) -> Blake3Digest {
    Blake3Digest::of(tool.as_str().as_bytes())
}

/// The node's tools: those of the pack, some of them changed.
fn registry(facts: &PackFacts, drifted: &BTreeSet<ToolId>) -> RegistrySnapshot {
    let here = |(tool, pinned): (&ToolId, &Blake3Digest)| {
        let changed = Blake3Digest::of(pinned.as_bytes());
        (tool.clone(), if drifted.contains(tool) { changed } else { *pinned })
    };
    RegistrySnapshot::of(facts.tools.keys(), &facts.tools.iter().map(here).collect())
}

fn read_rights(raw: &RawRights, place: &Place) -> Result<Rights, CasesError> {
    Ok(Rights {
        tools: read_tools(&raw.tools, &place.clone().then("tools"))?,
        scopes: read_grants(&raw.scopes, &place.clone().then("scopes"))?.into_iter().collect(),
    })
}

fn read_tools(texts: &[String], place: &Place) -> Result<BTreeSet<ToolId>, CasesError> {
    read_set(texts, place, "a tool", |text| ToolId::parse(text).ok())
}

fn read_scopes(texts: &[String], place: &Place) -> Result<BTreeSet<Scope>, CasesError> {
    read_set(texts, place, "an exact scope", |text| Scope::parse(text).ok())
}

fn read_grants(texts: &[String], place: &Place) -> Result<BTreeSet<Grant>, CasesError> {
    read_set(texts, place, "a grant", |text| Grant::parse(text).ok())
}

fn read_models(texts: &BTreeMap<String, String>, place: &Place) -> Result<BTreeMap<ModelKey, ModelId>, CasesError> {
    let read = |(index, (key, model)): (usize, (&String, &String))| {
        let pair = (ModelKey::parse(key).ok(), ModelId::parse(model).ok());
        let (Some(key), Some(model)) = pair else {
            return Err(CasesError::Entry { place: place.clone().at(index), wanted: "a model for a key" });
        };
        Ok((key, model))
    };
    texts.iter().enumerate().map(read).collect()
}

fn read_set<T: Ord>(
    texts: &[String],
    place: &Place,
    wanted: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<BTreeSet<T>, CasesError> {
    let mut set = BTreeSet::new();
    for (index, text) in texts.iter().enumerate() {
        let place = place.clone().at(index);
        if !set.insert(entry(text, place.clone(), wanted, &parse)?) {
            return Err(CasesError::Duplicate { place });
        }
    }
    Ok(set)
}

fn entry<T>(
    text: &str,
    place: Place,
    wanted: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, CasesError> {
    parse(text).ok_or(CasesError::Entry { place, wanted })
}
