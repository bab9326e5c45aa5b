//! A permit for one exact call, and its redemption.

use reach_types::{Blake3Digest, Timestamp};

use crate::{Binding, Decision, Outcome, judge::tenant_digest};

/// Why a permit was not given or not redeemed. Exhaustive on purpose: each case ends a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PermitError {
    /// The decision is a denial.
    #[error("the decision is `deny`")]
    Denied,
    /// The decision waits for a person.
    #[error("a person has to approve this call")]
    ApprovalRequired,
    /// Another run, node, tenant or delegation.
    #[error("the permit is for another run: `{field}` differs")]
    RunMismatch {
        /// What differs.
        field: &'static str,
    },
    /// Another call, tool definition or tool host, or other arguments.
    #[error("the permit is for another call: `{field}` differs")]
    CallMismatch {
        /// What differs.
        field: &'static str,
    },
    /// What the decision stood on is no longer what holds.
    #[error("the permit stands on what no longer holds: another {field}, or a withdrawn one")]
    Superseded {
        /// What differs or was withdrawn.
        field: &'static str,
    },
    /// Its time is over.
    #[error("the permit ended at {expired}")]
    Expired {
        /// When it ended.
        expired: Timestamp,
    },
}

reach_types::codes!(PermitError {
    Denied => ("policy.permit_denied", Refused, "see the violated rules of the decision"),
    ApprovalRequired => ("policy.permit_unapproved", Refused, "have an operator approve exactly this call"),
    RunMismatch => ("policy.permit_run_mismatch", Refused, "have the call judged in the run it belongs to"),
    CallMismatch => ("policy.permit_call_mismatch", Refused, "have the call judged again, exactly as it will be made"),
    Superseded => ("policy.permit_superseded", Expired, "have the call judged again under what holds now"),
    Expired => ("policy.permit_expired", Expired, "have the call judged again"),
});

/// The permission to make one exact call, once.
///
/// It follows only from a decision, and it is used up by being redeemed, whatever comes of it:
///
/// ```
/// # use reach_policy::{Binding, Permit, PermitError, Redeemed};
/// # use reach_types::Timestamp;
/// fn once(permit: Permit, actual: &Binding, now: Timestamp) -> Result<Redeemed, PermitError> {
///     permit.redeem(actual, now)
/// }
/// ```
///
/// A second use does not compile, nor does a copy, nor one made by hand:
///
/// ```compile_fail,E0382
/// // p18_a_permit_moves
/// # use reach_policy::{Binding, Permit, PermitError, Redeemed};
/// # use reach_types::Timestamp;
/// fn twice(permit: Permit, actual: &Binding, now: Timestamp) -> Result<Redeemed, PermitError> {
///     permit.redeem(actual, now)?;
///     permit.redeem(actual, now)
/// }
/// ```
///
/// ```compile_fail,E0277
/// # use reach_policy::Permit;
/// fn copied(permit: &Permit) -> Permit {
///     Permit::clone(permit)
/// }
/// ```
///
/// ```compile_fail,E0451
/// // p38_a_permit_is_not_made_by_hand
/// # use reach_policy::{Binding, Permit};
/// # use reach_types::{Blake3Digest, Timestamp};
/// fn forged(binding: Binding, expires: Timestamp, digest: Blake3Digest) -> Permit {
///     Permit { binding, expires, warned: false, digest }
/// }
/// ```
#[derive(PartialEq, Eq)]
#[must_use = "a permit that is not redeemed allows nothing"]
pub struct Permit {
    pub(crate) binding: Binding,
    pub(crate) expires: Timestamp,
    pub(crate) warned: bool,
    pub(crate) digest: Blake3Digest,
    /// The request that a person approved, if that is what it was given for.
    pub(crate) approval: Option<Blake3Digest>,
}

crate::unseen::debug_only!(Permit { expires, warned });

/// A permit that was redeemed for the call it was given for: what a tool host asks for.
#[derive(PartialEq, Eq)]
#[must_use = "the call is allowed now, and only now"]
pub struct Redeemed {
    pub(crate) binding: Binding,
    pub(crate) warned: bool,
    pub(crate) digest: Blake3Digest,
}

crate::unseen::debug_only!(Redeemed { warned });

/// What was withdrawn since a permit was given under it: revoked, expired, or signed by a key that
/// does not stand any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// The policy bundle.
    Bundle,
    /// The pack.
    Pack,
}

impl Decision {
    /// A permit for the call of `binding`, until before `expires` and in no case longer than the
    /// policy (or, for what was only warned about, its `warn_until`) holds.
    ///
    /// The decision must have been made about exactly this call, tenant, pack, bundle, mode and kind of
    /// run. One decision may give several permits: each is for one index of one run, and whoever
    /// numbers the calls uses each number once.
    ///
    /// # Errors
    /// [`PermitError::Denied`]; [`PermitError::ApprovalRequired`], where
    /// `Decision::permit_approved` gives one; [`PermitError::RunMismatch`] for another tenant, or a delegated run judged as a local
    /// one or the other way round; [`PermitError::CallMismatch`] for a decision about another
    /// call, or about more than one; [`PermitError::Superseded`] for another bundle, pack or mode;
    /// [`PermitError::Expired`] if it would end before it begins.
    pub fn permit(&self, binding: Binding, expires: Timestamp) -> Result<Permit, PermitError> {
        let warned = match self.outcome {
            Outcome::Allow => false,
            Outcome::Warned => true,
            Outcome::Ask => return Err(PermitError::ApprovalRequired),
            Outcome::Deny => return Err(PermitError::Denied),
        };
        self.permit_for(binding, expires, warned)
    }

