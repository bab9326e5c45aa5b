//! A permit as bytes: sealed by the node that gave it, and redeemed there, once.

use reach_types::{Blake3Digest, NodeId, RunId, StrictError, TenantId, Timestamp, decode_strict, encode_strict};
use serde::{Deserialize, Serialize};

use crate::{
    Binding, ExactCall, Mode, Permit, PermitError, PermitKey, Redeemed, RedemptionError, RedemptionStore, Spending,
    Withdrawn, permit_key::MAC_BYTES,
};

/// The most bytes of a token: one for the version, twelve times 32 for digests, ids, serial and MAC,
/// an index and an end of at most 10, a tenant of at most 65, two to say whether there is a chain
/// and an approval, and two for mode and warning.
pub const MAX_PERMIT_TOKEN_BYTES: usize = 1 + 12 * 32 + 2 * 10 + 65 + 2 + 2;
/// The encoding's version, that of feature `policy.permit`. Below 128 it is one byte, the first.
pub const PERMIT_TOKEN_VERSION: u8 = 1;

/// Why a token was not redeemed. Exhaustive on purpose: each case ends a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// These bytes are no token, whoever made them.
    #[error("this is no sealed permit: {detail}")]
    Malformed {
        /// What is wrong.
        detail: &'static str,
    },
    /// This node did not seal it, or it was changed since.
    #[error("the permit was not sealed by this node, or it was changed since")]
    Forged,
    /// The permit is not for this call, or not any more.
    #[error(transparent)]
    Permit(PermitError),
    /// It was used before.
    #[error("the permit was used before")]
    Spent,
    /// The table of used permits.
    #[error(transparent)]
    Store(RedemptionError),
}

reach_types::codes!(RedeemError {
    Malformed => ("policy.permit_malformed", Refused, "use the file as `reach policy check --permit-out` wrote it"),
    Forged => ("policy.permit_forged", Refused, "redeem a permit on the node that gave it, and as it was given"),
    Spent => ("policy.permit_spent", Refused, "have the call judged again: a permit is for one call"),
} wrap { Permit, Store });

/// A permit as bytes: whoever holds them can present them, and the node that sealed them answers.
///
/// Sealing moves the permit, so it is either used where it was given or handed out:
///
/// ```compile_fail,E0382
/// // p18_a_sealed_permit_is_moved
/// # use reach_policy::{Binding, Permit, PermitKey};
/// # use reach_types::Timestamp;
/// fn both(permit: Permit, key: &PermitKey, actual: &Binding, now: Timestamp) {
///     let _ = permit.seal(key, [0; 32]);
///     let _ = permit.redeem(actual, now);
/// }
/// ```
///
/// Nothing can be read from a token but by [`PermitToken::open`], which asks for the key.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a token that is not handed out allows nothing"]
pub struct PermitToken {
    body: Vec<u8>,
    mac: [u8; MAC_BYTES],
}

crate::unseen::debug_only!(PermitToken {});

/// What is sealed. Whoever can read the token can read this; it holds no secret but itself.
#[derive(Serialize, Deserialize)]
struct Body {
    version: u16,
    run: RunId,
    index: u64,
    node: NodeId,
    tenant: TenantId,
    host: Blake3Digest,
    definition: Blake3Digest,
    request: Blake3Digest,
    arguments: Blake3Digest,
    pack: Blake3Digest,
    bundle: Blake3Digest,
    chain: Option<Blake3Digest>,
    warn: bool,
    expires: Timestamp,
    warned: bool,
    approval: Option<Blake3Digest>,
    serial: [u8; 32],
}

impl Permit {
    /// Makes the permit bytes that `key`'s node, and nobody else, redeems later.
    ///
    /// `serial` is drawn at random for each token. It is what makes two permits for the same call
    /// with the same end two, each with a name of its own to be spent under.
    ///
    /// # Errors
    /// [`StrictError::Unencodable`], which would be a fault of ours.
    pub fn seal(self, key: &PermitKey, serial: [u8; 32]) -> Result<PermitToken, StrictError> {
        let body = encode_strict(&Body::of(self, serial))?;
        let mac = key.mac(&body);
        Ok(PermitToken { body, mac })
    }
}

impl PermitToken {
    /// Takes `bytes` for a token. It is not known yet who made them.
    ///
    /// # Errors
    /// [`RedeemError::Malformed`] for more than [`MAX_PERMIT_TOKEN_BYTES`] or too few, and for
    /// another version than this one.
    pub fn parse(bytes: &[u8]) -> Result<Self, RedeemError> {
        if bytes.len() > MAX_PERMIT_TOKEN_BYTES {
            return Err(RedeemError::Malformed { detail: "it is too long" });
        }
        let (body, mac) = bytes.split_last_chunk().ok_or(RedeemError::Malformed { detail: "it is too short" })?;
        match body.first() {
            Some(&PERMIT_TOKEN_VERSION) => Ok(Self { body: body.to_vec(), mac: *mac }),
            Some(_) => Err(RedeemError::Malformed { detail: "its version is unknown" }),
            None => Err(RedeemError::Malformed { detail: "it is too short" }),
        }
    }

