//! The difference of two sets of scopes, told in grants, without listing a single scope.

use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Unbounded},
};

use reach_types::{Grant, Grants, MAX_SCOPE_BYTES, Scope};

/// Scopes that one set grants and another does not: what `grant` covers and `except` does not.
///
/// Never empty: `example` is one of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// The grant that covers them.
    pub(super) grant: Grant,
    /// What the other set grants of it.
    pub(super) except: Grants,
    /// One of them, as short as there is one.
    pub(super) example: Scope,
}

/// Everything that `set` covers and `other` does not, in disjoint regions; no region, no difference.
///
/// Takes n log n for n grants: grants are nested or disjoint, never anything between.
pub(super) fn difference(set: &Grants, other: &Grants) -> Vec<Region> {
    let (own, other) = (Index::of(set), Index::of(other));
    let widest = set.iter().filter(|grant| !own.covers_above(grant.prefix()));
    // The exact grant of a wildcard's own prefix is no part of that wildcard, so both stay.
    widest.filter_map(|grant| other.rest_of(grant)).collect()
}

/// What both sets cover, in n log n where [`Grants::intersect`] compares each with each.
pub(super) fn common(one: &Grants, two: &Grants) -> Grants {
    let (first, second) = (Index::of(one), Index::of(two));
    let within_two = one.iter().filter(|grant| second.contains(grant));
    within_two.chain(two.iter().filter(|grant| first.contains(grant))).cloned().collect()
}

/// A set of grants, sorted so that each question takes one search for each segment asked about.
struct Index<'g> {
    /// Scopes granted exactly.
    exact: BTreeSet<&'g str>,
    /// Scopes of which everything below is granted.
    below: BTreeSet<&'g str>,
}

impl<'g> Index<'g> {
    fn of(grants: &'g Grants) -> Self {
        let kind = |wildcard| grants.iter().filter(move |grant| grant.is_wildcard() == wildcard).map(Grant::prefix);
        Self { exact: kind(false).collect(), below: kind(true).collect() }
    }

    /// Whether a wildcard on fewer segments than `text` covers it, and all below it.
    fn covers_above(&self, text: &str) -> bool {
        let mut above = text.match_indices(':').filter_map(|(end, _)| text.get(..end));
        above.any(|prefix| self.below.contains(prefix))
    }

    /// Whether one grant of this set covers all that `grant` does.
    fn contains(&self, grant: &Grant) -> bool {
        let same = if grant.is_wildcard() { &self.below } else { &self.exact };
        same.contains(grant.prefix()) || self.covers_above(grant.prefix())
    }

    /// What is left of `grant` without this set.
    fn rest_of(&self, grant: &Grant) -> Option<Region> {
        if self.contains(grant) {
            return None;
        }
        if !grant.is_wildcard() {
            let example = Scope::parse(grant.prefix()).ok()?;
            return Some(Region { grant: grant.clone(), except: Grants::default(), example });
        }
        // Grants can take up a wildcard one by one where its prefix leaves few bytes.
        let example = self.gap_below(grant.prefix())?;
        Some(Region { grant: grant.clone(), except: self.widest_below(grant.prefix()), example })
    }

    /// The grants below `prefix` that no other of them contains.
    fn widest_below(&self, prefix: &str) -> Grants {
        let below = format!("{prefix}:");
        let exact = inside(&self.exact, &below).map(str::to_owned);
        let wildcards = inside(&self.below, &below).map(|text| format!("{text}:*"));
        let grants = exact.chain(wildcards).filter_map(|text| Grant::parse(&text).ok());
        grants.filter(|grant| !self.covers_above(grant.prefix())).collect()
    }

    /// A scope below `prefix` that this set does not cover; `None` if it covers them all.
    ///
    /// `prefix` itself must not stand under a wildcard of this set.
    fn gap_below(&self, prefix: &str) -> Option<Scope> {
        let below = format!("{prefix}:");
        let first_segment = |text: &'g str| text.get(below.len()..).and_then(|rest| rest.split(':').next());
        let named = inside(&self.exact, &below).chain(inside(&self.below, &below));
        let taken: BTreeSet<&str> = named.filter_map(first_segment).collect();
        // A segment that nothing stands on is covered by nothing. Where none is left, there was room
        // for two bytes: three make 60,800 segments, more than two lists of a policy hold. And
        // within two bytes nothing stands below a segment, so each is granted by its own name.
        let room = MAX_SCOPE_BYTES.saturating_sub(below.len());
        let fresh = segments(room).find(|segment| !taken.contains(segment.as_str()))?;
        Scope::parse(&format!("{below}{fresh}")).ok()
    }
}

/// The texts of a sorted set that begin with `start`.
fn inside<'s, 'g>(set: &'s BTreeSet<&'g str>, start: &'s str) -> impl Iterator<Item = &'g str> + use<'s, 'g> {
    let from = set.range::<str, _>((Excluded(start), Unbounded)).copied();
    from.take_while(move |text| text.starts_with(start))
}

/// The alphabet of segments, beginning with the letter that stands for anything.
const ALPHABET: &[u8] = b"xabcdefghijklmnopqrstuvwyz0123456789_-.";
/// How many letters that is.
const RADIX: u64 = ALPHABET.len() as u64;

/// Every segment of at most `room` bytes, the short ones first.
pub(super) fn segments(room: usize) -> impl Iterator<Item = String> {
    let of_length = |length| {
        let count = u32::try_from(length).map_or(u64::MAX, |length| RADIX.saturating_pow(length));
        (0..count).map(move |number| word(number, length))
    };
    (1..=room).flat_map(of_length).filter(|text| Scope::parse(text).is_ok())
}

/// `number` in the alphabet's digits, `length` of them, the last digit first.
fn word(number: u64, length: usize) -> String {
    let digits = std::iter::successors(Some(number), |number| number.checked_div(RADIX));
    let digit = |number: u64| usize::try_from(number % RADIX).ok().and_then(|digit| ALPHABET.get(digit));
    digits.take(length).filter_map(|number| digit(number).copied().map(char::from)).collect()
}
