//! Exact changes to texts: a change that does not apply, or applies twice, is a mistake in a case.

/// `text` with the one place that reads `from` replaced by `to`.
pub(crate) fn swap(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` stands once in {text}");
    text.replacen(from, to, 1)
}

/// `text` with everything but printable ASCII as `\u{…}`.
pub(crate) fn shown(text: &str) -> String {
    let escaped = |c: char| if matches!(c, ' '..='~') { c.to_string() } else { c.escape_unicode().to_string() };
    text.chars().map(escaped).collect()
}

/// A bit of a copy of `bytes`, inverted; bit 0 is the lowest.
pub(crate) fn flip(bytes: &[u8], at: usize, bit: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1 << bit;
    changed
}