    /// The bytes to hand out: the encoded permit, then its MAC.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.body[..], &self.mac].concat()
    }

    /// Reads a token that `key`'s node sealed. Nothing in it is looked at before its MAC is verified,
    /// in constant time.
    ///
    /// # Errors
    /// [`RedeemError::Forged`]; [`RedeemError::Malformed`] for what a holder of the key sealed and
    /// is no permit.
    pub fn open(&self, key: &PermitKey) -> Result<OpenedPermit, RedeemError> {
        if !key.verifies(&self.body, self.mac) {
            return Err(RedeemError::Forged);
        }
        let body: Body = decode_strict(&self.body, MAX_PERMIT_TOKEN_BYTES)
            .map_err(|_| RedeemError::Malformed { detail: "it is not the encoding of a permit" })?;
        Ok(body.opened())
    }

    /// Redeems a token in one step: [`PermitToken::parse`], [`PermitToken::open`],
    /// [`OpenedPermit::redeem`].
    ///
    /// # Errors
    /// Every variant of [`RedeemError`], in the order of these three.
    pub fn redeem(
        bytes: &[u8],
        key: &PermitKey,
        actual: &Binding,
        standing: Result<(), Withdrawn>,
        now: Timestamp,
        store: &dyn RedemptionStore,
    ) -> Result<Redeemed, RedeemError> {
        Self::parse(bytes)?.open(key)?.redeem(actual, standing, now, store)
    }
}

/// A permit that this node sealed, presented again. It allows nothing before it is redeemed, and it
/// can be made only from a token whose MAC is right:
///
/// ```compile_fail,E0451
/// // p18_an_opened_permit_is_not_made_by_hand
/// # use reach_policy::{OpenedPermit, Permit};
/// fn forged(permit: Permit) -> OpenedPermit {
///     OpenedPermit { permit }
/// }
/// ```
#[derive(PartialEq, Eq)]
pub struct OpenedPermit {
    // INVARIANT: its digest is the token's.
    permit: Permit,
}

crate::unseen::debug_only!(OpenedPermit { permit });

impl OpenedPermit {
    /// Redeems it for the call that `actual` states, if the bundle and the pack it was given under
    /// are not withdrawn, and it was not redeemed before.
    ///
    /// It is spent last, and only where nothing else stands against it. A permit that is used where
    /// it was given is gone after any attempt, since a process whose own call differs from the one
    /// that it had judged is at fault. A token is in other hands: if a wrong call spent it, whoever
    /// saw a copy could take it from its holder, and fill the table by refusals. So a refusal leaves
    /// it as it was, and who holds it may try again: only the very call it is for succeeds, and that
    /// once.
    ///
    /// # Errors
    /// [`RedeemError::Permit`] as of [`Permit::redeem`], where what `standing` says is withdrawn is
    /// [`PermitError::Superseded`]; then [`RedeemError::Spent`] and [`RedeemError::Store`].
    pub fn redeem(
        &self,
        actual: &Binding,
        standing: Result<(), Withdrawn>,
        now: Timestamp,
        store: &dyn RedemptionStore,
    ) -> Result<Redeemed, RedeemError> {
        let permit = &self.permit;
        permit.check(actual, standing, now).map_err(RedeemError::Permit)?;
        match store.spend(&permit.digest, permit.expires, now).map_err(RedeemError::Store)? {
            Spending::Spent => Err(RedeemError::Spent),
            Spending::Fresh => {
                let binding = permit.binding.clone();
                Ok(Redeemed { binding, warned: permit.warned, digest: permit.digest })
            }
        }
    }

    /// What it is bound to.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.permit.binding
    }

    /// The token's name in records, which no other has: it is spent under this.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.permit.digest
    }

    /// Whether rules are violated and only mode warn lets the call through.
    #[must_use]
    pub const fn warned(&self) -> bool {
        self.permit.warned
    }

    /// The digest of the request that a person approved, if the permit was given for that.
    #[must_use]
    pub const fn approval(&self) -> Option<&Blake3Digest> {
        self.permit.approval()
    }

    /// It allows nothing from this moment on.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.permit.expires
    }
}

impl Body {
    fn of(permit: Permit, serial: [u8; 32]) -> Self {
        let Permit { binding, expires, warned, digest: _, approval } = permit;
        Self {
            version: u16::from(PERMIT_TOKEN_VERSION),
            run: binding.run,
            index: binding.index,
            node: binding.node,
            tenant: binding.tenant,
            host: binding.host,
            definition: binding.definition,
            request: binding.call.request,
            arguments: binding.call.arguments,
            pack: binding.pack,
            bundle: binding.bundle,
            chain: binding.chain,
            warn: binding.mode == Mode::Warn,
            expires,
            warned,
            approval,
            serial,
        }
    }

    fn opened(self) -> OpenedPermit {
        let binding = Binding {
            run: self.run,
            index: self.index,
            node: self.node,
            tenant: self.tenant,
            host: self.host,
            definition: self.definition,
            call: ExactCall { request: self.request, arguments: self.arguments },
            pack: self.pack,
            bundle: self.bundle,
            chain: self.chain,
            mode: if self.warn { Mode::Warn } else { Mode::Enforce },
        };
        let sealed = binding.permit_digest(self.expires, self.warned);
        let digest = Blake3Digest::derive("reach 2026 permit token v1", &[sealed.as_bytes(), &self.serial]);
        let Self { expires, warned, approval, .. } = self;
        OpenedPermit { permit: Permit { binding, expires, warned, digest, approval } }
    }
}
