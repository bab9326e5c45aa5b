//! Sealed permits: handed out as a file, and redeemed from one, once.

use std::{error::Error, path::Path, time::Duration};

use reach_audit_ledger::{Author, EntryKind};
use reach_pack_integrity::{Expected, Verification};
use reach_policy::{
    MAX_BUNDLE_BYTES, MAX_PERMIT_TOKEN_BYTES, Mode, ModeError, OpenedPermit, Permit, PermitError, PermitToken,
    RedeemError, Redeemed, VerifiedBundle, Withdrawn,
};
use reach_types::{Blake3Digest, Class, Code, CodeRow, RunId, StrictError, Timestamp, ToolCall};
use serde_json::json;

use crate::{
    World,
    admission::{Admission, AdmitError, CallSite, admit},
    files::{self, Existing, FileError},
    packs::{self, PackFileError, PackFiles},
    policies::{self, PolicyFileError},
    running::{Loaded, RunError, Sources},
    state::{State, node_run},
    state_error::StateError,
    tools::{BuiltinTools, ToolHost},
    world::WorldError,
};

/// The longest that a sealed permit can be used, from when it was given: until then its use is
/// remembered, so that a node has room for 18 of them a second all the time.
pub const MAX_PERMIT_LIFE: Duration = Duration::from_secs(3600);

/// Why a permit was not sealed or not redeemed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PermitFileError {
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// The state directory.
    #[error(transparent)]
    State(StateError),
    /// The pack.
    #[error(transparent)]
    Pack(PackFileError),
    /// The policy bundle.
    #[error(transparent)]
    Policy(PolicyFileError),
    /// The floors.
    #[error(transparent)]
    Floors(RunError),
    /// The mode.
    #[error(transparent)]
    Mode(ModeError),
    /// Admission.
    #[error(transparent)]
    Admit(AdmitError),
    /// The permit.
    #[error(transparent)]
    Redeem(RedeemError),
    /// What the permit was given under was withdrawn.
    #[error(transparent)]
    Withdrawn(WithdrawnUnder),
    /// It could be used for longer than [`MAX_PERMIT_LIFE`].
    #[error("the permit ends at {expires}, and one that is sealed now ends at {latest} at the latest")]
    TooLong {
        /// When it ends.
        expires: Timestamp,
        /// The latest end.
        latest: Timestamp,
    },
    /// Randomness.
    #[error(transparent)]
    World(WorldError),
    /// An encoding of our own.
    #[error(transparent)]
    Encode(StrictError),
}

reach_types::codes!(PermitFileError {
    TooLong => ("policy.permit_too_long", Usage, "have the permit end within an hour"),
} wrap {
    File, State, Pack, Policy, Floors, Mode, Admit, Redeem, Withdrawn, World, Encode,
});

/// The pack or the bundle that a permit was given under verified then, and does not any more.
#[derive(Debug, thiserror::Error)]
#[error("the {what} that the permit was given under does not stand any more")]
pub struct WithdrawnUnder {
    /// `pack` or `bundle`.
    pub what: &'static str,
    /// Why it does not.
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
}

impl Code for WithdrawnUnder {
    fn row(&self) -> CodeRow {
        PermitError::Superseded { field: self.what }.row()
    }
}

impl From<StateError> for PermitFileError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<FileError> for PermitFileError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<RedeemError> for PermitFileError {
    fn from(error: RedeemError) -> Self {
        Self::Redeem(error)
    }
}

/// Seals `permit` with the key of `state`'s node and writes it to `out`, which only its owner can
/// read: whoever holds the file can make the call. Returns the name that it will be spent under.
///
/// # Errors
/// [`PermitFileError::TooLong`], [`PermitFileError::State`] for the key, [`PermitFileError::World`],
/// [`PermitFileError::File`]; [`PermitFileError::Encode`] and [`PermitFileError::Redeem`] would be faults of ours.
pub fn seal_permit(world: &World, state: &State, permit: Permit, out: &Path) -> Result<Blake3Digest, PermitFileError> {
    let (expires, latest) = (permit.expires(), state.now(world)?.saturating_add(MAX_PERMIT_LIFE));
    if expires > latest {
        return Err(PermitFileError::TooLong { expires, latest });
    }
    let key = state.permit_key()?;
    let serial = world.draw().map_err(PermitFileError::World)?;
    let token = permit.seal(&key, serial).map_err(PermitFileError::Encode)?;
    // What would not open again is not handed out.
    let digest = *PermitToken::parse(&token.to_bytes())?.open(&key)?.digest();
    files::write(out, &token.to_bytes(), 0o600, Existing::Refuse)?;
    Ok(digest)
}

/// A sealed permit, and the call that is about to be made under it.
#[derive(Debug, Clone, Copy)]
pub struct PresentedPermit<'p> {
    /// The file.
    pub file: &'p Path,
    /// The call, with the exact arguments that are handed over.
    pub call: &'p ToolCall,
    /// The run it belongs to.
    pub run: RunId,
    /// Which call of the run it is, from 0.
    pub index: u64,
}

