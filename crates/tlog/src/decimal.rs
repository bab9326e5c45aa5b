//! Decimal numbers with one spelling each.

/// Parses ASCII decimal without sign, separators or leading zeros: `u64::from_str` alone would
/// accept `+1` and `007`.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a15_one_number_has_one_spelling() {
        for (text, value) in [("0", 0), ("7", 7), ("10", 10), ("18446744073709551615", u64::MAX)] {
            assert_eq!(parse_decimal(text), Some(value), "{text}");
        }
        for bad in ["", "+1", "-1", "01", "00", " 1", "1 ", "1_0", "0x1", "1.0", "18446744073709551616", "١"] {
            assert_eq!(parse_decimal(bad), None, "{bad}");
        }
    }
}
