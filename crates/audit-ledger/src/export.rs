//! The published tree: C2SP tlog-tiles, at the latest signed checkpoint.

use reach_tlog::{TILE_HEIGHT, Tile, TileKind, encode_bundle};

use crate::{
    LedgerReader, ReadError, StoreError,
    head::StoredCheckpoint,
    rows::{ROW_HEIGHT, Tree},
    view::View,
};

/// One file of a published tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// Its path below the tree's directory, with `/` between its parts.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The files of a published tree, the checkpoint last: whoever sees it finds all it speaks of.
///
/// The same entries and checkpoint give the same files, byte for byte. Later appends are not seen.
/// After an error nothing follows, so that no checkpoint is published over a gap.
pub struct Export<'l> {
    view: View<'l>,
    tiles: Box<dyn Iterator<Item = Tile> + Send>,
    checkpoint: Option<StoredCheckpoint>,
}

impl LedgerReader {
    /// The published tree at the latest signed checkpoint.
    ///
    /// # Errors
    /// [`ReadError::NotCheckpointed`] if none was signed; [`ReadError::Store`].
    pub fn export(&self) -> Result<Export<'_>, ReadError> {
        let view = self.store.view()?;
        let checkpoint = view.checkpoint()?.ok_or(ReadError::NotCheckpointed { seq: 0 })?;
        let tiles = Box::new(Tile::all(checkpoint.size));
        Ok(Export { view, tiles, checkpoint: Some(checkpoint) })
    }
}

impl Iterator for Export<'_> {
    type Item = Result<ExportFile, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(tile) = self.tiles.next() else {
            let note = self.checkpoint.take()?.note;
            return Some(Ok(ExportFile { path: "checkpoint".to_owned(), bytes: note.into_bytes() }));
        };
        let bytes = match tile.kind() {
            TileKind::Entries => self.bundle(tile),
            TileKind::Hashes(level) => self.hashes(tile, level),
        };
        if bytes.is_err() {
            (self.tiles, self.checkpoint) = (Box::new(std::iter::empty()), None);
        }
        Some(bytes.map(|bytes| ExportFile { path: tile.to_string(), bytes }))
    }
}

impl Export<'_> {
    fn hashes(&self, tile: Tile, level: u8) -> Result<Vec<u8>, ReadError> {
        let row_level = level.saturating_mul(TILE_HEIGHT / ROW_HEIGHT);
        let start = start_of(tile)?;
        Ok(Tree::new(&self.view).run_of(row_level, start, tile.width())?)
    }

    /// Leaves are made from the records, and each must be the one in the tree.
    fn bundle(&self, tile: Tile) -> Result<Vec<u8>, ReadError> {
        let start = start_of(tile)?;
        let seqs = start..start.saturating_add(tile.width());
        let leaves = seqs.map(|seq| Ok(self.view.read(seq)?.leaf)).collect::<Result<Vec<_>, ReadError>>()?;
        let too_long = |_| StoreError::corrupt("a leaf is too long");
        Ok(encode_bundle(leaves.iter().map(Vec::as_slice)).map_err(too_long)?)
    }
}

fn start_of(tile: Tile) -> Result<u64, StoreError> {
    tile.index().checked_mul(1 << TILE_HEIGHT).ok_or(StoreError::corrupt("the checkpoint's size"))
}
