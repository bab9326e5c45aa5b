//! Checkpoints: signing the head, and comparing the ledger with what was signed before.

use reach_signing::Signer;
use reach_tlog::{Checkpoint, NoteSignError, SignedNote, VerifierKey, root_at};
use reach_types::Sha256Digest;

use crate::{
    Ledger, LedgerReader, SignedCheckpoint, StoreError,
    head::{FORMAT_VERSION, StoredCheckpoint},
    rows::Tree,
    sealed::seal,
    store::Changes,
    tables::META_CHECKPOINT,
    view::View,
};

/// Why no checkpoint was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointSignError {
    /// The store.
    #[error(transparent)]
    Store(StoreError),
    /// The signer.
    #[error(transparent)]
    Sign(NoteSignError),
    /// The tree does not continue the one signed last.
    #[error("the tree does not continue the checkpoint signed at size {signed}")]
    Inconsistent {
        /// The size signed last.
        signed: u64,
    },
}

reach_types::codes!(CheckpointSignError {
    Inconsistent => ("audit.checkpoint_inconsistent", Refused, "sign nothing: run `reach audit verify` and keep the file as evidence"),
} wrap { Store, Sign });

/// Why the ledger is not the continuation of an anchor. Exhaustive on purpose: each case calls for
/// something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// The store.
    #[error(transparent)]
    Store(StoreError),
    /// The anchor is of another log.
    #[error("the anchor is of another log")]
    Origin,
    /// The anchor has seen more entries than there are.
    #[error("the anchor has seen {} entries, the ledger holds {size}", anchor.size)]
    RolledBack {
        /// The anchor.
        anchor: Box<Checkpoint>,
        /// How many entries there are.
        size: u64,
    },
    /// At the anchor's size, the ledger has another root.
    #[error("at {} entries the ledger is not the one that the anchor has seen", anchor.size)]
    Forked {
        /// The anchor.
        anchor: Box<Checkpoint>,
        /// What the ledger says at the anchor's size.
        ledger: Box<Checkpoint>,
    },
}

reach_types::codes!(AnchorError {
    Origin => ("audit.anchor_origin", Refused, "name the anchor file of this ledger"),
    RolledBack => ("audit.rolled_back", Expired, "the state was replaced by an older copy: bring back the newer one"),
    Forked => ("audit.forked", Refused, "keep both signed checkpoints: they prove that the ledger was rewritten"),
} wrap { Store });

impl From<StoreError> for AnchorError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl LedgerReader {
    /// The checkpoint signed last.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn latest_checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let stored = self.store.view()?.checkpoint()?;
        Ok(stored.map(|stored| stored.signed(&self.origin)))
    }

    /// The root of the first `size` entries, or `None` if there are fewer.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn root_at(&self, size: u64) -> Result<Option<Sha256Digest>, StoreError> {
        let view = self.store.view()?;
        checked_root_at(&view, size)
    }

    /// Checks that this ledger continues the tree of `anchor`, a checkpoint that was verified and
    /// kept elsewhere. An anchor behind the ledger is fine.
    ///
    /// # Errors
    /// Every variant of [`AnchorError`].
    pub fn check_anchor(&self, anchor: &Checkpoint) -> Result<(), AnchorError> {
        if anchor.origin != self.origin {
            return Err(AnchorError::Origin);
        }
        let view = self.store.view()?;
        let boxed = || Box::new(anchor.clone());
        match checked_root_at(&view, anchor.size)? {
            None => Err(AnchorError::RolledBack { anchor: boxed(), size: view.head()?.size }),
            Some(root) if root == anchor.root => Ok(()),
            Some(root) => {
                Err(AnchorError::Forked { anchor: boxed(), ledger: Box::new(Checkpoint { root, ..anchor.clone() }) })
            }
        }
    }
}

fn checked_root_at(view: &View<'_>, size: u64) -> Result<Option<Sha256Digest>, StoreError> {
    if size > view.head()?.size {
        return Ok(None);
    }
    root_at(size, &Tree::new(view)).map(Some)
}

impl Ledger {
    /// Signs the head and stores the checkpoint durably. If nothing came since the last one by
    /// this key, that one is returned again.
    ///
    /// # Errors
    /// [`CheckpointSignError::Inconsistent`] if the ledger is shorter than what was signed, or
    /// another; [`CheckpointSignError::Sign`]; [`CheckpointSignError::Store`].
    pub fn sign_checkpoint(&mut self, signer: &dyn Signer) -> Result<SignedCheckpoint, CheckpointSignError> {
        let (size, root) = (self.state.frontier.size(), self.state.frontier.root());
        let latest = self.signed_before().map_err(CheckpointSignError::Store)?;
        if let Some((latest, continued)) = latest {
            if !continued {
                return Err(CheckpointSignError::Inconsistent { signed: latest.checkpoint.size });
            }
            if latest.checkpoint.size == size && is_signed_by(&latest, signer) {
                return Ok(latest);
            }
        }
        let checkpoint = Checkpoint { origin: self.origin.clone(), size, root };
        let note = checkpoint.sign(signer).map_err(CheckpointSignError::Sign)?;
        let stored = StoredCheckpoint { version: FORMAT_VERSION, size, root, note: note.clone() };
        self.keep(&stored).map_err(CheckpointSignError::Store)?;
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// The latest checkpoint, and whether the tree still continues it.
    fn signed_before(&self) -> Result<Option<(SignedCheckpoint, bool)>, StoreError> {
        let view = self.store.view()?;
        let Some(latest) = view.checkpoint()?.map(|stored| stored.signed(&self.origin)) else { return Ok(None) };
        let there = checked_root_at(&view, latest.checkpoint.size)?;
        let continued = there == Some(latest.checkpoint.root);
        Ok(Some((latest, continued)))
    }

    fn keep(&self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError> {
        let meta = vec![(META_CHECKPOINT, seal(checkpoint)?)];
        self.store.commit(&Changes { meta, ..Changes::default() })
    }
}

fn is_signed_by(latest: &SignedCheckpoint, signer: &dyn Signer) -> bool {
    let key = VerifierKey::new(latest.checkpoint.origin.clone(), signer.public_key());
    SignedNote::parse(latest.note.as_bytes()).is_ok_and(|note| note.verify(&[key]).is_ok())
}
