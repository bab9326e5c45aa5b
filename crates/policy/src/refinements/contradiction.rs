//! Whether some value meets several checks at once.

use crate::{Check, Literal, argument_path::held_by_any};

/// Whether some value meets all of `checks`, each of which can be met alone.
///
/// If any value does, then one of a few does: every value that a list names, the path of every
/// prefix (the shortest path below it), every bound of a range, and the empty text.
pub(super) fn can_meet(checks: &[&Check]) -> bool {
    let shortest_list = checks.iter().filter_map(|check| match check {
        Check::OneOf(literals) => Some(literals),
        Check::Below(_) | Check::Range { .. } | Check::MaxBytes(_) => None,
    });
    match shortest_list.min_by_key(|literals| literals.len()) {
        Some(literals) => literals.iter().any(|value| meets_all(checks, value)),
        None => checks.iter().flat_map(|check| candidates(check)).any(|value| meets_all(checks, &value)),
    }
}

fn meets_all(checks: &[&Check], value: &Literal) -> bool {
    checks.iter().all(|check| meets(check, value))
}

fn meets(check: &Check, value: &Literal) -> bool {
    match (check, value) {
        (Check::OneOf(literals), value) => literals.contains(value),
        (Check::Below(prefixes), Literal::Text(path)) => held_by_any(prefixes, path),
        (Check::Range { min, max }, Literal::Number(number)) => {
            min.is_none_or(|min| min <= *number) && max.is_none_or(|max| *number <= max)
        }
        (Check::MaxBytes(limit), Literal::Text(text)) => u64::try_from(text.len()).is_ok_and(|bytes| bytes <= *limit),
        (Check::Below(_), Literal::Flag(_) | Literal::Number(_))
        | (Check::Range { .. }, Literal::Flag(_) | Literal::Text(_))
        | (Check::MaxBytes(_), Literal::Flag(_) | Literal::Number(_)) => false,
    }
}

/// The values that stand for all that meet a check which lists none.
fn candidates(check: &Check) -> Vec<Literal> {
    match check {
        Check::OneOf(literals) => literals.iter().cloned().collect(),
        Check::Below(prefixes) => prefixes.iter().map(|prefix| Literal::Text(prefix.to_string())).collect(),
        Check::Range { min, max } => min.iter().chain(max).map(|bound| Literal::Number(*bound)).collect(),
        Check::MaxBytes(_) => vec![Literal::Text(String::new())],
    }
}
