//! Reading a policy as people write it.

mod refinements;

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{
    Blake3Digest, Grant, LegacyException, ModelId, ModelKey, PackName, Sha256Digest, Timestamp, ToolId, is_reason,
    table,
};
use serde::{Deserialize, de::IgnoredAny};

use self::refinements::{RawAsks, RawLimit, RawTenant, read_refinements};
use crate::{
    MAX_EXCEPTIONS, MAX_GRANTS, MAX_MODEL_KEYS, MAX_MODELS_PER_KEY, MAX_TOOLS, Place, Policy, PolicyError,
    exceptions::Exceptions,
    policy::{Body, check_count},
    refinements::Refinements,
};

/// The value of `schema`.
pub const POLICY_SCHEMA: &str = "reach-policy/1";
/// The most bytes of a policy file, 8 MiB: every list full of longest entries takes 6.8 million, and
/// there should be room for comments.
pub const MAX_POLICY_TOML_BYTES: usize = 8 * 1024 * 1024;
/// The most characters of the TOML reader's own words that an error repeats.
const MAX_DETAIL_CHARS: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    schema: String,
    name: String,
    version: RawVersion,
    not_before: String,
    expires: String,
    warn_until: Option<String>,
    require_deterministic: bool,
    tools: Vec<String>,
    scopes: Vec<String>,
    #[serde(default)]
    models: BTreeMap<String, Vec<String>>,
    #[serde(default, deserialize_with = "table::list")]
    legacy_packs: Vec<RawException>,
    #[serde(default, deserialize_with = "table::list")]
    unsigned_plugins: Vec<RawException>,
    plugin_keyring: Option<String>,
    #[serde(default)]
    listed_tenants_only: bool,
    #[serde(default, deserialize_with = "table::one")]
    asks: RawAsks,
    #[serde(default, deserialize_with = "table::list")]
    limits: Vec<RawLimit>,
    #[serde(default)]
    tenants: BTreeMap<String, RawTenant>,
}

/// An exception without a digest would cover everything: it is told apart from other slips.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawException {
    digest: Option<String>,
    reason: String,
    until: String,
}

/// A version of another type is a wrong version, not a wrong shape: `"1.10"` is what people write.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawVersion {
    Number(u64),
    Other(IgnoredAny),
}

