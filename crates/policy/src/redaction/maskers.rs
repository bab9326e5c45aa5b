//! The maskers that come with the gate.

use super::{looks::Looks, mask::Masker};

/// Withholds everything but the type and the length. The default, and the only masker whose answer
/// does not depend on what secrets look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Withhold;

impl Masker for Withhold {
    fn mask(&self, content: &[u8]) -> Option<String> {
        let kind = if std::str::from_utf8(content).is_ok() { "text" } else { "binary" };
        Some(format!("[{kind}, {} bytes]", content.len()))
    }
}

/// Shows text up to a length, with whatever looks like a key, a digest, a token or a password
/// replaced as a whole: no first and no last characters of it remain.
///
/// It goes by looks: long runs of hex or base64, PEM blocks, long words of mixed case and digits,
/// addresses with credentials, and what follows a label such as `password`. It hides much that is
/// harmless, long paths among it. A short secret without a label looks like any word: where such can
/// occur, use [`Withhold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShowPlain {
    /// The most bytes of text shown; what comes after them is counted.
    pub max_bytes: usize,
}

impl Masker for ShowPlain {
    fn mask(&self, content: &[u8]) -> Option<String> {
        let Ok(text) = std::str::from_utf8(content) else { return Withhold.mask(content) };
        let mut page = Page { text: String::new(), room: self.max_bytes, told: 0, full: false };
        let mut rest = text;
        while let Some((before, after)) = cut(rest, "BEGIN").filter(|_| !page.full) {
            show_words(before, &mut page);
            let beyond = cut(after, "END").and_then(|(_, tail)| tail.split_once("----")).map_or("", |(_, rest)| rest);
            page.show("[PEM block masked]", rest.len().saturating_sub(before.len()).saturating_sub(beyond.len()));
            rest = beyond;
        }
        show_words(rest, &mut page);
        Some(page.finish(text.len()))
    }
}

/// What is before and after the first mark of a PEM block with `word`, such as `----BEGIN`. It looks
/// no further than that.
fn cut<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    text.match_indices(word).find_map(|(at, _)| {
        let (head, tail) = text.split_at_checked(at)?;
        let before = head.strip_suffix(' ').unwrap_or(head).strip_suffix("----")?;
        Some((before, tail.strip_prefix(word)?))
    })
}

/// Shows words until the page is full; what comes after them is only counted.
fn show_words(text: &str, page: &mut Page) {
    let mut looks = Looks::default();
    for piece in text.split_inclusive(ends_word) {
        if page.full {
            return;
        }
        let word = piece.trim_end_matches(ends_word);
        let end = piece.strip_prefix(word).unwrap_or_default();
        if looks.secret(word, end) {
            page.show(&format!("[{} bytes masked]", word.len()), word.len());
        } else {
            page.show(word, word.len());
        }
        page.show(end, end.len());
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | ',' | ';' | '|')
}

/// The text so far, and how much of the content it tells.
struct Page {
    text: String,
    room: usize,
    told: usize,
    full: bool,
}

impl Page {
    /// Shows `piece` whole or not at all; it stands for `length` bytes of content. Nothing is shown
    /// after what had no room.
    fn show(&mut self, piece: &str, length: usize) {
        match self.room.checked_sub(piece.len()).filter(|_| !self.full) {
            Some(room) => {
                self.room = room;
                self.told = self.told.saturating_add(length);
                self.text.push_str(piece);
            }
            None => self.full = true,
        }
    }

    fn finish(self, content: usize) -> String {
        match content.saturating_sub(self.told) {
            0 => self.text,
            hidden => format!("{}[{hidden} more bytes]", self.text),
        }
    }
}
