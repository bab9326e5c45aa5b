//! The load checks of limits.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::ToolId;

use super::contradiction::can_meet;
use crate::{ArgumentPath, Check, Limit, LimitDefect, MAX_LITERAL_NUMBER, Place, PolicyError, Unmet};

/// A list of limits, and those that hold beside them.
pub(super) struct LimitsFor<'l> {
    /// What holds beside a tenant's own; checked already.
    pub(super) organization: &'l [Limit],
    pub(super) own: &'l [Limit],
    pub(super) place: &'l dyn Fn() -> Place,
}

impl LimitsFor<'_> {
    /// Checks that each limit is one, on one of `tools`, and that some value meets all of them.
    pub(super) fn check(&self, tools: &BTreeSet<ToolId>) -> Result<(), PolicyError> {
        for limit in self.own {
            let place = || (self.place)().entry(&limit.id);
            check_shape(limit).map_err(|defect| PolicyError::LimitMalformed { place: place(), defect })?;
            let why = if tools.contains(&limit.tool) { unmet(&limit.check) } else { Some(Unmet::ToolNotAllowed) };
            if let Some(why) = why {
                return Err(PolicyError::Unsatisfiable { place: place(), why });
            }
        }
        self.check_together()
    }

    fn check_together(&self) -> Result<(), PolicyError> {
        let mut together: BTreeMap<(&ToolId, &ArgumentPath), Vec<&Check>> = BTreeMap::new();
        for limit in self.organization {
            together.entry((&limit.tool, &limit.at)).or_default().push(&limit.check);
        }
        for limit in self.own {
            let checks = together.entry((&limit.tool, &limit.at)).or_default();
            checks.push(&limit.check);
            if !can_meet(checks) {
                let place = (self.place)().entry(&limit.id);
                return Err(PolicyError::Unsatisfiable { place, why: Unmet::Contradiction });
            }
        }
        Ok(())
    }
}

fn check_shape(limit: &Limit) -> Result<(), LimitDefect> {
    let whole = matches!(limit.check, Check::MaxBytes(_)) && !limit.optional;
    if limit.at.is_whole() && !whole {
        return Err(LimitDefect::Whole);
    }
    let near = |bound: &i64| (-MAX_LITERAL_NUMBER..=MAX_LITERAL_NUMBER).contains(bound);
    match &limit.check {
        Check::OneOf(literals) if !literals.iter().all(crate::Literal::is_sound) => Err(LimitDefect::Literal),
        Check::Range { min: None, max: None } => Err(LimitDefect::Checks),
        Check::Range { min, max } if !min.iter().chain(max).all(near) => Err(LimitDefect::Bound),
        Check::OneOf(_) | Check::Below(_) | Check::Range { .. } | Check::MaxBytes(_) => Ok(()),
    }
}

/// Why nothing meets this check alone, if nothing does.
fn unmet(check: &Check) -> Option<Unmet> {
    match check {
        Check::OneOf(literals) => literals.is_empty().then_some(Unmet::NoChoice),
        Check::Below(prefixes) => prefixes.is_empty().then_some(Unmet::NoChoice),
        Check::Range { min: Some(min), max: Some(max) } => (min > max).then_some(Unmet::EmptyRange),
        Check::Range { .. } | Check::MaxBytes(_) => None,
    }
}