/// Redeems a sealed permit for a local call of this node's built-in tools, once: after its MAC, and
/// after trust, pack and bundle as they are now.
///
/// The use is durable before it is recorded in the ledger, and recorded before this returns: if
/// anything fails from there on, the permit is used up and nothing is allowed. A refusal spends
/// nothing.
///
/// # Errors
/// Every variant of [`PermitFileError`] but [`PermitFileError::World`].
pub fn redeem_permit(
    world: &World,
    state: &mut State,
    sources: &Sources<'_>,
    presented: &PresentedPermit<'_>,
) -> Result<Redeemed, PermitFileError> {
    let opened = open(state, presented.file)?;
    let loaded = load(world, state, sources, opened.binding())?;
    loaded.remember(state).map_err(PermitFileError::Floors)?;
    let redeemed = redeem(world, state, &loaded, &opened, presented)?;
    record(world, state, &redeemed, presented.call)?;
    Ok(redeemed)
}

fn open(state: &State, file: &Path) -> Result<OpenedPermit, PermitFileError> {
    // One byte more than there can be, so that it is the token that is too long and not the file.
    let limit = u64::try_from(MAX_PERMIT_TOKEN_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let bytes = match files::read(file, limit) {
        Err(FileError::TooLarge { .. }) => vec![0; MAX_PERMIT_TOKEN_BYTES.saturating_add(1)],
        read => read?,
    };
    Ok(PermitToken::parse(&bytes)?.open(&state.permit_key()?)?)
}

/// Verifies what the permit was given under as it is now. An unsigned pack is refused whatever a
/// policy exempts: no permit for one is ever sealed.
fn load(
    world: &World,
    state: &State,
    sources: &Sources<'_>,
    given: &reach_policy::Binding,
) -> Result<Loaded, PermitFileError> {
    let now = state.now(world)?;
    let trust = state.load_trust(sources.trust, now)?;
    let bundle = policies::verify(sources.policy, &trust, now, Some(state)).map_err(|error| {
        let same = is_withdrawal(&error) && digest_of_bundle(sources.policy) == Some(given.bundle);
        if same { withdrawn("bundle", error) } else { PermitFileError::Policy(error) }
    })?;
    let expected = Expected::default();
    let asked = Verification { trust: &trust, expected: &expected, now, seen: Some(&state.memory), evidence: None };
    let files = PackFiles::of(sources.pack, sources.signature, sources.trust);
    let pack = packs::verify(&files, &asked).map_err(|error| {
        let same = is_withdrawal(&error) && digest_of_pack(sources.pack) == Some(given.pack);
        if same { withdrawn("pack", error) } else { PermitFileError::Pack(error) }
    })?;
    Ok(Loaded { trust, pack, bundle, now, mark: None })
}

/// Whether what is refused may have been good before: it ended, was revoked or passed, or whoever
/// signed it is not trusted any more.
fn is_withdrawal(error: &dyn Code) -> bool {
    matches!(error.class(), Class::Expired | Class::Untrusted)
}

fn withdrawn(what: &'static str, cause: impl Error + Send + Sync + 'static) -> PermitFileError {
    PermitFileError::Withdrawn(WithdrawnUnder { what, cause: Box::new(cause) })
}

fn digest_of_bundle(path: &Path) -> Option<Blake3Digest> {
    let bytes = files::read(path, u64::try_from(MAX_BUNDLE_BYTES).unwrap_or(u64::MAX)).ok()?;
    VerifiedBundle::unverified_digest(&bytes).ok()
}

fn digest_of_pack(path: &Path) -> Option<Blake3Digest> {
    packs::inspect(path).ok().map(|pack| pack.digests.blake3)
}

fn redeem(
    world: &World,
    state: &State,
    loaded: &Loaded,
    opened: &OpenedPermit,
    presented: &PresentedPermit<'_>,
) -> Result<Redeemed, PermitFileError> {
    let host = BuiltinTools::definitions_only();
    let mode = Mode::parse(world.environment.policy_mode.as_deref()).map_err(PermitFileError::Mode)?;
    let admission = admit(&loaded.pack, &loaded.bundle, None, &host, &state.place(), mode, loaded.now);
    let admission = admission.map_err(PermitFileError::Admit)?;
    let site = CallSite {
        run: presented.run,
        index: presented.index,
        node: state.node(),
        tenant: state.config().tenant.clone(),
        host: host.identity(),
    };
    let unknown = RedeemError::Permit(PermitError::CallMismatch { field: "definition" });
    let actual = admission.binding(presented.call, &site).ok_or(unknown)?;
    Ok(opened.redeem(&actual, standing(&admission), loaded.now, &state.memory)?)
}

/// A pack that is not admitted any more, as when another of its tools has changed, is no ground for
/// a call.
fn standing(admission: &Admission<'_>) -> Result<(), Withdrawn> {
    if admission.allowed() { Ok(()) } else { Err(Withdrawn::Pack) }
}

/// Puts the use on record, under the anchor: an older copy of the table in which the permit was not
/// used yet is then told from the newest one.
fn record(world: &World, state: &mut State, redeemed: &Redeemed, call: &ToolCall) -> Result<(), StateError> {
    let binding = redeemed.binding();
    let payload = json!({
        "permit": redeemed.digest(),
        "run": binding.run,
        "call": binding.index,
        "tool": call.tool,
        "arguments": call.arguments_digest(),
        "pack": binding.pack,
        "bundle": binding.bundle,
        "mode": binding.mode,
        "warned": redeemed.warned(),
    });
    // The run itself may be over, or known to nobody here.
    let run = node_run(&state.node());
    state.append(world, run, &Author::Operator, &[(EntryKind::PermitRedeemed, payload)])?;
    state.checkpoint().map(drop)
}
