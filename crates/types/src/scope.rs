//! Permission scopes, the grants that cover them, and the intersection of grants.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::ident::spelled;

/// The longest scope or grant in bytes: eight segments of fifteen bytes and their colons fit.
pub const MAX_SCOPE_BYTES: usize = 128;
/// The most segments a scope or grant may have: deeper trees have not been needed by anyone.
pub const MAX_SCOPE_SEGMENTS: usize = 8;

/// Why a scope or grant was refused. The text itself is never echoed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// Outside the grammar: segments of `[a-z0-9._-]` joined by `:`, no `..`.
    #[error(
        "a scope is 1 to {MAX_SCOPE_SEGMENTS} segments of `a-z 0-9 . _ -` joined by `:`, at most {MAX_SCOPE_BYTES} bytes, without `..`"
    )]
    Malformed,
    /// A `*` where only an exact scope may stand.
    #[error("a request names exact scopes, never a wildcard")]
    Wildcard,
}

crate::codes!(ScopeError {
    Malformed => ("input.scope_malformed", Refused, "write the scope as lower-case segments joined by `:`"),
    Wildcard => ("input.scope_wildcard", Refused, "name each scope exactly; `:*` stands only at the end of a grant"),
});

fn check(text: &str) -> Result<(), ScopeError> {
    let segment = |bytes: &[u8]| !bytes.is_empty() && bytes != b"." && spelled(bytes);
    let mut segments = text.as_bytes().split(|byte| *byte == b':');
    let good = text.len() <= MAX_SCOPE_BYTES
        && segments.by_ref().take(MAX_SCOPE_SEGMENTS).all(segment)
        && segments.next().is_none();
    if good { Ok(()) } else { Err(ScopeError::Malformed) }
}

/// One exact permission, such as `workspace:read`.
///
/// Construction guarantees 1 to [`MAX_SCOPE_SEGMENTS`] segments of `[a-z0-9._-]` joined by `:`,
/// at most [`MAX_SCOPE_BYTES`] bytes, and no wildcard. Nothing is ever folded or normalised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Box<str>);

impl Scope {
    /// Parses an exact scope.
    ///
    /// # Errors
    /// [`ScopeError::Wildcard`] if the text is a well-formed grant or a bare `*`,
    /// [`ScopeError::Malformed`] if it is outside the grammar.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        match check(text) {
            Ok(()) => Ok(Self(text.into())),
            Err(_) if text == "*" || Grant::parse(text).is_ok_and(|grant| grant.wildcard) => Err(ScopeError::Wildcard),
            Err(malformed) => Err(malformed),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A permission given: one exact scope, or `prefix:*` for one or more further segments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    // INVARIANT: `prefix` is a well-formed scope; a wildcard leaves room for one more segment.
    prefix: Box<str>,
    wildcard: bool,
}

impl Grant {
    /// Parses a grant; `:*` may stand only at the end and never alone.
    ///
    /// # Errors
    /// [`ScopeError::Malformed`] if the text is outside the grammar.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > MAX_SCOPE_BYTES {
            return Err(ScopeError::Malformed);
        }
        let (prefix, wildcard) = match text.strip_suffix(":*") {
            Some(prefix) => (prefix, true),
            None => (text, false),
        };
        check(prefix)?;
        if wildcard && prefix.split(':').count() >= MAX_SCOPE_SEGMENTS {
            return Err(ScopeError::Malformed);
        }
        Ok(Self { prefix: prefix.into(), wildcard })
    }

    /// A grant of exactly `scope`.
    #[must_use]
    pub fn exact(scope: &Scope) -> Self {
        Self { prefix: scope.0.clone(), wildcard: false }
    }

    /// Whether this grant ends in `:*`.
    #[must_use]
    pub const fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// The text without its `:*`: the scope itself, or what a wildcard stands below.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether `scope` is granted: equal, or strictly below the prefix of a wildcard.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        if self.wildcard { below(&scope.0, &self.prefix) } else { *scope.0 == *self.prefix }
    }

    /// What both grants allow, if anything: the narrower of the two when one contains the other.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        if self.contains(other) {
            Some(other.clone())
        } else if other.contains(self) {
            Some(self.clone())
        } else {
            None
        }
    }

    /// Whether every scope that `other` covers is covered by this grant too.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        match (self.wildcard, other.wildcard) {
            (true, true) => self.prefix == other.prefix || below(&other.prefix, &self.prefix),
            (true, false) => below(&other.prefix, &self.prefix),
            (false, true) => false,
            (false, false) => self.prefix == other.prefix,
        }
    }
}

/// Whether `text` has `prefix` as leading segments and at least one segment more.
fn below(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(':'))
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefix)?;
        if self.wildcard { f.write_str(":*") } else { Ok(()) }
    }
}

/// A set of grants: sorted, without duplicates. The empty set grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Grant>", into = "Vec<Grant>")]
pub struct Grants(
    // INVARIANT: strictly ascending.
    Vec<Grant>,
);

