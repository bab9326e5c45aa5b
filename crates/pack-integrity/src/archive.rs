//! The archive: USTAR with exactly one spelling for every tree of files.

mod header;
mod names;
mod path;
mod read;
mod window;
mod write;

pub use header::Entry;
pub use names::{EntryError, MAX_ARCHIVE_BYTES, MAX_ENTRIES, MAX_FILE_BYTES};
pub use path::{ArchivePath, MAX_PATH_BYTES, PathError};
pub use read::{ArchiveError, ArchiveReader};
pub use write::{ArchiveWriter, WriteError};

pub(crate) use names::Sequence;
pub(crate) use window::Window;
