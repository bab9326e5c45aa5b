//! Whether a grant is within others, in time that does not grow with how many those are.

use std::{collections::BTreeSet, ops::Bound};

use reach_types::{Grant, Grants};

/// The grants of a list, by their text.
#[derive(Debug, Clone)]
pub(crate) struct GrantIndex(BTreeSet<String>);

impl GrantIndex {
    pub(crate) fn of(grants: &Grants) -> Self {
        Self(grants.iter().map(ToString::to_string).collect())
    }

    /// Whether one grant of the list covers whatever `grant` covers: as [`Grants::contains`].
    pub(crate) fn contains(&self, grant: &Grant) -> bool {
        self.0.contains(&grant.to_string()) || self.wider(grant).is_some()
    }

    /// Whether some scope is covered by `grant` and by a grant of the list.
    pub(crate) fn overlaps(&self, grant: &Grant) -> bool {
        self.contains(grant) || (grant.is_wildcard() && self.has_below(grant.prefix()))
    }

    /// Whether some grant of the list is about what is below `prefix`.
    fn has_below(&self, prefix: &str) -> bool {
        let start = [prefix, ":"].concat();
        let first = self.0.range::<str, _>((Bound::Included(&*start), Bound::Unbounded)).next();
        first.is_some_and(|first| first.starts_with(&start))
    }

    /// The grant of everything below some leading segments of `grant`, itself not counted.
    pub(crate) fn wider(&self, grant: &Grant) -> Option<Grant> {
        let text = grant.to_string();
        let ancestors =
            text.match_indices(':').filter_map(|(end, _)| text.get(..end)).map(|start| format!("{start}:*"));
        let wider = ancestors.filter(|ancestor| *ancestor != text).find(|ancestor| self.0.contains(ancestor));
        wider.and_then(|text| Grant::parse(&text).ok())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::grant;

    fn any_grant() -> impl Strategy<Value = Grant> {
        (proptest::collection::vec("[ab]", 1..4), any::<bool>()).prop_map(|(parts, wild)| {
            let text = parts.join(":");
            grant(&if wild { format!("{text}:*") } else { text })
        })
    }

    #[test]
    fn the_wider_grant_is_another_one() {
        let index = GrantIndex::of(&["a:*", "a:b:*", "c"].map(grant).into_iter().collect());
        assert_eq!(index.wider(&grant("a:*")), None);
        assert_eq!(index.wider(&grant("a:b:*")), Some(grant("a:*")));
        assert_eq!(index.wider(&grant("a:b:c")), Some(grant("a:*")));
        assert_eq!(index.wider(&grant("a")), None);
        assert_eq!(index.wider(&grant("c:d")), None);
        assert_eq!(index.wider(&grant("ab:c")), None);
    }

    proptest! {
        #[test]
        fn it_answers_as_the_list_does(list in proptest::collection::vec(any_grant(), 0..5), asked in any_grant()) {
            let list: Grants = list.into();
            let index = GrantIndex::of(&list);
            prop_assert_eq!(index.contains(&asked), list.contains(&asked));
            let both: Grants = [asked.clone()].into_iter().collect();
            prop_assert_eq!(index.overlaps(&asked), !list.intersect(&both).is_empty());
            let others: Grants = list.iter().filter(|one| **one != asked).cloned().collect();
            prop_assert_eq!(index.wider(&asked).is_some(), others.contains(&asked));
        }
    }
}
