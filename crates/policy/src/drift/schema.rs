//! JSON Schema as far as it is understood: the keywords under which accepting more in one place
//! never means accepting less as a whole.
//!
//! That leaves out `not`, `oneOf`, `if`, `patternProperties`, `unevaluatedProperties` and every
//! keyword not known: a document that holds one anywhere cannot be compared, only found different.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Schema {
    /// `false`: accepts nothing.
    Nothing,
    /// Accepts what meets every rule in it.
    Rules(Box<Rules>),
}

/// What stands in one schema object. Each rule is independent of all others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rules {
    pub(super) types: Option<BTreeSet<String>>,
    /// The values of `enum`, or the one of `const`, as compact JSON.
    pub(super) values: Option<BTreeSet<String>>,
    /// Bounds that accept more the higher they are.
    pub(super) upper: BTreeMap<&'static str, i64>,
    /// Bounds that accept more the lower they are.
    pub(super) lower: BTreeMap<&'static str, i64>,
    /// Rules of which no two are compared.
    pub(super) exact: BTreeMap<&'static str, String>,
    pub(super) required: BTreeSet<String>,
    pub(super) properties: BTreeMap<String, Schema>,
    /// What every other property must be; anything if it is not there.
    pub(super) others: Option<Schema>,
    pub(super) items: Option<Schema>,
    pub(super) any_of: Option<Vec<Schema>>,
    pub(super) all_of: Vec<Schema>,
    /// Which of the document's definitions must be met as well.
    pub(super) refers_to: Option<String>,
    /// The document's definitions, by the references that lead to them.
    pub(super) definitions: BTreeMap<String, Schema>,
    /// What it says to people and to models.
    pub(super) texts: BTreeMap<&'static str, Value>,
    /// What decides about no value, and is more than text.
    pub(super) hints: BTreeMap<&'static str, Value>,
}

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
const UPPER: [&str; 5] = ["exclusiveMaximum", "maxItems", "maxLength", "maxProperties", "maximum"];
const LOWER: [&str; 5] = ["exclusiveMinimum", "minItems", "minLength", "minProperties", "minimum"];
const TEXTS: [&str; 4] = ["$comment", "description", "examples", "title"];
const HINTS: [&str; 5] = ["$schema", "default", "deprecated", "readOnly", "writeOnly"];

/// The name that `known` has for `keyword`.
fn one_of(known: &'static [&'static str], keyword: &str) -> Option<&'static str> {
    known.iter().copied().find(|name| *name == keyword)
}

impl Schema {
    /// Accepts everything.
    pub(super) fn anything() -> Self {
        Self::Rules(Box::default())
    }

    /// Reads a whole document; nothing if some of it is not understood.
    pub(super) fn read(document: &Value) -> Option<Self> {
        Self::part(document, true)
    }

    fn part(value: &Value, root: bool) -> Option<Self> {
        match value {
            Value::Bool(true) => Some(Self::anything()),
            Value::Bool(false) => Some(Self::Nothing),
            Value::Object(keywords) => Rules::read(keywords, root).map(|rules| Self::Rules(Box::new(rules))),
            _ => None,
        }
    }
}

impl Rules {
    fn read(keywords: &Map<String, Value>, root: bool) -> Option<Self> {
        // Rules beside a reference: older drafts ignore them, newer ones do not.
        if keywords.contains_key("$ref") && !keywords.keys().all(|keyword| stands_beside_reference(keyword)) {
            return None;
        }
        let mut rules = Self::default();
        for (keyword, value) in keywords {
            rules.take(keyword, value, root)?;
        }
        Some(rules)
    }

    fn take(&mut self, keyword: &str, value: &Value, root: bool) -> Option<()> {
        match keyword {
            "type" => self.types = Some(types(value)?),
            // Both at once would be one rule more than there is place for.
            "enum" | "const" if self.values.is_some() => return None,
            "enum" => self.values = Some(value.as_array()?.iter().map(Value::to_string).collect()),
            "const" => self.values = Some([value.to_string()].into()),
            "format" | "pattern" => drop(self.exact.insert(name(keyword)?, value.as_str()?.to_owned())),
            "multipleOf" => drop(self.exact.insert(name(keyword)?, value.as_i64()?.to_string())),
            // `false` is no rule.
            "uniqueItems" => drop(value.as_bool()?.then(|| self.exact.insert("uniqueItems", String::new()))),
            "required" => self.required = texts(value)?,
            "properties" => self.properties = schemas(value, "")?,
            "additionalProperties" => self.others = Some(Schema::part(value, false)?),
            "items" => self.items = Some(Schema::part(value, false)?),
            "anyOf" => self.any_of = Some(list(value)?),
            "allOf" => self.all_of = list(value)?,
            "$ref" => self.refers_to = Some(reference(value)?),
            // A reference leads to a definition of the document, never to one of its parts.
            "$defs" | "definitions" if root => self.definitions.extend(schemas(value, &format!("#/{keyword}/"))?),
            _ => return self.take_by_kind(keyword, value),
        }
        Some(())
    }

    fn take_by_kind(&mut self, keyword: &str, value: &Value) -> Option<()> {
        if let Some(name) = one_of(&UPPER, keyword) {
            self.upper.insert(name, value.as_i64()?);
        } else if let Some(name) = one_of(&LOWER, keyword) {
            self.lower.insert(name, value.as_i64()?);
        } else if let Some(name) = one_of(&TEXTS, keyword) {
            self.texts.insert(name, value.clone());
        } else {
            self.hints.insert(one_of(&HINTS, keyword)?, value.clone());
        }
        Some(())
    }
}

fn stands_beside_reference(keyword: &str) -> bool {
    matches!(keyword, "$ref" | "$defs" | "definitions") || TEXTS.contains(&keyword) || HINTS.contains(&keyword)
}

/// The names of [`Rules::exact`].
fn name(keyword: &str) -> Option<&'static str> {
    one_of(&["format", "multipleOf", "pattern"], keyword)
}

fn types(value: &Value) -> Option<BTreeSet<String>> {
    let named = match value {
        Value::String(one) => BTreeSet::from([one.clone()]),
        _ => texts(value)?,
    };
    named.iter().all(|name| TYPES.contains(&name.as_str())).then_some(named)
}

fn texts(value: &Value) -> Option<BTreeSet<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn list(value: &Value) -> Option<Vec<Schema>> {
    value.as_array()?.iter().map(|one| Schema::part(one, false)).collect()
}

fn schemas(value: &Value, prefix: &str) -> Option<BTreeMap<String, Schema>> {
    let pair = |(key, one): (&String, &Value)| Some((format!("{prefix}{key}"), Schema::part(one, false)?));
    value.as_object()?.iter().map(pair).collect()
}

/// A reference to one of the document's definitions, spelt as [`Rules::definitions`] spells it.
fn reference(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let key = text.strip_prefix("#/$defs/").or_else(|| text.strip_prefix("#/definitions/"))?;
    (!key.contains(['/', '~', '%'])).then(|| text.to_owned())
}
