//! Two offers to one agreement: a pure and symmetric function.

use std::{cmp::Ordering, fmt};

use crate::{AgreedFeature, Agreement, Feature, GREASE_PREFIX, Offer, SpecLine, SpecVersion};

/// Why two offers do not come to an agreement, with everything a local operator needs.
///
/// For the eyes of this side only: what another side is told is [`crate::PublicError`], through
/// `redact`. Exhaustive: a missed case would be an agreement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NegotiateError {
    /// Different majors have nothing in common.
    #[error("we speak {ours}, the other side speaks {theirs}: the majors differ")]
    MajorMismatch {
        /// Our version.
        ours: SpecVersion,
        /// Their version.
        theirs: SpecVersion,
    },
    /// The lower of the two versions is below what one side accepts.
    #[error("both speak {common}, but we accept {our_floor} or later and the other side {their_floor} or later")]
    BelowFloor {
        /// The highest version both speak.
        common: SpecLine,
        /// Our floor.
        our_floor: SpecLine,
        /// Their floor.
        their_floor: SpecLine,
    },
    /// Critical features without a revision that both sides understand.
    #[error("{} critical feature(s) without a common revision: {}", missing.len(), Listed(missing))]
    FeatureRequired {
        /// Each of them, sorted by id; never empty.
        missing: Vec<Missing>,
    },
}

reach_types::codes!(NegotiateError {
    MajorMismatch => ("spec.major_mismatch", Refused, "use a release of the same major on both sides"),
    BelowFloor => ("spec.below_floor", Refused, "update the older side, or have an operator lower the floor"),
    FeatureRequired => ("spec.feature_required", Refused, "update the side that lacks the feature, or stop requiring it"),
});

/// A critical feature, as far as each side offers it; one of the two is always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What we offer.
    pub ours: Option<Feature>,
    /// What they offer.
    pub theirs: Option<Feature>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(feature) = self.ours.as_ref().or(self.theirs.as_ref()) {
            write!(f, "{}", feature.id())?;
        }
        let side = |feature: &Option<Feature>| feature.as_ref().map_or_else(|| "none".to_owned(), Feature::to_string);
        write!(f, " (ours: {}; theirs: {})", side(&self.ours), side(&self.theirs))
    }
}

struct Listed<'a>(&'a [Missing]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, missing) in self.0.iter().enumerate() {
            write!(f, "{}{missing}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// What `ours` and `theirs` come to.
///
/// Majors are equal; the lower minor holds, never under either floor; every feature that one side
/// calls critical has a revision both understand; the highest common revision is the agreed one;
/// what is neither common nor critical is dropped. Nothing else matters: not the patch, not the
/// order of the arguments.
///
/// # Errors
/// [`NegotiateError::MajorMismatch`], [`NegotiateError::BelowFloor`] or
/// [`NegotiateError::FeatureRequired`], in this order.
pub fn negotiate(ours: &Offer, theirs: &Offer) -> Result<Agreement, NegotiateError> {
    let spec = common_line(ours, theirs)?;
    let most = ours.features().len().min(theirs.features().len());
    let (mut features, mut missing) = (Vec::with_capacity(most), Vec::new());
    for (ours, theirs) in by_id(ours.features(), theirs.features()) {
        if let Some(agreed) = common_revision(ours, theirs) {
            features.push(agreed);
        } else if ours.is_some_and(Feature::is_critical) || theirs.is_some_and(Feature::is_critical) {
            missing.push(Missing { ours: ours.cloned(), theirs: theirs.cloned() });
        }
    }
    if missing.is_empty() {
        Ok(Agreement::from_sorted(spec, features))
    } else {
        Err(NegotiateError::FeatureRequired { missing })
    }
}

fn common_line(ours: &Offer, theirs: &Offer) -> Result<SpecLine, NegotiateError> {
    let (our_line, their_line) = (ours.spec().line(), theirs.spec().line());
    if our_line.major != their_line.major {
        return Err(NegotiateError::MajorMismatch { ours: ours.spec(), theirs: theirs.spec() });
    }
    let common = our_line.min(their_line);
    let (our_floor, their_floor) = (ours.floor().line(), theirs.floor().line());
    if common < our_floor || common < their_floor {
        return Err(NegotiateError::BelowFloor { common, our_floor, their_floor });
    }
    Ok(common)
}

fn common_revision(ours: Option<&Feature>, theirs: Option<&Feature>) -> Option<AgreedFeature> {
    let (ours, theirs) = (ours?, theirs?);
    let (lowest, highest) = (ours.min().max(theirs.min()), ours.max().min(theirs.max()));
    // Both sides may send the same grease; it stays unknown to both, or it would prove nothing.
    if lowest > highest || ours.id().as_str().starts_with(GREASE_PREFIX) {
        return None;
    }
    Some(AgreedFeature { id: ours.id().clone(), revision: highest })
}

/// Walks two sorted lists at once: each id of either list, in order, with what each side has of it.
fn by_id<'a>(
    ours: &'a [Feature],
    theirs: &'a [Feature],
) -> impl Iterator<Item = (Option<&'a Feature>, Option<&'a Feature>)> {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (ours.peek(), theirs.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(our), Some(their)) => our.id().cmp(their.id()),
        };
        Some(match order {
            Ordering::Less => (ours.next(), None),
            Ordering::Greater => (None, theirs.next()),
            Ordering::Equal => (ours.next(), theirs.next()),
        })
    })
}
