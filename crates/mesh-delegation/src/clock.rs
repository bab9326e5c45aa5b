//! Time by the receiver's clock: both ends of a link's validity are inclusive, widened by the skew.

use std::time::Duration;

use reach_types::Timestamp;

use crate::{AcceptContext, AcceptError, Terms, chain::ReadLink};

/// The receiver's own clock must not have gone back by more than the skew.
pub(crate) fn check_clock(context: &AcceptContext<'_>) -> Result<(), AcceptError> {
    let (now, seen) = (context.now, context.high_water);
    let back = now.saturating_add(context.limits.skew()) < seen;
    if back { Err(AcceptError::ClockRollback { now, seen }) } else { Ok(()) }
}

/// Every link must be valid at `now`, give or take the skew, and for no longer than allowed.
pub(crate) fn check_times(links: &[ReadLink], context: &AcceptContext<'_>) -> Result<(), AcceptError> {
    links.iter().enumerate().try_for_each(|(index, one)| check_link(index, &one.link.terms, context))
}

fn check_link(index: usize, terms: &Terms, context: &AcceptContext<'_>) -> Result<(), AcceptError> {
    let (now, limits) = (context.now, &context.limits);
    if lifetime(terms) > limits.max_ttl() {
        return Err(AcceptError::TtlTooLong { index, limit: limits.max_ttl() });
    }
    // Ahead by the skew exactly is still accepted, and so is that much past the expiry.
    let ahead = now.saturating_add(limits.skew());
    if terms.issued > ahead {
        return Err(AcceptError::IssuedInFuture { index, issued: terms.issued, now });
    }
    if terms.not_before > ahead {
        return Err(AcceptError::NotYetValid { index, from: terms.not_before, now });
    }
    if now > terms.expires.saturating_add(limits.skew()) {
        return Err(AcceptError::Expired { index, expired: terms.expires, now });
    }
    Ok(())
}

/// From issue to expiry; reading a link has checked that it expires after it is issued.
fn lifetime(terms: &Terms) -> Duration {
    let since = |time: Timestamp| Duration::from_millis(time.as_millis());
    since(terms.expires).saturating_sub(since(terms.issued))
}