impl Grants {
    /// Whether some grant covers `scope`.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        self.has(&scope.0, false) || self.covers_above(&scope.0)
    }

    /// Whether every scope that `grant` covers is covered by one grant of this set.
    #[must_use]
    pub fn contains(&self, grant: &Grant) -> bool {
        self.has(&grant.prefix, grant.wildcard) || self.covers_above(&grant.prefix)
    }

    /// Whether a wildcard on fewer segments covers `text`: one search for each number of them.
    fn covers_above(&self, text: &str) -> bool {
        let mut above = text.match_indices(':').filter_map(|(end, _)| text.get(..end));
        above.any(|prefix| self.has(prefix, true))
    }

    fn has(&self, prefix: &str, wildcard: bool) -> bool {
        self.0.binary_search_by(|own| (&*own.prefix, own.wildcard).cmp(&(prefix, wildcard))).is_ok()
    }

    /// What both sets grant.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().filter_map(|b| a.intersect(b)));
        pairs.collect()
    }

    /// The grants in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Grant> {
        self.0.iter()
    }

    /// How many grants there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Grants {
    type Item = &'a Grant;
    type IntoIter = std::slice::Iter<'a, Grant>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        grants.into_iter().collect::<Vec<_>>().into()
    }
}

impl From<Vec<Grant>> for Grants {
    fn from(mut grants: Vec<Grant>) -> Self {
        grants.sort();
        grants.dedup();
        Self(grants)
    }
}

impl From<Grants> for Vec<Grant> {
    fn from(grants: Grants) -> Self {
        grants.0
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    };
}
as_text!(Scope);
as_text!(Grant);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn grant(text: &str) -> Grant {
        Grant::parse(text).unwrap()
    }

    #[test]
    fn p06_a_request_holds_no_wildcard() {
        assert_eq!(Scope::parse("workspace:*"), Err(ScopeError::Wildcard));
        assert_eq!(Scope::parse("*"), Err(ScopeError::Wildcard));
        assert_eq!(scope("workspace:read").as_str(), "workspace:read");
    }

    #[test]
    fn p07_p08_literal_grants_cover_only_themselves() {
        assert!(grant("fs:read").covers(&scope("fs:read")));
        assert!(!grant("fs:read").covers(&scope("fs:readwrite")));
        assert!(!grant("db:write:users:row_1").covers(&scope("db:write:users")));
        assert!(!grant("db:write:users:row_1").covers(&scope("db:write:users:row_2")));
        assert_eq!(Scope::parse("fs:read:/x"), Err(ScopeError::Malformed));
    }

    #[test]
    fn p09_a_wildcard_needs_one_more_segment() {
        assert!(!grant("ns:*").covers(&scope("ns")));
        assert!(grant("ns:*").covers(&scope("ns:a")));
        assert!(!grant("ns:*").covers(&scope("nsa:b")));
        for bad in ["ns:", "ns::x", "ns:*:x"] {
            assert_eq!(Scope::parse(bad), Err(ScopeError::Malformed), "{bad}");
        }
    }

    #[test]
    fn p10_grants_outside_the_grammar_are_refused() {
        for bad in ["*", "a*", "a:*:b", ":a", "a:b:c:d:e:f:g:h:i", "a:b:c:d:e:f:g:h:*", ":*", ""] {
            assert_eq!(Grant::parse(bad), Err(ScopeError::Malformed), "{bad}");
        }
        let longest = format!("a:{}", "b".repeat(MAX_SCOPE_BYTES - 2));
        grant(&longest);
        assert_eq!(Grant::parse(&format!("{longest}b")), Err(ScopeError::Malformed));
        grant("a:b:c:d:e:f:g:*");
        scope("a:b:c:d:e:f:g:h");
        assert_eq!(Scope::parse("a:b:c:d:e:f:g:h:i"), Err(ScopeError::Malformed));
        assert_eq!(Scope::parse("a:b:c:d:e:f:g:*"), Err(ScopeError::Wildcard));
        assert_eq!(Scope::parse("a:b:c:d:e:f:g:h:*"), Err(ScopeError::Malformed));
    }

    #[test]
    fn p11_p12_case_and_path_tricks_are_malformed() {
        for bad in ["FS:READ", "fs//admin", "fs:%2f", "fs:\\", "fs:..", "fs:a..b", "fs: read", "fs:."] {
            assert_eq!(Scope::parse(bad), Err(ScopeError::Malformed), "{bad}");
        }
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        (proptest::collection::vec("[ab]", 1..4), any::<bool>()).prop_map(|(parts, wild)| {
            let text = parts.join(":");
            grant(&if wild { format!("{text}:*") } else { text })
        })
    }

    proptest! {
        #[test]
        fn a_set_covers_what_one_of_its_grants_does(
            grants in proptest::collection::vec(any_grant(), 0..6),
            asked in any_grant(),
        ) {
            let set: Grants = grants.clone().into();
            prop_assert_eq!(set.contains(&asked), grants.iter().any(|own| own.contains(&asked)));
            let exact = scope(asked.prefix());
            prop_assert_eq!(set.covers(&exact), grants.iter().any(|own| own.covers(&exact)));
        }

        #[test]
        fn an_intersection_covers_what_both_cover(
            a in proptest::collection::vec(any_grant(), 0..4),
            b in proptest::collection::vec(any_grant(), 0..4),
            asked in proptest::collection::vec("[ab]", 1..5),
        ) {
            let asked = scope(&asked.join(":"));
            let (a, b): (Grants, Grants) = (a.into(), b.into());
            prop_assert_eq!(a.intersect(&b).covers(&asked), a.covers(&asked) && b.covers(&asked));
        }
    }
}
