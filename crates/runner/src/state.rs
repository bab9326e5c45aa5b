//! A node's state directory: made once by `init`, refused when it is not whole.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use reach_audit_ledger::{
    AppendError, Author, EntryKind, Ledger, LedgerReader, LedgerReceipt, MAX_BATCH, NewEntry, ReadError,
};
use reach_policy::{Floor, PermitKey, TagKey};
use reach_signing::{PublicKey, Role, SigningKey, VerifiedTrust};
use reach_tlog::{Checkpoint, KeyName, VerifierKey};
use reach_types::{Blake3Digest, JsonLimits, NodeId, RunId, TenantId, Timestamp, read_json, read_json_value};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    World,
    admission::Place,
    files::{self, Existing},
    keys,
    memory::NodeMemory,
    state_error::StateError,
    trusting::{LoadTrustError, load_chain},
};

/// The most bytes of `state.json`: two paths and five short names.
const MAX_CONFIG_BYTES: usize = 64 * 1024;
/// The most bytes of an anchor: one checkpoint.
const MAX_ANCHOR_BYTES: u64 = 64 * 1024;

/// What `state.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateConfig {
    /// Always `reach-state/1`.
    pub schema: String,
    /// The ledger's origin.
    pub origin: String,
    /// The tenant local commands act for.
    pub tenant: TenantId,
    /// Where the anchor is, outside this directory.
    pub anchor: PathBuf,
    /// The pinned trust root.
    pub trust_root: Blake3Digest,
}

impl StateConfig {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "reach-state/1";
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// Whether a command writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads, beside a writer if there is one.
    Read,
    /// It writes; a second writer is refused at once.
    Write,
}

/// The ledger, as far as this command may use it.
enum Books {
    Reader(LedgerReader),
    Writer(Box<Ledger>),
}

/// An open state directory.
pub struct State {
    dir: PathBuf,
    config: StateConfig,
    books: Books,
    /// Floors, nonces and the time high-water.
    pub memory: NodeMemory,
    vkey: VerifierKey,
    run_public: PublicKey,
    node: NodeId,
    /// How many floors the ledger has seen in the memory.
    recorded_floors: u64,
}

impl State {
    /// Opens the state directory `dir` and holds its ledger against the anchor.
    ///
    /// # Errors
    /// [`StateError::Uninitialised`] if `init` never made it, [`StateError::AnchorMissing`],
    /// [`StateError::Anchor`] if the ledger is older than the anchor or another one, and what the
    /// files and stores report.
    pub fn open(dir: &Path, access: Access) -> Result<Self, StateError> {
        let config = read_config(dir)?;
        let public = |name: &str| keys::read_public(&dir.join(format!("keys/{name}.pub.pem"))).map_err(StateError::Key);
        let name = KeyName::parse(&config.origin).map_err(StateError::Origin)?;
        let (ledger, memory) = (dir.join("ledger.redb"), dir.join("node.redb"));
        // The ledger's lock comes first and is held before the other is tried: of two writers that
        // start at once, one gets both.
        let books = match access {
            Access::Read => Ledger::open_read_only(&ledger).map(Books::Reader),
            Access::Write => Ledger::open(&ledger).map(|it| Books::Writer(Box::new(it))),
        };
        let books = books.map_err(StateError::Ledger)?;
        let memory = match access {
            Access::Read => NodeMemory::open_read_only(&memory),
            Access::Write => NodeMemory::open(&memory),
        };
        let mut state = Self {
            dir: files::absolute(dir).map_err(StateError::File)?,
            books,
            memory: memory.map_err(StateError::Memory)?,
            vkey: VerifierKey::new(name, public("log")?),
            run_public: public("run")?,
            node: NodeId(public("node")?.key_id().0),
            config,
            recorded_floors: 0,
        };
        state.check_anchor()?;
        state.recorded_floors = state.check_memory(access)?;
        Ok(state)
    }

