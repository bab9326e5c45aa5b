//! What looks like a secret.

/// Words after which comes what nobody should see.
const LABELS: [&str; 13] = [
    "apikey",
    "authorization",
    "basic",
    "bearer",
    "credential",
    "credentials",
    "key",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "token",
];
/// From here on hex, or a run of base64 with a digit or both cases, is taken for a secret: eight
/// bytes in hex, twelve in base64. Names of people's making are seldom as long.
const RUN: usize = 16;
/// From here on any run without a separator is.
const LONG_RUN: usize = 32;
/// From here on a word with digits and both cases is, whatever else is in it.
const MIXED: usize = 12;
/// A masked word of at least this length that ends its line is taken for wrapped base64, which goes
/// on in the next line: the narrowest wrapping in use is at 64, of certificates.
const WRAPPED: usize = 40;

/// From here on a part of a name that is nothing but hex is: sixteen bytes, as of a UUID or a short
/// digest.
const NAME_HEX: usize = 32;
/// From here on a run of letters and digits in a name is, if it has both.
const NAME_RUN: usize = 24;

/// Whether `name`, a parsed identifier or scope, has a part that looks like a digest, an id or a
/// token. Names are made of words, so it takes more than in a text.
pub(crate) fn is_telling_name(name: &str) -> bool {
    name.split([':', '.']).any(is_hex_part) || name.split(|c: char| !c.is_ascii_alphanumeric()).any(is_token)
}

fn is_hex_part(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_hexdigit).count();
    digits >= NAME_HEX && part.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b'_'))
}

fn is_token(run: &str) -> bool {
    let mixed = has_digit(run) && run.bytes().any(|b| b.is_ascii_alphabetic());
    run.len() >= LONG_RUN || (run.len() >= NAME_RUN && mixed)
}

/// Judges the words of a text in their order.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// What came before says that the next word is a secret.
    pending: bool,
}

impl Looks {
    /// Whether `word`, which `end` follows, is to be masked.
    ///
    /// What a label announces goes on to the end of its line, or of the quotes or list it is in.
    pub(super) fn secret(&mut self, word: &str, end: &str) -> bool {
        if word.chars().all(|c| matches!(c, ':' | '=' | '-')) {
            // `password = x`, and the empty words between two separators, change nothing.
            return false;
        }
        let labelled = (self.pending && !is_scheme(word)) || is_assignment(word);
        let secret = labelled || looks_secret(word);
        let ends_line = end.starts_with(['\n', '\r']);
        let goes_on =
            if ends_line { secret && word.len() >= WRAPPED } else { labelled && end.starts_with([' ', '\t']) };
        self.pending = is_label(word) || goes_on;
        secret
    }
}

/// Whether `word` ends in a label, as `DB_PASSWORD`, `x-api-key:` and `authorization:basic` do.
fn is_label(word: &str) -> bool {
    let word = word.trim_end_matches([':', '=']);
    is_label_itself(word.rsplit(SEPARATORS).next().unwrap_or(word))
}

/// What a label may stand after.
const SEPARATORS: [char; 5] = ['_', '-', '.', ':', '='];

fn is_label_itself(text: &str) -> bool {
    LABELS.iter().any(|label| label.eq_ignore_ascii_case(text))
}

/// The names of ways to authenticate, which stand between the label and the secret.
fn is_scheme(word: &str) -> bool {
    ["basic", "bearer"].iter().any(|scheme| scheme.eq_ignore_ascii_case(word))
}

/// `label=value` or `label:value`: one look at each part, whatever the number of separators.
fn is_assignment(word: &str) -> bool {
    let named = word.trim_end_matches([':', '=']);
    named.split_inclusive(SEPARATORS).any(|part| part.strip_suffix([':', '=']).is_some_and(is_label_itself))
}

fn looks_secret(word: &str) -> bool {
    is_hex(word) || is_mixed(word) || has_run(word) || (word.contains("://") && word.contains('@'))
}

/// Hex, also with separators as in a fingerprint.
fn is_hex(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_hexdigit).count();
    digits >= RUN && word.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '-' | '.'))
}

fn is_mixed(word: &str) -> bool {
    word.len() >= MIXED && has_digit(word) && has_both_cases(word)
}

fn has_run(word: &str) -> bool {
    word.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '_' | '=' | '-')).any(|run| {
        let hex = run.bytes().all(|b| b.is_ascii_hexdigit());
        let telling = hex || has_digit(run) || has_both_cases(run);
        run.len() >= LONG_RUN || (run.len() >= RUN && telling)
    })
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

fn has_both_cases(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_lowercase()) && text.bytes().any(|b| b.is_ascii_uppercase())
}
