//! Two logs of one run.

use reach_types::{Blake3Digest, RunId};

use crate::Report;

/// Why two logs cannot both stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EquivocationError {
    /// Two sealed logs of one run with different content: whoever sealed both told two stories.
    #[error("run {run} has two sealed logs with different content: {first} and {second}")]
    Equivocation {
        /// The run.
        run: RunId,
        /// The first log's head.
        first: Blake3Digest,
        /// The second log's head.
        second: Blake3Digest,
    },
    /// A log without its seal: it may be the beginning of the other, or anything.
    #[error("a log that is not sealed cannot be compared")]
    NotSealed,
}

reach_types::codes!(EquivocationError {
    Equivocation => ("replay.equivocation", Refused, "keep both logs as evidence, and revoke the key that sealed them"),
    NotSealed => ("replay.not_sealed", Usage, "compare two whole logs"),
});

/// Whether the two logs that these reports are about can both stand: they are of different runs, or
/// one content.
///
/// # Errors
/// [`EquivocationError::Equivocation`] with both heads; [`EquivocationError::NotSealed`] if either
/// log is incomplete.
pub fn check_equivocation(a: &Report, b: &Report) -> Result<(), EquivocationError> {
    let (run, first) = sealed(a).ok_or(EquivocationError::NotSealed)?;
    let (other, second) = sealed(b).ok_or(EquivocationError::NotSealed)?;
    if run == other && first != second {
        return Err(EquivocationError::Equivocation { run, first, second });
    }
    Ok(())
}

fn sealed(report: &Report) -> Option<(RunId, Blake3Digest)> {
    report.end?;
    Some((report.header.as_ref()?.run, report.head?))
}
