//! Text from others, made safe to show.

/// The most characters of foreign text in a message.
const MAX_SHOWN: usize = 200;

/// `text` with everything but printable ASCII escaped, cut after [`MAX_SHOWN`] characters.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(MAX_SHOWN) {
        match character {
            ' '..='~' => shown.push(character),
            _ => shown.extend(character.escape_unicode()),
        }
    }
    shown
}

/// Whether `text` holds nothing that changes how the text around it is shown: control characters,
/// line and paragraph separators, and the invisible and bidirectional formatting characters
/// (Unicode 16, general category Cf, and the variation selectors and fillers that show nothing).
pub(crate) fn is_plain(text: &str) -> bool {
    !text.chars().any(|character| character.is_control() || is_invisible(character))
}

const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
        | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}