impl Policy {
    /// Reads a policy of at most [`MAX_POLICY_TOML_BYTES`] bytes:
    ///
    /// ```
    /// let policy = reach_policy::Policy::from_toml(
    ///     r#"
    ///     schema = "reach-policy/1"
    ///     name = "example"                     # the grammar of a pack's name
    ///     version = 1                          # counts up from 1
    ///     not_before = "2026-01-01T00:00:00Z"  # in force from this moment on
    ///     expires = "2027-01-01T00:00:00Z"     # until before this one
    ///     warn_until = "2026-02-01T00:00:00Z"  # optional: mode warn works until then
    ///     require_deterministic = true         # whether packs must be declared deterministic
    ///     tools = ["fs.list", "digest.files"]  # tools that may be called
    ///     scopes = ["workspace:read", "output:*"] # `:*` grants everything below
    ///     listed_tenants_only = true           # optional: refuse tenants that are not listed below
    ///
    ///     [models]                             # optional: allowed models by what for
    ///     planner = ["acme.large-1"]
    ///
    ///     [[legacy_packs]]                     # optional: unsigned packs, by the archive's BLAKE3
    ///     digest = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
    ///     reason = "built before we signed packs"
    ///     until = "2026-03-01T00:00:00Z"       # covers nothing from this moment on
    ///
    ///     [asks]                               # optional: what a person approves, call by call
    ///     tools = ["digest.files"]             # calls of these tools
    ///     scopes = ["output:reports:*"]        # calls that use a scope under these grants
    ///
    ///     [[limits]]                           # optional: limits on the arguments of a tool
    ///     id = "reports-only"                  # stands in reasons; unique in the whole policy
    ///     tool = "fs.list"                     # one that is allowed
    ///     at = "/path"                         # RFC 6901, `*` for every element; "" is the whole text
    ///     below = ["reports", "inbox/new"]     # these paths and what is below them
    ///     optional = true                      # whether the argument may be absent; it may not if left out
    ///
    ///     [[limits]]
    ///     id = "known-formats"
    ///     tool = "digest.files"
    ///     at = "/formats/*"
    ///     one_of = ["hex", 64, true]           # instead of `below`: these values
    ///
    ///     [[limits]]
    ///     id = "few-files"
    ///     tool = "digest.files"
    ///     at = "/count"
    ///     min = 1                              # or: whole numbers from `min` to `max`, either
    ///     max = 100                            # of which may be left out
    ///
    ///     [[limits]]
    ///     id = "short-calls"
    ///     tool = "digest.files"
    ///     at = ""
    ///     max_bytes = 65536                    # or: at most so many bytes
    ///
    ///     [tenants.acme]                       # optional: what is narrower for one tenant, and
    ///     tools = ["fs.list"]                  # may leave out each of these: then it is as above
    ///     scopes = ["workspace:read"]
    ///     require_deterministic = true         # for it, wherever the organization does not say so
    ///     enforce = true                       # mode warn lets nothing of it through
    ///
    ///     [tenants.acme.models]                # the keys left to it, with the models left to it
    ///     planner = ["acme.large-1"]
    ///
    ///     [tenants.acme.asks]                  # beside those above, and so are its limits
    ///     tools = ["fs.list"]
    ///
    ///     [[tenants.acme.limits]]
    ///     id = "acme-reports"
    ///     tool = "fs.list"
    ///     at = "/path"
    ///     below = ["reports/acme"]
    ///     "#,
    /// )?;
    /// assert_eq!(policy.version(), 1);
    /// # Ok::<(), reach_policy::PolicyError>(())
    /// ```
    ///
    /// # Errors
    /// [`PolicyError::TooLarge`] before anything is parsed, [`PolicyError::Toml`] and
    /// [`PolicyError::UnknownField`] for the TOML itself, then one variant per rule of the load
    /// checks.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_TOML_BYTES {
            return Err(PolicyError::TooLarge { actual: text.len() });
        }
        let raw: Raw = toml::from_str(text).map_err(|error| toml_error(text, &error))?;
        let (exceptions, refinements) = (raw.exceptions()?, raw.refinements()?);
        Self::checked(raw.body()?, exceptions, refinements)
    }
}

impl Raw {
    fn body(self) -> Result<Body, PolicyError> {
        if self.schema != POLICY_SCHEMA {
            return Err(PolicyError::Schema);
        }
        let RawVersion::Number(version) = self.version else {
            return Err(PolicyError::Version);
        };
        Ok(Body {
            name: PackName::parse(&self.name).map_err(|error| PolicyError::Name { error })?,
            version,
            not_before: date("not_before", &self.not_before)?,
            expires: date("expires", &self.expires)?,
            warn_until: self.warn_until.map(|text| date("warn_until", &text)).transpose()?,
            require_deterministic: self.require_deterministic,
            tools: read_tools(&self.tools, &|| Place::field("tools"))?,
            scopes: read_grants(&self.scopes, &|| Place::field("scopes"))?.into_iter().collect(),
            models: read_models(&self.models, &|| Place::field("models"))?,
        })
    }

    fn refinements(&self) -> Result<Refinements, PolicyError> {
        read_refinements(&self.limits, &self.asks, &self.tenants, self.listed_tenants_only)
    }

    fn exceptions(&self) -> Result<Exceptions, PolicyError> {
        let keyring = self.plugin_keyring.as_deref().map(Sha256Digest::parse).transpose();
        Ok(Exceptions {
            legacy_packs: read_exceptions("legacy_packs", &self.legacy_packs)?,
            unsigned_plugins: read_exceptions("unsigned_plugins", &self.unsigned_plugins)?,
            plugin_keyring: keyring.map_err(|_| PolicyError::Keyring)?,
        })
    }
}

