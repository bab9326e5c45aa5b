//! The policy in force on a node that keeps running: replaced whole, and never on a request's path.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, TryLockError},
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};
use reach_policy::{BundleError, VerifiedBundle};
use reach_types::Timestamp;

use super::{PolicyFileError, verify};
use crate::{World, memory::MemoryError, standing::trust_stands_until, state::State, state_error::StateError};

/// The shortest time between two attempts to load a newer bundle: people change policies, so
/// nobody waits for less, and a damaged file costs one look at it in that time.
pub const MIN_RELOAD_INTERVAL: Duration = Duration::from_secs(5);

/// Holds the bundle in force, and takes a newer one from its file.
///
/// Requests read it through [`PolicyKeeper::current`], which takes no lock, writes nothing that
/// threads share and touches no file. Whoever runs the node calls [`PolicyKeeper::reload`] from a
/// thread of its own, as often as it likes.
pub struct PolicyKeeper {
    policy: PathBuf,
    trust: PathBuf,
    interval: Duration,
    held: ArcSwap<Held>,
    /// Before when no further attempt is made. Held while one is made.
    next: Mutex<Timestamp>,
}

struct Held {
    bundle: VerifiedBundle,
    /// Before when the trust document that it was judged under says nothing else of it.
    until: Timestamp,
    /// Why it is in force no longer, though its time is not over.
    withdrawn: Option<NotInForce>,
}

/// Why no bundle is in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotInForce {
    /// Its time is over, or it does not stand under the trust document as it is now.
    #[error(transparent)]
    Bundle(BundleError),
    /// The trust document was replaced by an older one, or by another of the same version.
    #[error("the trust document is a step back: what the newest one says of the bundle is not known")]
    TrustSteppedBack,
    /// The trust document, or a key in it, came to its end, and there was no newer one to read.
    #[error("what the bundle stands on came to its end at {since}, and could not be judged again")]
    Lapsed {
        /// When.
        since: Timestamp,
    },
}

reach_types::codes!(NotInForce {
    TrustSteppedBack => ("policy.trust_stepped_back", Expired, "put the newest trust document back"),
    Lapsed => ("policy.standing_lapsed", Expired, "put a trust document there that is in force"),
} wrap { Bundle });

/// The bundle in force at the moment it was asked for; a request keeps it to its end.
pub struct InForce(Guard<Arc<Held>>);

impl Deref for InForce {
    type Target = VerifiedBundle;

    fn deref(&self) -> &VerifiedBundle {
        &self.0.bundle
    }
}

/// What came of looking for a newer bundle. Exhaustive: each is reported in its own way.
#[derive(Debug)]
pub enum Reload {
    /// The last look was too short a time ago, or somebody else is looking now.
    NotYet {
        /// No look before this moment.
        next: Timestamp,
    },
    /// The same bundle, and it still stands.
    Unchanged,
    /// A newer one is in force.
    Replaced {
        /// Its version.
        version: u64,
    },
    /// What is there cannot be used. The bundle in force stays so until its own end.
    Kept {
        /// Why not.
        error: ReloadError,
    },
    /// What is there cannot be used, and the one in force does not stand under the trust document
    /// as it is now: nothing is in force.
    Withdrawn {
        /// Why it does not stand.
        error: NotInForce,
    },
}

/// Why a newer bundle was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The state directory or the trust document.
    #[error(transparent)]
    State(StateError),
    /// The bundle.
    #[error(transparent)]
    Policy(PolicyFileError),
    /// A bundle of another policy: floors are kept by name, so it would be a first use.
    #[error("the file holds the policy `{found}`, and this node is run under `{held}`")]
    OtherPolicy {
        /// The name of the one in force.
        held: String,
        /// The name of the one there.
        found: String,
    },
}

reach_types::codes!(ReloadError {
    OtherPolicy => ("policy.other_policy", Refused, "to run under another policy, stop the node and start it with that one"),
} wrap { State, Policy });

impl From<MemoryError> for ReloadError {
    fn from(error: MemoryError) -> Self {
        Self::State(StateError::Memory(error))
    }
}

impl PolicyKeeper {
    /// Loads the bundle at `policy` under the trust document at `trust`, and remembers both floors.
    /// Without a good bundle there is no keeper, and so nothing to answer requests with.
    ///
    /// Looks for a newer one are `interval` apart, at least [`MIN_RELOAD_INTERVAL`].
    ///
    /// # Errors
    /// Both variants of [`ReloadError`].
    pub fn start(
        world: &World,
        state: &State,
        policy: &Path,
        trust: &Path,
        interval: Duration,
    ) -> Result<Self, ReloadError> {
        let now = state.now(world).map_err(ReloadError::State)?;
        let (bundle, until) = load(state, policy, trust, now)?;
        remember(state, &bundle)?;
        let interval = interval.max(MIN_RELOAD_INTERVAL);
        Ok(Self {
            policy: policy.to_path_buf(),
            trust: trust.to_path_buf(),
            interval,
            held: ArcSwap::from_pointee(Held { bundle, until, withdrawn: None }),
            next: Mutex::new(now.saturating_add(interval)),
        })
    }