    fn check_anchor(&self) -> Result<(), StateError> {
        let path = &self.config.anchor;
        if path.symlink_metadata().is_err() {
            return Err(StateError::AnchorMissing { path: path.clone() });
        }
        let note = files::read(path, MAX_ANCHOR_BYTES).map_err(StateError::File)?;
        let anchor = Checkpoint::verify(&note, &self.vkey).map_err(StateError::AnchorMalformed)?;
        self.ledger().check_anchor(&anchor).map_err(StateError::Anchor)
    }

    /// Floors and nonces put back from an older copy would accept again what was used up: every
    /// entry says how often the memory had been written, and it can only be written more often. The
    /// answer is how many floors it says there were.
    fn check_memory(&self, access: Access) -> Result<u64, StateError> {
        let size = self.ledger().head().map_err(|error| StateError::Read(ReadError::Store(error)))?.size;
        let Some(last) = size.checked_sub(1) else { return Ok(0) };
        let entry = match self.ledger().tenant(self.config.tenant.clone()).entry(last) {
            // A damaged entry is for the audit to name; nothing is written on top of it.
            Err(ReadError::EntryCorrupt { .. }) if access == Access::Read => return Ok(0),
            entry => entry.map_err(StateError::Read)?,
        };
        // Whatever takes payloads out says so in a later entry: the last one has its own.
        let payload = &entry.payload;
        let (recorded, floors) = (recorded(payload, GENERATION), recorded(payload, FLOORS));
        let generation = self.memory.generation().map_err(StateError::Memory)?;
        if generation < recorded { Err(StateError::MemoryRollback { recorded, generation }) } else { Ok(floors) }
    }

    /// What is remembered of the policy called `name`. A floor that is not there was never raised
    /// only if none is missing of those that the ledger has seen.
    ///
    /// # Errors
    /// [`StateError::Memory`].
    pub fn bundle_floor(&self, name: &str) -> Result<Floor, StateError> {
        Ok(match self.memory.bundle_floor(name).map_err(StateError::Memory)? {
            Some(floor) => Floor::Kept(floor),
            None if self.floors_missing()? => Floor::Missing,
            None => Floor::FirstUse,
        })
    }

    /// Whether there are fewer floors than the ledger has seen: any of them may be the one asked for.
    ///
    /// # Errors
    /// [`StateError::Memory`].
    pub(crate) fn floors_missing(&self) -> Result<bool, StateError> {
        Ok(self.memory.floors().map_err(StateError::Memory)? < self.recorded_floors)
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The ledger, for reading.
    #[must_use]
    pub fn ledger(&self) -> &LedgerReader {
        match &self.books {
            Books::Reader(reader) => reader,
            Books::Writer(ledger) => ledger,
        }
    }

    fn writer(&mut self) -> Result<&mut Ledger, StateError> {
        match &mut self.books {
            Books::Reader(_) => Err(StateError::ReadOnly),
            Books::Writer(ledger) => Ok(ledger),
        }
    }

    /// What `init` was told.
    #[must_use]
    pub const fn config(&self) -> &StateConfig {
        &self.config
    }

    /// Where runs on this node happen, and whose they are.
    #[must_use]
    pub const fn place(&self) -> Place<'_> {
        Place { node: self.node(), tenant: &self.config.tenant }
    }

    /// This node's id.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// The key that this node's run logs are sealed with.
    #[must_use]
    pub const fn run_public(&self) -> PublicKey {
        self.run_public
    }

    /// The key that checkpoints are verified with.
    #[must_use]
    pub const fn vkey(&self) -> &VerifierKey {
        &self.vkey
    }

    /// This node's private key of `role`, one of run, log and node.
    ///
    /// # Errors
    /// [`StateError::Key`].
    pub fn signing_key(&self, role: Role) -> Result<SigningKey, StateError> {
        keys::read_unattended(&self.dir.join(format!("keys/{role}.pem")), role).map_err(StateError::Key)
    }

    /// The key that this node seals permits with.
    ///
    /// # Errors
    /// [`StateError::File`] if others can read the secret it is made from, [`StateError::Secret`].
    pub fn permit_key(&self) -> Result<PermitKey, StateError> {
        Ok(PermitKey::derive(&*self.secret("tag.key")?))
    }

