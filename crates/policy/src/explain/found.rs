//! What a limit finds in the arguments, shown.

use serde::Serialize;
use serde_json::Value;

use super::Says;
use crate::{
    Limit, Part,
    arguments::{Reached, look, read, walk},
};

/// The most characters of a value that an explanation shows: a path or a name, not a document.
pub const MAX_SHOWN_VALUE_CHARS: usize = 200;
/// The most values that an explanation shows for one limit; of the others it says how many.
pub const MAX_SHOWN_VALUES: usize = 16;

/// One limit, and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitFinding {
    /// The limit's own name.
    pub id: String,
    /// The tool and where in its arguments the limit looks, such as `fs.read /path`.
    pub at: String,
    /// What it asks for.
    pub expected: String,
    /// Whether that is what was found; nothing if there were no arguments to look into.
    pub says: Option<Says>,
    /// The values found, as compact JSON in printable ASCII, cut short where they are long.
    pub values: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// What keeps it from being judged by its values.
    pub note: Option<&'static str>,
}

/// What `limit` finds in `arguments`.
pub(super) fn finding(limit: &Limit, arguments: Option<&[u8]>) -> LimitFinding {
    let mut finding = LimitFinding {
        id: limit.id.to_string(),
        at: format!("{} {}", limit.tool, limit.at).trim_end().to_owned(),
        expected: limit.check.expected(),
        says: None,
        values: Vec::new(),
        more: 0,
        note: None,
    };
    match arguments {
        None => finding.note = Some("no arguments were given to look into"),
        Some(arguments) if limit.at.is_whole() => {
            finding.says = Some(says(limit.check.holds_whole(arguments)));
            finding.values = vec![format!("{} bytes", arguments.len())];
        }
        Some(arguments) => finding.look(limit, arguments),
    }
    finding
}

const fn says(holds: bool) -> Says {
    if holds { Says::Yes } else { Says::No }
}

impl LimitFinding {
    fn look(&mut self, limit: &Limit, arguments: &[u8]) {
        let Some(value) = read(arguments) else {
            self.says = Some(Says::No);
            self.note = Some("the arguments are not one strict JSON value");
            return;
        };
        let found = look(limit, &value);
        self.says = Some(says(!found.missing && !found.ambiguous && found.wrong.is_none()));
        self.note = match (found.ambiguous, found.missing) {
            (true, _) => Some("a member goes by this name in another spelling"),
            (false, true) => Some("it is not there, and has to be"),
            (false, false) => None,
        };
        let values = values(limit.at.parts(), &value);
        self.more = values.len().saturating_sub(MAX_SHOWN_VALUES);
        self.values = values.into_iter().take(MAX_SHOWN_VALUES).map(shown).collect();
    }
}

/// Everything that a pointer reaches; where the shape is another, what stands there.
fn values<'v>(parts: &[Part], value: &'v Value) -> Vec<&'v Value> {
    let mut values = Vec::new();
    walk(parts, value, &mut |reached| match reached {
        Reached::Value(value) | Reached::Misfit(value) => values.push(value),
        Reached::Nothing | Reached::Lookalike => {}
    });
    values
}

/// A value as JSON, in printable ASCII, cut short.
fn shown(value: &Value) -> String {
    let mut shown = String::new();
    for c in value.to_string().chars() {
        if shown.len() >= MAX_SHOWN_VALUE_CHARS {
            shown.push_str("...");
            break;
        }
        if c == ' ' || c.is_ascii_graphic() { shown.push(c) } else { shown.extend(c.escape_unicode()) }
    }
    shown
}
