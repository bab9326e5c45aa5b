//! Everybody who is to sign one thing.

use std::{collections::BTreeSet, path::PathBuf};

use reach_signing::{Role, Signer, SigningKey};

use super::{KeyFileError, read_signing};
use crate::{
    World,
    command_signer::{CommandSigner, CommandSpec},
};

/// Who is to sign: key files, and commands that hold keys of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signers<'a> {
    /// Private key files.
    pub keys: &'a [PathBuf],
    /// Commands.
    pub commands: &'a [CommandSpec],
}

/// The signers of `role`, in the order given, key files first.
///
/// # Errors
/// [`KeyFileError::Twice`] if one key is given twice; as [`read_signing`] and
/// [`read_public`](super::read_public); [`KeyFileError::Command`].
pub fn read_signers(world: &World, role: Role, of: &Signers<'_>) -> Result<Vec<Box<dyn Signer>>, KeyFileError> {
    let keys = of.keys.iter().map(|path| read_signing(world, path, role).map(boxed));
    let commands = of.commands.iter().map(|spec| CommandSigner::new(spec, role, &world.environment).map(boxed));
    let signers = keys.chain(commands).collect::<Result<Vec<_>, _>>()?;
    each_once(signers.iter().map(|signer| &**signer))?;
    Ok(signers)
}

/// The private root keys at `paths`.
///
/// # Errors
/// [`KeyFileError::Twice`], and as [`read_signing`].
pub fn read_roots(world: &World, paths: &[PathBuf]) -> Result<Vec<SigningKey>, KeyFileError> {
    let keys = paths.iter().map(|path| read_signing(world, path, Role::Root)).collect::<Result<Vec<_>, _>>()?;
    each_once(keys.iter().map(|key| key as &dyn Signer))?;
    Ok(keys)
}

fn boxed(signer: impl Signer + 'static) -> Box<dyn Signer> {
    Box::new(signer)
}

fn each_once<'a>(mut signers: impl Iterator<Item = &'a dyn Signer>) -> Result<(), KeyFileError> {
    let mut seen = BTreeSet::new();
    match signers.find(|signer| !seen.insert(signer.public_key())) {
        Some(signer) => Err(KeyFileError::Twice { key_id: signer.public_key().key_id() }),
        None => Ok(()),
    }
}