    /// The key that this node's tags are made with. Whoever is lent it can make no permit.
    ///
    /// # Errors
    /// As [`State::permit_key`].
    pub fn tag_key(&self) -> Result<TagKey, StateError> {
        Ok(TagKey::derive(&*self.secret("tag.key")?))
    }

    /// 32 random bytes that `init` drew.
    fn secret(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, StateError> {
        let path = self.dir.join("keys").join(name);
        let bytes = files::read_private(&path).map_err(StateError::File)?;
        let bytes = <&[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| StateError::Secret { path })?;
        Ok(Zeroizing::new(*bytes))
    }

    /// This node's public key of `role`, one of run, log and node.
    ///
    /// # Errors
    /// [`StateError::Key`].
    pub fn public_key(&self, role: Role) -> Result<PublicKey, StateError> {
        keys::read_public(&self.dir.join(format!("keys/{role}.pub.pem"))).map_err(StateError::Key)
    }

    /// The time that validities are decided by: the clock, but never before what was seen.
    ///
    /// # Errors
    /// [`StateError::Memory`].
    pub fn now(&self, world: &World) -> Result<Timestamp, StateError> {
        Ok(world.now().max(self.memory.high_water().map_err(StateError::Memory)?))
    }

    /// Loads the trust document at `path` under this directory's pin and floor: it is no older than
    /// the newest that was seen, and leads through that very one.
    ///
    /// # Errors
    /// [`StateError::Trust`], [`StateError::TrustRollback`], [`StateError::TrustEquivocation`].
    pub fn load_trust(&self, path: &Path, now: Timestamp) -> Result<VerifiedTrust, StateError> {
        let chain = load_chain(path, Some(&self.config.trust_root), now).map_err(StateError::Trust)?;
        let version = chain.newest().document().version;
        if let Some((seen, digest)) = self.memory.trust_floor().map_err(StateError::Memory)? {
            if version < seen {
                return Err(StateError::TrustRollback { seen, version });
            }
            // A longer chain that leads through another document of that version is a fork too.
            if chain.digest_of(seen) != Some(&digest) {
                return Err(StateError::TrustEquivocation { version: seen });
            }
        }
        chain.in_force(now).map_err(LoadTrustError::of(path)).map_err(StateError::Trust)
    }

    /// Appends entries of `run` for this directory's tenant, durably.
    ///
    /// # Errors
    /// [`StateError::Append`]; [`StateError::ReadOnly`] for a directory opened for reading.
    pub fn append(
        &mut self,
        world: &World,
        run: RunId,
        author: &Author,
        entries: &[(EntryKind, Value)],
    ) -> Result<Vec<LedgerReceipt>, StateError> {
        self.append_keyed(world, run, author, entries, None)
    }

    /// As [`State::append`], for one entry that is appended once however often it is handed in: `key`
    /// is a digest of its payload.
    ///
    /// # Errors
    /// As [`State::append`].
    pub(crate) fn append_once(
        &mut self,
        world: &World,
        run: RunId,
        author: &Author,
        entry: (EntryKind, Value),
        key: [u8; 32],
    ) -> Result<(), StateError> {
        match self.append_keyed(world, run, author, &[entry], Some(key)) {
            // It is there, from when the memory had been written less often.
            Err(StateError::Append(AppendError::IdempotencyConflict { .. })) => Ok(()),
            appended => appended.map(drop),
        }
    }

    fn append_keyed(
        &mut self,
        world: &World,
        run: RunId,
        author: &Author,
        entries: &[(EntryKind, Value)],
        idempotency: Option<[u8; 32]>,
    ) -> Result<Vec<LedgerReceipt>, StateError> {
        let generation = self.memory.generation().map_err(StateError::Memory)?;
        // What the ledger has seen it goes on saying: a refusal over a lost floor is an entry too.
        let floors = self.memory.floors().map_err(StateError::Memory)?.max(self.recorded_floors);
        let written = |kind| match kind {
            // Its members are a format of their own, which other nodes read.
            EntryKind::PackSigned => vec![(GENERATION, generation)],
            _ => vec![(GENERATION, generation), (FLOORS, floors)],
        };
        let entry = |(kind, payload): &(EntryKind, Value)| NewEntry {
            tenant: self.config.tenant.clone(),
            run,
            kind: *kind,
            author: author.clone(),
            payload: with_counts(payload, &written(*kind)).to_string().into_bytes(),
            idempotency,
        };
        let entries: Vec<NewEntry> = entries.iter().map(entry).collect();
        let (now, writer) = (world.now(), self.writer()?);
        let appended = entries.chunks(MAX_BATCH).map(|some| writer.append(some, now, &*world.random));
        let receipts: Vec<_> = appended.collect::<Result<_, _>>().map_err(StateError::Append)?;
        Ok(receipts.into_iter().flatten().collect())
    }

    /// How far the clock stands behind the latest entry, if this directory is open for writing.
    #[must_use]
    pub fn clock_behind(&self, world: &World) -> Option<Duration> {
        match &self.books {
            Books::Reader(_) => None,
            Books::Writer(ledger) => ledger.clock_behind(world.now()),
        }
    }

    /// Signs a checkpoint of all that is durable, then moves the anchor up to it.
    ///
    /// # Errors
    /// [`StateError::Checkpoint`], [`StateError::File`]; [`StateError::ReadOnly`].
    pub fn checkpoint(&mut self) -> Result<String, StateError> {
        let key = self.signing_key(Role::Log)?;
        let note = self.writer()?.sign_checkpoint(&key).map_err(StateError::Checkpoint)?.note;
        files::write(&self.config.anchor, note.as_bytes(), 0o644, Existing::Replace).map_err(StateError::File)?;
        Ok(note)
    }

    /// The directory that the run's log and output are in.
    #[must_use]
    pub fn run_dir(&self, run: &RunId) -> PathBuf {
        self.dir.join("runs").join(run.to_string())
    }
}

/// The member of every entry's payload that says how often the node's memory had been written.
const GENERATION: &str = "memory";
/// The member that says how many floors it held.
const FLOORS: &str = "floors";

fn with_counts(payload: &Value, counts: &[(&str, u64)]) -> Value {
    let mut payload = payload.clone();
    if let Some(object) = payload.as_object_mut() {
        object.extend(counts.iter().map(|(name, count)| ((*name).to_owned(), Value::from(*count))));
    }
    payload
}

/// What a payload says of the memory; 0 if it says nothing.
fn recorded(payload: &[u8], count: &str) -> u64 {
    let value = read_json_value(payload, JsonLimits::bytes(MAX_CONFIG_BYTES)).ok();
    value.and_then(|value| value.get(count)?.as_u64()).unwrap_or_default()
}

fn read_config(dir: &Path) -> Result<StateConfig, StateError> {
    let path = dir.join("state.json");
    match path.symlink_metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(StateError::Uninitialised { dir: dir.to_path_buf() });
        }
        found => found.map(drop).map_err(|error| StateError::File(files::io_error(&path, error)))?,
    }
    let limit = u64::try_from(MAX_CONFIG_BYTES).unwrap_or(u64::MAX);
    let bytes = files::read_trust(&path, limit).map_err(StateError::File)?;
    let config: StateConfig = read_json(&bytes, JsonLimits::bytes(MAX_CONFIG_BYTES)).map_err(StateError::Config)?;
    if config.schema == StateConfig::SCHEMA { Ok(config) } else { Err(StateError::Schema) }
}

/// Records that this node does without something: durably, under the anchor, and outside any run.
pub(crate) fn note_relaxation(world: &World, dir: &Path, payload: Value) -> Result<(), StateError> {
    let mut state = State::open(dir, Access::Write)?;
    let run = node_run(&state.node());
    state.append(world, run, &Author::Operator, &[(EntryKind::RelaxationNoted, payload)])?;
    state.checkpoint().map(drop)
}

/// The run under which a node's own entries stand.
#[must_use]
pub fn node_run(node: &NodeId) -> RunId {
    RunId::derive(node, &[0; 32])
}
