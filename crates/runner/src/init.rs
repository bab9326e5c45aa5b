//! Making a state directory: beside its place, whole, and then moved there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reach_audit_ledger::{Author, EntryKind, Ledger, NewEntry};
use reach_signing::{Role, Signer, VerifiedTrust};
use reach_tlog::KeyName;
use reach_types::{Blake3Digest, NodeId, TenantId};

use crate::{
    World,
    files::{self, Existing},
    keys,
    memory::NodeMemory,
    state::{StateConfig, node_run},
    state_error::StateError,
    trusting::load_trust,
};

/// What `init` needs to know.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// The directory to make.
    pub dir: PathBuf,
    /// The ledger's origin.
    pub origin: String,
    /// The trust document.
    pub trust: PathBuf,
    /// Its root, if it was received by another channel.
    pub trust_root: Option<Blake3Digest>,
    /// The anchor to write.
    pub anchor: PathBuf,
    /// The tenant local commands act for.
    pub tenant: TenantId,
    /// Private keys to import.
    pub keys: Vec<PathBuf>,
}

/// What `init` made.
#[derive(Debug, Clone)]
pub struct Initialised {
    /// The configuration.
    pub config: StateConfig,
    /// The node's id.
    pub node: NodeId,
    /// The roles whose keys are new, and so not in the trust document.
    pub generated: Vec<Role>,
}

/// Makes a state directory: beside its place, whole, and then moved there.
///
/// # Errors
/// [`StateError::Exists`], [`StateError::AnchorInside`], [`StateError::KeyNotTrusted`] and what the
/// files and stores report; nothing is left behind.
pub fn init(world: &World, options: &InitOptions) -> Result<Initialised, StateError> {
    sweep(options);
    for path in [&options.dir, &options.anchor] {
        if path.symlink_metadata().is_ok() {
            return Err(StateError::Exists { path: path.clone() });
        }
    }
    KeyName::parse(&options.origin).map_err(StateError::Origin)?;
    let trust = load_trust(&options.trust, options.trust_root.as_ref(), world.now()).map_err(StateError::Trust)?;
    let staging = staging_of(&options.dir)?;
    files::create_directory(&staging).map_err(StateError::File)?;
    let made = fill(world, options, &trust, &staging);
    if made.is_err() {
        let _ = fs::remove_dir_all(&staging);
    }
    made
}

/// Removes what a killed `init` of the same place left: its directory, and the anchor if it had
/// come as far as writing that.
fn sweep(options: &InitOptions) {
    let anchor = files::absolute(&options.anchor);
    let names_it = |left: &Path| {
        let config = files::read(&left.join("state.json"), 64 * 1024).ok();
        let config = config.and_then(|bytes| serde_json::from_slice::<StateConfig>(&bytes).ok());
        config.is_some_and(|config| anchor.as_ref().is_ok_and(|anchor| config.anchor == *anchor))
    };
    let abandoned = options.dir.symlink_metadata().is_err()
        && files::leftovers(&options.dir, ".init").iter().any(|left| names_it(left));
    if abandoned && Path::new("/proc/self").exists() {
        let _ = fs::remove_file(&options.anchor);
    }
    files::sweep(&options.dir, ".init");
}

/// The name under which the directory is made before it is moved to its place.
fn staging_of(dir: &Path) -> Result<PathBuf, StateError> {
    let name = dir.file_name().ok_or_else(|| StateError::Exists { path: dir.to_path_buf() })?;
    Ok(dir.with_file_name(format!(".{}.{}.init", name.to_string_lossy(), std::process::id())))
}

fn fill(
    world: &World,
    options: &InitOptions,
    trust: &VerifiedTrust,
    staging: &Path,
) -> Result<Initialised, StateError> {
    let generated = place_keys(world, options, trust, staging)?;
    for secret in ["tag.key", "redaction.key"] {
        let bytes = zeroize::Zeroizing::new(world.draw().map_err(StateError::World)?);
        files::write(&staging.join("keys").join(secret), &*bytes, 0o600, Existing::Refuse).map_err(StateError::File)?;
    }
    files::create_directory(&staging.join("runs")).map_err(StateError::File)?;
    let config = StateConfig {
        schema: StateConfig::SCHEMA.to_owned(),
        origin: options.origin.clone(),
        tenant: options.tenant.clone(),
        anchor: anchor_path(&options.anchor, staging)?,
        trust_root: *trust.root(),
    };
    let memory = NodeMemory::create(&staging.join("node.redb")).map_err(StateError::Memory)?;
    memory.raise_trust_floor(trust.document().version, *trust.digest()).map_err(StateError::Memory)?;
    memory.raise_high_water(world.now()).map_err(StateError::Memory)?;
    let text = serde_json::to_vec_pretty(&config).map_err(|_| StateError::Schema)?;
    let (node, note) = first_entry(world, &config, staging)?;
    drop(memory);
    files::write(&staging.join("state.json"), &text, 0o600, Existing::Refuse).map_err(StateError::File)?;
    files::write(&config.anchor, note.as_bytes(), 0o644, Existing::Refuse).map_err(StateError::File)?;
    if let Err(error) = fs::rename(staging, &options.dir) {
        let _ = fs::remove_file(&config.anchor);
        return Err(StateError::File(files::io_error(&options.dir, error)));
    }
    files::sync_directory(&options.dir).map_err(StateError::File)?;
    Ok(Initialised { config, node, generated })
}

