//! Where output goes, and how what others wrote is shown on it.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// The two streams a command prints to.
pub struct Terminal<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    interactive: bool,
    fault: Option<io::Error>,
}

/// Why a result was not printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The stream does not take it.
    #[error("the result could not be written: {0}")]
    Write(io::Error),
}

reach_types::codes!(OutputError {
    Write => ("cli.output", Environment, "check the disk or the program that reads the output"),
});

impl<'a> Terminal<'a> {
    /// Results go to `out`, errors and progress to `err`; progress is shown only if a person is
    /// watching.
    pub fn new(out: &'a mut dyn Write, err: &'a mut dyn Write, interactive: bool) -> Self {
        Self { out, err, interactive, fault: None }
    }

    /// Whether a person is watching.
    pub(crate) const fn interactive(&self) -> bool {
        self.interactive
    }

    /// Prints one line of a result.
    pub(crate) fn line(&mut self, text: &str) {
        self.result(|out| writeln!(out, "{text}"));
    }

    fn result(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if let Err(error) = write(self.out) {
            self.fault.get_or_insert(error);
        }
    }

    /// Prints one line beside the result. Nothing can be said of a failure to say something.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}");
    }

    /// Whether every line of the result was taken. A reader that has seen enough, as `head` does,
    /// is no fault.
    ///
    /// # Errors
    /// [`OutputError::Write`].
    pub(crate) fn finish(&mut self) -> Result<(), OutputError> {
        self.result(|out| out.flush());
        match self.fault.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(OutputError::Write(error)),
            _ => Ok(()),
        }
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
