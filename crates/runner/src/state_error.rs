//! Why a state directory was not made or not opened.

use std::path::PathBuf;

use reach_audit_ledger::{AnchorError, AppendError, CheckpointSignError, OpenError, ReadError};
use reach_signing::Role;
use reach_tlog::{CheckpointError, NameError};
use reach_types::JsonError;

use crate::{files::FileError, keys::KeyFileError, memory::MemoryError, trusting::LoadTrustError, world::WorldError};

/// Why a state directory was not made or not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// `init` never made it, or it is gone.
    #[error("`{dir}` is not a state directory")]
    Uninitialised {
        /// Which directory.
        dir: PathBuf,
    },
    /// Something is there already.
    #[error("`{path}` exists already")]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The anchor would lie in the directory it guards, or where no directory is.
    #[error("the anchor `{path}` must lie in an existing directory outside the state directory")]
    AnchorInside {
        /// Where.
        path: PathBuf,
    },
    /// The anchor is gone.
    #[error("the anchor `{path}` is missing: nothing says that this state is not an old copy")]
    AnchorMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The anchor is no checkpoint of this ledger.
    #[error("the anchor: {0}")]
    AnchorMalformed(CheckpointError),
    /// The ledger does not lead up to the anchor.
    #[error(transparent)]
    Anchor(AnchorError),
    /// The configuration is not JSON of its shape.
    #[error("state.json: {0}")]
    Config(JsonError),
    /// The configuration is of another version.
    #[error("state.json is not of this version of the format")]
    Schema,
    /// The origin cannot name a log.
    #[error(transparent)]
    Origin(NameError),
    /// A key to import that the trust document does not list.
    #[error("the key `{path}` is not in the trust document, so its role is not known")]
    KeyNotTrusted {
        /// Which key.
        path: PathBuf,
    },
    /// A key to import that a node has no use for.
    #[error("the key `{path}` has the role `{role}`; a node holds run, log and node keys")]
    KeyRole {
        /// Which key.
        path: PathBuf,
        /// Its role.
        role: Role,
    },
    /// An older trust document than this node has seen.
    #[error("trust document version {version} after version {seen} was seen")]
    TrustRollback {
        /// The highest version seen.
        seen: u64,
        /// The version given.
        version: u64,
    },
    /// Two keys to import of one role.
    #[error("two keys of the role `{role}` are given; a node holds one")]
    KeyTwice {
        /// The role.
        role: Role,
    },
    /// The node's memory is older than the ledger.
    #[error("the node's memory was written {generation} times, the ledger has seen {recorded}")]
    MemoryRollback {
        /// What the ledger's last entry says.
        recorded: u64,
        /// What the memory says.
        generation: u64,
    },
    /// Another trust document of the version that this node has seen, or a chain through another.
    #[error("another trust document of version {version} was seen before")]
    TrustEquivocation {
        /// The version of both.
        version: u64,
    },
    /// A reset to the root that is pinned.
    #[error("the trust document descends from the root that is pinned already")]
    TrustRootUnchanged,
    /// The trust document.
    #[error(transparent)]
    Trust(LoadTrustError),
    /// A file.
    #[error(transparent)]
    File(FileError),
    /// A key file.
    #[error(transparent)]
    Key(KeyFileError),
    /// A secret of the node's own that is not what `init` made.
    #[error("`{path}` is not the 32 bytes that `reach init` made")]
    Secret {
        /// Which file.
        path: PathBuf,
    },
    /// The ledger.
    #[error(transparent)]
    Ledger(OpenError),
    /// Reading the ledger.
    #[error(transparent)]
    Read(ReadError),
    /// Writing to what was opened for reading.
    #[error("the state directory was opened for reading only")]
    ReadOnly,
    /// Appending to the ledger.
    #[error(transparent)]
    Append(AppendError),
    /// Signing a checkpoint.
    #[error(transparent)]
    Checkpoint(CheckpointSignError),
    /// Floors and nonces.
    #[error(transparent)]
    Memory(MemoryError),
    /// Clock or randomness.
    #[error(transparent)]
    World(WorldError),
}

reach_types::codes!(StateError {
    Uninitialised => ("state.uninitialised", Usage, "make it with `reach init`, or check the path"),
    Exists => ("state.exists", Usage, "choose another path, or move it away first"),
    AnchorInside => ("state.anchor_inside", Usage, "name a file in a directory that whoever can replace the state cannot"),
    AnchorMissing => ("state.anchor_missing", Expired, "put the anchor back where it was; a restore without it is an operator's decision"),
    Schema => ("state.schema_unknown", Refused, "use the version of reach that made this directory"),
    KeyNotTrusted => ("state.key_not_trusted", Usage, "add the key to the trust document with --signer, or leave out --key to draw a new one"),
    KeyRole => ("state.key_role", Usage, "import keys of the roles run, log and node only"),
    TrustRollback => ("trust.rollback", Expired, "use the newest trust document"),
    KeyTwice => ("state.key_twice", Usage, "give one key of each of the roles run, log and node"),
    MemoryRollback => ("state.memory_rolled_back", Expired, "node.redb was replaced by an older copy, in which used nonces and raised floors are missing: bring back the newer one"),
    TrustEquivocation => ("trust.equivocation", Expired, "ask the root signers which of the two documents is theirs"),
    TrustRootUnchanged => ("state.trust_root_unchanged", Usage, "use the document as it is: only another root has to be pinned anew"),
    Secret => ("state.secret_malformed", Refused, "restore the state directory from a backup"),
    ReadOnly => ("state.read_only", Internal, "report this as a bug"),
} wrap { Read, AnchorMalformed, Anchor, Config, Origin, Trust, File, Key, Ledger, Append, Checkpoint, Memory, World });
