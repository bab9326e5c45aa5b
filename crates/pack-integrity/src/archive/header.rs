//! The one USTAR header that a file has: written, and read by writing it again.

use super::{ArchiveError, ArchivePath, names::check_file_size};

pub(crate) const BLOCK: usize = 512;
pub(crate) type Block = [u8; BLOCK];

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) path: ArchivePath,
    pub(crate) executable: bool,
    // INVARIANT: at most `MAX_FILE_BYTES`, so that it fits its field.
    pub(crate) size: u64,
}

impl Entry {
    /// Where the file stands.
    #[must_use]
    pub const fn path(&self) -> &ArchivePath {
        &self.path
    }

    /// Whether its mode is 0755 rather than 0644.
    #[must_use]
    pub const fn executable(&self) -> bool {
        self.executable
    }

    /// Its size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The zero bytes between the content and the next block.
    pub(crate) const fn padding(&self) -> u64 {
        self.size.wrapping_neg() % BLOCK as u64
    }
}

/// A field of the header: POSIX.1-1988, "ustar Interchange Format".
struct Field {
    name: &'static str,
    start: usize,
    len: usize,
}

const fn field(name: &'static str, start: usize, len: usize) -> Field {
    Field { name, start, len }
}

const NAME: Field = field("name", 0, 100);
const MODE: Field = field("mode", 100, 8);
const OWNER: Field = field("uid", 108, 8);
const GROUP: Field = field("gid", 116, 8);
const SIZE: Field = field("size", 124, 12);
const TIME: Field = field("mtime", 136, 12);
const CHECKSUM: Field = field("checksum", 148, 8);
const TYPE: Field = field("typeflag", 156, 1);
const LINK: Field = field("linkname", 157, 100);
const MAGIC: Field = field("magic", 257, 6);
const VERSION: Field = field("version", 263, 2);
const OWNER_NAME: Field = field("uname", 265, 32);
const GROUP_NAME: Field = field("gname", 297, 32);
const MAJOR: Field = field("devmajor", 329, 8);
const MINOR: Field = field("devminor", 337, 8);
const PREFIX: Field = field("prefix", 345, 155);
const REST: Field = field("rest", 500, 12);
/// In the order in which a difference is reported: the checksum differs with every other field.
const FIELDS: [Field; 17] = [
    NAME, MODE, OWNER, GROUP, SIZE, TIME, TYPE, LINK, MAGIC, VERSION, OWNER_NAME, GROUP_NAME, MAJOR, MINOR, PREFIX,
    REST, CHECKSUM,
];

impl Field {
    fn of<'b>(&self, block: &'b Block) -> &'b [u8] {
        block.get(self.start..self.start + self.len).unwrap_or_default()
    }

    fn put(&self, block: &mut Block, value: &[u8]) {
        let place = block.iter_mut().skip(self.start).take(self.len);
        place.zip(value).for_each(|(byte, new)| *byte = *new);
    }
}

const READABLE: u64 = 0o644;
const EXECUTABLE: u64 = 0o755;

/// The header of `entry`.
pub(crate) fn encode(entry: &Entry) -> Block {
    let mut block = [0; BLOCK];
    let (prefix, name) = entry.path.split();
    NAME.put(&mut block, name.as_bytes());
    PREFIX.put(&mut block, prefix.as_bytes());
    let mode = if entry.executable { EXECUTABLE } else { READABLE };
    MODE.put(&mut block, format!("{mode:07o}").as_bytes());
    for zero in [OWNER, GROUP, MAJOR, MINOR] {
        zero.put(&mut block, b"0000000");
    }
    SIZE.put(&mut block, format!("{:011o}", entry.size).as_bytes());
    TIME.put(&mut block, b"00000000000");
    TYPE.put(&mut block, b"0");
    MAGIC.put(&mut block, b"ustar");
    VERSION.put(&mut block, b"00");
    let sum = checksum(&block);
    CHECKSUM.put(&mut block, format!("{sum:06o}\0 ").as_bytes());
    block
}

/// The sum of all bytes, with the field of the sum itself read as spaces.
fn checksum(block: &Block) -> u64 {
    let sum = |bytes: &[u8]| bytes.iter().map(|b| u64::from(*b)).sum::<u64>();
    let spaces = u64::from(b' ') * 8;
    sum(block) + spaces - sum(CHECKSUM.of(block))
}

/// Reads a header, refusing each that [`encode`] would not write.
pub(crate) fn decode(block: &Block) -> Result<Entry, ArchiveError> {
    let differs = |field: &Field| ArchiveError::NonCanonical { what: field.name };
    if !looks_like_header(block) {
        return Err(differs(&MAGIC));
    }
    if read_number(CHECKSUM.of(block)) != Some(checksum(block)) {
        return Err(differs(&CHECKSUM));
    }
    check_type(TYPE.of(block))?;
    let executable = read_mode(MODE.of(block)).ok_or_else(|| differs(&MODE))??;
    let size = read_number(SIZE.of(block)).ok_or_else(|| differs(&SIZE))?;
    check_file_size(size).map_err(ArchiveError::Entry)?;
    let entry = Entry { path: read_path(block)?, executable, size };
    let canonical = encode(&entry);
    match FIELDS.iter().find(|field| field.of(block) != field.of(&canonical)) {
        Some(field) => Err(differs(field)),
        None => Ok(entry),
    }
}

/// Whether the block is some USTAR header, GNU's included.
pub(crate) fn looks_like_header(block: &Block) -> bool {
    MAGIC.of(block).starts_with(b"ustar")
}

fn check_type(flag: &[u8]) -> Result<(), ArchiveError> {
    match flag {
        [b'0'] => Ok(()),
        // What tar called a regular file before USTAR.
        [0] => Err(ArchiveError::NonCanonical { what: TYPE.name }),
        _ => Err(ArchiveError::EntryType { flag: flag.escape_ascii().to_string() }),
    }
}

fn read_mode(field: &[u8]) -> Option<Result<bool, ArchiveError>> {
    let mode = read_number(field)?;
    Some(match mode {
        READABLE => Ok(false),
        EXECUTABLE => Ok(true),
        _ => Err(ArchiveError::Mode { mode }),
    })
}

/// A number in any spelling seen in the wild, octal or base 256, so that what is refused is refused
/// for the right reason; only one spelling survives being written again.
fn read_number(field: &[u8]) -> Option<u64> {
    if let [first @ 0x80..=0xff, rest @ ..] = field {
        let add = |value: u64, byte: &u8| value.saturating_mul(256).saturating_add(u64::from(*byte));
        return Some(rest.iter().fold(u64::from(*first & 0x7f), add));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    let octal = !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
    octal.then(|| u64::from_str_radix(text, 8).ok())?
}

fn read_path(block: &Block) -> Result<ArchivePath, ArchiveError> {
    // Only NULs at the end are cut off: one inside the name is part of it, and unsafe.
    let text = |field: &Field| {
        let bytes = field.of(block);
        let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
        bytes.get(..end).unwrap_or_default().to_vec()
    };
    let (prefix, name) = (text(&PREFIX), text(&NAME));
    let path = if prefix.is_empty() { name } else { [prefix, name].join(&b'/') };
    ArchivePath::from_bytes(&path).map_err(ArchiveError::Path)
}