/// The entries sorted by digest, each digest once.
fn read_exceptions(list: &'static str, raw: &[RawException]) -> Result<Vec<LegacyException>, PolicyError> {
    check_count(list, MAX_EXCEPTIONS, raw.len())?;
    let mut entries = BTreeMap::new();
    for (index, raw) in raw.iter().enumerate() {
        let place = || Place::field(list).at(index);
        let entry = read_exception(raw, &place)?;
        if entries.insert(entry.digest, entry).is_some() {
            return Err(PolicyError::Duplicate { place: place() });
        }
    }
    Ok(entries.into_values().collect())
}

fn read_exception(raw: &RawException, place: &dyn Fn() -> Place) -> Result<LegacyException, PolicyError> {
    let text = raw.digest.as_deref().ok_or_else(|| PolicyError::NoDigest { place: place() })?;
    if !is_reason(&raw.reason) {
        return Err(PolicyError::Reason { place: place() });
    }
    Ok(LegacyException {
        digest: Blake3Digest::parse(text).map_err(|_| PolicyError::Digest { place: place() })?,
        reason: raw.reason.clone(),
        until: date("until", &raw.until)?,
    })
}

fn date(field: &'static str, text: &str) -> Result<Timestamp, PolicyError> {
    Timestamp::parse(text).map_err(|_| PolicyError::Date { field })
}

fn read_tools(texts: &[String], place: &dyn Fn() -> Place) -> Result<BTreeSet<ToolId>, PolicyError> {
    check_count("tools", MAX_TOOLS, texts.len())?;
    let parse = |text: &String, place: &dyn Fn() -> Place| {
        ToolId::parse(text).map_err(|error| PolicyError::Entry { place: place(), error })
    };
    read_set(texts, |index| place().at(index), parse)
}

fn read_grants(texts: &[String], place: &dyn Fn() -> Place) -> Result<BTreeSet<Grant>, PolicyError> {
    check_count("scopes", MAX_GRANTS, texts.len())?;
    let parse = |text: &String, place: &dyn Fn() -> Place| {
        Grant::parse(text).map_err(|_| PolicyError::Grant { place: place() })
    };
    read_set(texts, |index| place().at(index), parse)
}

fn read_models(
    raw: &BTreeMap<String, Vec<String>>,
    place: &dyn Fn() -> Place,
) -> Result<BTreeMap<ModelKey, BTreeSet<ModelId>>, PolicyError> {
    check_count("models", MAX_MODEL_KEYS, raw.len())?;
    let read = |(index, (key, texts)): (usize, (&String, &Vec<String>))| {
        let key = ModelKey::parse(key).map_err(|error| PolicyError::Entry { place: place().at(index), error })?;
        check_count("models", MAX_MODELS_PER_KEY, texts.len())?;
        let parse = |text: &String, place: &dyn Fn() -> Place| {
            ModelId::parse(text).map_err(|error| PolicyError::Entry { place: place(), error })
        };
        let models = read_set(texts, |index| place().key(&key).at(index), parse)?;
        Ok((key, models))
    };
    raw.iter().enumerate().map(read).collect()
}

/// Parses every entry; one that stands there already is a mistake of the author's, not a set's.
fn read_set<R, T: Ord>(
    entries: &[R],
    place: impl Fn(usize) -> Place,
    parse: impl Fn(&R, &dyn Fn() -> Place) -> Result<T, PolicyError>,
) -> Result<BTreeSet<T>, PolicyError> {
    let mut set = BTreeSet::new();
    for (index, entry) in entries.iter().enumerate() {
        if !set.insert(parse(entry, &|| place(index))?) {
            return Err(PolicyError::Duplicate { place: place(index) });
        }
    }
    Ok(set)
}

fn toml_error(text: &str, error: &toml::de::Error) -> PolicyError {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
    // The reader quotes the author's text, which may hold terminal escapes.
    let printable = |c: &char| c.is_ascii_graphic() || *c == ' ';
    let detail: String = error.message().chars().filter(printable).take(MAX_DETAIL_CHARS).collect();
    if detail.starts_with("unknown field") {
        PolicyError::UnknownField { line, detail }
    } else {
        PolicyError::Toml { line, detail }
    }
}