    /// The bundle in force at `now`.
    ///
    /// # Errors
    /// [`NotInForce::Bundle`] once its time is over, [`NotInForce::Lapsed`] once that of what it
    /// stands on is; whatever withdrew it before.
    pub fn current(&self, now: Timestamp) -> Result<InForce, NotInForce> {
        let held = self.held.load();
        if let Some(error) = &held.withdrawn {
            return Err(error.clone());
        }
        let valid = held.bundle.policy().check_validity(now);
        valid.map_err(|error| NotInForce::Bundle(BundleError::Validity(error)))?;
        if now >= held.until { Err(NotInForce::Lapsed { since: held.until }) } else { Ok(InForce(held)) }
    }

    /// Looks for a newer bundle, at most once in each interval. The floor is raised before the
    /// bundle is in force, and all of a bundle is in force at once.
    pub fn reload(&self, world: &World, state: &State) -> Reload {
        let mut next = match self.next.try_lock() {
            Ok(next) => next,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return Reload::NotYet { next: world.now().saturating_add(self.interval) },
        };
        let now = match state.now(world) {
            Ok(now) => now,
            Err(error) => return Reload::Kept { error: ReloadError::State(error) },
        };
        if now < *next {
            return Reload::NotYet { next: *next };
        }
        *next = now.saturating_add(self.interval);
        match load(state, &self.policy, &self.trust, now) {
            Ok((bundle, until)) => self.take(state, bundle, until),
            Err(error) => self.keep(state, error, now),
        }
    }

    /// The same policy signed anew is held too: its new signers are who it stands on from now on.
    fn take(&self, state: &State, bundle: VerifiedBundle, until: Timestamp) -> Reload {
        let held = self.held.load();
        let (name, found) = (held.bundle.policy().name(), bundle.policy().name());
        if name != found {
            let error = ReloadError::OtherPolicy { held: name.to_owned(), found: found.to_owned() };
            return Reload::Kept { error };
        }
        if let Err(error) = remember(state, &bundle) {
            return Reload::Kept { error };
        }
        let (version, same) = (bundle.version(), held.withdrawn.is_none() && held.bundle.digest() == bundle.digest());
        self.held.store(Arc::new(Held { bundle, until, withdrawn: None }));
        if same { Reload::Unchanged } else { Reload::Replaced { version } }
    }

    /// The bundle in force stays, if it still stands under the trust document as it is now. A trust
    /// document that cannot be read withdraws nothing by itself: what was judged under the last one
    /// holds until that one's end. One that is a step back hides what the newest one says.
    fn keep(&self, state: &State, error: ReloadError, now: Timestamp) -> Reload {
        let held = self.held.load();
        let bundle = &held.bundle;
        let (withdrawn, until) = match state.load_trust(&self.trust, now) {
            Ok(trust) => match bundle.check_standing(&trust, now) {
                // Its own end is no withdrawal: every request sees that by itself.
                Ok(()) | Err(BundleError::Validity(_)) => (None, trust_stands_until(&trust, now)),
                Err(error) => (Some(NotInForce::Bundle(error)), held.until),
            },
            Err(StateError::TrustRollback { .. } | StateError::TrustEquivocation { .. }) => {
                (Some(NotInForce::TrustSteppedBack), held.until)
            }
            Err(_) => return Reload::Kept { error },
        };
        self.held.store(Arc::new(Held { bundle: bundle.clone(), until, withdrawn: withdrawn.clone() }));
        withdrawn.map_or(Reload::Kept { error }, |error| Reload::Withdrawn { error })
    }
}

fn load(
    state: &State,
    policy: &Path,
    trust: &Path,
    now: Timestamp,
) -> Result<(VerifiedBundle, Timestamp), ReloadError> {
    let trust = state.load_trust(trust, now).map_err(ReloadError::State)?;
    // A revocation that was seen once is not forgotten, whatever becomes of the bundle.
    state.memory.raise_trust_floor(trust.document().version, *trust.digest())?;
    let bundle = verify(policy, &trust, now, Some(state)).map_err(ReloadError::Policy)?;
    Ok((bundle, trust_stands_until(&trust, now)))
}

fn remember(state: &State, bundle: &VerifiedBundle) -> Result<(), ReloadError> {
    Ok(state.memory.raise_bundle_floor(bundle.policy().name(), &bundle.floor())?)
}
