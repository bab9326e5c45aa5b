//! `docs/vectors/spec`: tokens, offers in both forms, and what two offers come to.

mod negotiations;
mod offers;
mod tokens;
mod wire;

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};

const README: &str = include_str!("spec/readme.md");

/// The exit codes that are not 1.
const EXITS: &[(&str, u8)] = &[
    ("ok", 0),
    ("input.non_canonical", 6),
    ("spec.features_unsorted", 6),
    ("spec.offer_too_large", 7),
    ("spec.too_many_features", 7),
];

/// One case of a list: which row of the attack list it tries, and how it must end.
struct Case {
    row: &'static str,
    verdict: &'static str,
    what: String,
    /// The members that this list has beside those.
    given: Value,
}

/// Every file of the folder by its name.
pub(crate) fn files() -> BTreeMap<String, Vec<u8>> {
    let lists = [
        ("tokens", 'T', tokens::all()),
        ("offers", 'J', offers::json()),
        ("encodings", 'B', offers::encoded()),
        ("negotiations", 'N', negotiations::all()),
    ];
    let mut text = "{\n\"schema\": \"reach-vectors/1\"".to_owned();
    let mut page = README.to_owned();
    for (name, letter, cases) in lists {
        let bad = cases.iter().filter(|case| case.verdict != "ok").count();
        page = page.replace(&format!("{{{name}}}"), &format!("{}, {bad} of them refused", cases.len()));
        let rows: Vec<String> = (1..).zip(&cases).map(|(number, case)| line(letter, number, case)).collect();
        let _ = write!(text, ",\n\"{name}\": [\n{}\n]", rows.join(",\n"));
    }
    text.push_str("\n}\n");
    let named = [("cases.json", text), ("README.md", page), (".gitattributes", "* -text\n".to_owned())];
    named.map(|(name, text)| (name.to_owned(), text.into_bytes())).into()
}

fn line(letter: char, number: usize, case: &Case) -> String {
    let exit = EXITS.iter().find(|(verdict, _)| *verdict == case.verdict).map_or(1, |(_, exit)| *exit);
    let mut object = json!({
        "id": format!("{letter}{number:03}"),
        "row": case.row,
        "verdict": case.verdict,
        "exit": exit,
        "what": case.what,
    });
    let (members, given) = (object.as_object_mut(), case.given.as_object());
    members.expect("an object").extend(given.expect("an object").clone());
    object.to_string()
}
