//! Where the frames of a log begin: for tools that take logs apart.

use crate::frame::{FRAMING_BYTES, PREAMBLE, PREFIX_BYTES, length};

/// The offset at which each whole frame of `log` begins, and that after the last one. It follows
/// the lengths as they are written and checks nothing else.
#[must_use]
pub fn frame_offsets(log: &[u8]) -> Vec<usize> {
    let mut offsets = Vec::new();
    let mut next = Some(PREAMBLE.len());
    while let Some(offset) = next.filter(|offset| *offset <= log.len()) {
        offsets.push(offset);
        next = end_of(log, offset);
    }
    offsets
}

fn end_of(log: &[u8], offset: usize) -> Option<usize> {
    let (prefix, _) = log.get(offset..)?.split_first_chunk::<PREFIX_BYTES>()?;
    let body = usize::try_from(length(*prefix)?).ok()?;
    offset.checked_add(usize::try_from(FRAMING_BYTES).ok()?)?.checked_add(body)
}
