//! What may be seen by others: tags in place of digests, ids and secrets, and masked content.

mod looks;
mod mask;
mod maskers;
mod outbound;
mod shown;
mod tag;
#[cfg(test)]
mod tests;

pub(crate) use looks::is_telling_name;
pub use mask::{DropReason, MAX_MASKED_BYTES, Masked, MaskedText, Masker};
pub use maskers::{ShowPlain, Withhold};
pub use outbound::Outbound;
pub use shown::Shown;
pub use tag::{Field, Secret, Tag, TagKey, Taggable};