/// The anchor's absolute path, which must not lie in the directory it guards.
fn anchor_path(anchor: &Path, staging: &Path) -> Result<PathBuf, StateError> {
    let name = anchor.file_name().ok_or_else(|| StateError::AnchorInside { path: anchor.to_path_buf() })?;
    let parent = match anchor.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => files::absolute(parent),
        _ => files::absolute(Path::new(".")),
    };
    // A parent inside the state directory to be cannot exist yet, so it fails here.
    let parent = parent.map_err(|_| StateError::AnchorInside { path: anchor.to_path_buf() })?;
    let inside = files::absolute(staging).map_err(StateError::File)?;
    if parent.starts_with(inside) {
        Err(StateError::AnchorInside { path: anchor.to_path_buf() })
    } else {
        Ok(parent.join(name))
    }
}

/// The ledger with its first entry and checkpoint.
fn first_entry(world: &World, config: &StateConfig, staging: &Path) -> Result<(NodeId, String), StateError> {
    let public = |role: &str| keys::read_public(&staging.join(format!("keys/{role}.pub.pem"))).map_err(StateError::Key);
    let node = NodeId(public("node")?.key_id().0);
    let origin = KeyName::parse(&config.origin).map_err(StateError::Origin)?;
    let mut ledger = Ledger::create(&staging.join("ledger.redb"), &origin).map_err(StateError::Ledger)?;
    let payload = serde_json::json!({
        "origin": config.origin,
        "trust_root": config.trust_root,
        "run_key": public("run")?.key_id(),
        "log_key": public("log")?.key_id(),
        "node_key": node,
    });
    let entry = NewEntry {
        tenant: config.tenant.clone(),
        // The node's own entries are a run of their own, which nobody can start.
        run: node_run(&node),
        kind: EntryKind::NodeInit,
        author: Author::Operator,
        payload: payload.to_string().into_bytes(),
        idempotency: None,
    };
    ledger.append(&[entry], world.now(), &*world.random).map_err(StateError::Append)?;
    let log = keys::read_unattended(&staging.join("keys/log.pem"), Role::Log).map_err(StateError::Key)?;
    let signed = ledger.sign_checkpoint(&log).map_err(StateError::Checkpoint)?;
    Ok((node, signed.note))
}

/// Imports the given keys, each under the role that the trust document gives it, and draws the
/// rest.
fn place_keys(
    world: &World,
    options: &InitOptions,
    trust: &VerifiedTrust,
    staging: &Path,
) -> Result<Vec<Role>, StateError> {
    let directory = staging.join("keys");
    files::create_directory(&directory).map_err(StateError::File)?;
    for path in &options.keys {
        import_key(world, path, trust, &directory, &options.origin)?;
    }
    let mut generated = Vec::new();
    for role in [Role::Run, Role::Log, Role::Node] {
        let path = directory.join(format!("{role}.pem"));
        if path.symlink_metadata().is_err() {
            keys::generate(world, role, &path, &options.origin).map_err(StateError::Key)?;
            generated.push(role);
        }
    }
    Ok(generated)
}

/// Copies a key into the directory, unencrypted: a node must be able to use its keys unattended.
fn import_key(
    world: &World,
    path: &Path,
    trust: &VerifiedTrust,
    directory: &Path,
    origin: &str,
) -> Result<(), StateError> {
    let pem = keys::read_private_pem(world, path).map_err(StateError::Key)?;
    let key = keys::parse_signing(path, &pem, Role::Run).map_err(StateError::Key)?;
    let listed = trust.key(&key.public_key().key_id()).map(|(_, entry)| entry.role);
    let role = listed.ok_or_else(|| StateError::KeyNotTrusted { path: path.to_path_buf() })?;
    if !matches!(role, Role::Run | Role::Log | Role::Node) {
        return Err(StateError::KeyRole { path: path.to_path_buf(), role });
    }
    if directory.join(format!("{role}.pem")).symlink_metadata().is_ok() {
        return Err(StateError::KeyTwice { role });
    }
    let public = key
        .public_key()
        .to_pem()
        .map_err(|error| StateError::Key(keys::KeyFileError::Key { path: path.to_path_buf(), error }))?;
    let write = |name: String, bytes: &[u8], mode| {
        files::write(&directory.join(name), bytes, mode, Existing::Refuse).map_err(StateError::File)
    };
    write(format!("{role}.pem"), &pem, 0o600)?;
    write(format!("{role}.pub.pem"), public.as_bytes(), 0o644)?;
    if role == Role::Log {
        write(
            "log.vkey".to_owned(),
            keys::vkey_text(origin, key.public_key()).map_err(StateError::Key)?.as_bytes(),
            0o644,
        )?;
    }
    Ok(())
}
