//! Where output goes, and how what others wrote is shown on it.

use std::{fmt::Write as _, io::Write};

/// The two streams a command prints to.
pub struct Terminal<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Errors and progress.
    pub err: &'a mut dyn Write,
    /// Whether a person is watching: progress bars are shown only then.
    pub interactive: bool,
}

impl Terminal<'_> {
    /// Prints one line of a result. A reader that went away is no error of ours.
    pub(crate) fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    /// Prints one line beside the result.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}");
    }
}

/// `text` with everything escaped that could change what a terminal or a reader sees: control
/// characters, escape sequences, text direction, zero-width characters.
pub(crate) fn shown(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        if c.is_control() || hidden(c) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
        safe
    })
}

/// Format characters that are invisible or reorder what follows (Unicode general category Cf and
/// the separators that break a line).
fn hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k40_p35_what_others_wrote_cannot_act_on_a_terminal() {
        assert_eq!(shown("plain é 漢"), "plain é 漢");
        assert_eq!(shown("\u{1b}[31mred\r\n"), "\\u{1b}[31mred\\u{d}\\u{a}");
        assert_eq!(shown("a\u{202e}b\u{200b}c"), "a\\u{202e}b\\u{200b}c");
    }
}
