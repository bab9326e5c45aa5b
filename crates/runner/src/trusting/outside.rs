//! A pack never brings the trust document that it is verified with.

use std::path::Path;

use crate::files::{self, FileError};

/// Refuses a trust file that lies in the directory of the pack whose manifest is `manifest`: where it
/// was extracted, or where it was built. A trust document is never read out of an archive, so this is
/// the one way in which a pack could hand over its own.
///
/// # Errors
/// [`FileError::Untrusted`], and what the system reports of `trust`.
pub(crate) fn refuse_inside(trust: &Path, manifest: &[u8]) -> Result<(), FileError> {
    let limit = u64::try_from(manifest.len()).unwrap_or(u64::MAX);
    let is_pack = |dir: &Path| files::read(&dir.join("pack.toml"), limit).is_ok_and(|found| found == manifest);
    let whole = files::absolute(trust)?;
    if whole.ancestors().skip(1).any(is_pack) {
        let what = "inside the pack that is verified with it";
        return Err(FileError::Untrusted { path: trust.to_path_buf(), what });
    }
    Ok(())
}