    /// The permit, whatever the outcome: it is for the callers to have decided on that.
    pub(crate) fn permit_for(&self, binding: Binding, expires: Timestamp, warned: bool) -> Result<Permit, PermitError> {
        self.check_binding(&binding)?;
        let expires = expires.min(self.basis.until);
        if self.now >= expires {
            return Err(PermitError::Expired { expired: expires });
        }
        let digest = binding.permit_digest(expires, warned);
        Ok(Permit { binding, expires, warned, digest, approval: None })
    }

    pub(crate) fn check_binding(&self, binding: &Binding) -> Result<(), PermitError> {
        let judged = self.basis.call.as_ref();
        same(
            &[
                ("tenant", self.basis.tenant == tenant_digest(&binding.tenant)),
                ("chain", self.basis.delegated == binding.chain.is_some()),
            ],
            other_run,
        )?;
        same(
            &[
                ("request", judged.is_some_and(|judged| judged.call.request == binding.call.request)),
                ("arguments", judged.is_some_and(|judged| judged.call.arguments == binding.call.arguments)),
                ("definition", judged.is_some_and(|judged| judged.definition == binding.definition)),
            ],
            other_call,
        )?;
        same(
            &[
                ("bundle", self.basis.bundle == binding.bundle),
                ("pack", self.basis.pack == binding.pack),
                ("mode", self.mode == binding.mode),
            ],
            superseded,
        )
    }
}

impl Permit {
    /// Uses the permit up for the call that `actual` states.
    ///
    /// # Errors
    /// [`PermitError::RunMismatch`], [`PermitError::CallMismatch`], [`PermitError::Superseded`] and
    /// [`PermitError::Expired`], in this order.
    pub fn redeem(self, actual: &Binding, now: Timestamp) -> Result<Redeemed, PermitError> {
        self.check(actual, Ok(()), now)?;
        Ok(Redeemed { binding: self.binding, warned: self.warned, digest: self.digest })
    }

    /// Whether it is for the call that `actual` states, and still holds.
    pub(crate) fn check(
        &self,
        actual: &Binding,
        standing: Result<(), Withdrawn>,
        now: Timestamp,
    ) -> Result<(), PermitError> {
        let given = &self.binding;
        same(
            &[
                ("run", given.run == actual.run),
                ("node", given.node == actual.node),
                ("tenant", given.tenant == actual.tenant),
                ("chain", given.chain == actual.chain),
            ],
            other_run,
        )?;
        same(
            &[
                ("index", given.index == actual.index),
                ("host", given.host == actual.host),
                ("definition", given.definition == actual.definition),
                ("request", given.call.request == actual.call.request),
                ("arguments", given.call.arguments == actual.call.arguments),
            ],
            other_call,
        )?;
        same(
            &[
                ("bundle", given.bundle == actual.bundle && standing != Err(Withdrawn::Bundle)),
                ("pack", given.pack == actual.pack && standing != Err(Withdrawn::Pack)),
                ("mode", given.mode == actual.mode),
            ],
            superseded,
        )?;
        if now >= self.expires { Err(PermitError::Expired { expired: self.expires }) } else { Ok(()) }
    }

    /// The digest over everything it is bound to: the permit's name in records.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }

    /// Whether rules are violated and only mode warn lets the call through.
    #[must_use]
    pub const fn warned(&self) -> bool {
        self.warned
    }

    /// The digest of the request that a person approved, if the permit was given for that.
    #[must_use]
    pub const fn approval(&self) -> Option<&Blake3Digest> {
        self.approval.as_ref()
    }

    /// It allows nothing from this moment on.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl Redeemed {
    /// The call it was redeemed for.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The permit's digest.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }

    /// Whether rules are violated and only mode warn lets the call through.
    #[must_use]
    pub const fn warned(&self) -> bool {
        self.warned
    }
}

/// Nothing, or what `error` makes of the first field that is not the same.
fn same(fields: &[(&'static str, bool)], error: fn(&'static str) -> PermitError) -> Result<(), PermitError> {
    fields.iter().find(|(_, same)| !same).map_or(Ok(()), |(field, _)| Err(error(field)))
}

fn other_run(field: &'static str) -> PermitError {
    PermitError::RunMismatch { field }
}

fn other_call(field: &'static str) -> PermitError {
    PermitError::CallMismatch { field }
}

fn superseded(field: &'static str) -> PermitError {
    PermitError::Superseded { field }
}
