//! Tool definitions that a manifest carries beside their pins.

use data_encoding::HEXLOWER;

use crate::{case::Parts, corpus::Group, text::swap};

use super::{base::MANIFEST, manifest::pack};

const PIN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Compact, its keys sorted: the form whose digest is pinned.
const CANONICAL: &str = r#"{"description":"Lists files.","inputSchema":{"type":"object"},"name":"fs.list"}"#;

/// The digest that packs pin: BLAKE3 in its own domain, over the text after its length.
fn pin(canonical: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("reach 2026 tool definition v1");
    hasher.update(&(canonical.len() as u64).to_le_bytes());
    hasher.update(canonical.as_bytes());
    HEXLOWER.encode(hasher.finalize().as_bytes())
}

/// The good pack, its tool pinned to `pinned`, with this line in its table of definitions.
fn carrying(pinned: &str, line: &str) -> Parts {
    let table = format!("[definitions]\n{line}\n[spec]");
    pack(&swap(&swap(MANIFEST, PIN, &pin(pinned)), "[spec]", &table))
}

fn listing(definition: &str) -> Parts {
    carrying(CANONICAL, &format!("\"fs.list\" = '{definition}'"))
}

pub(super) fn add(group: &mut Group<'_>) {
    let good =
        group.good("", "a carried definition", &format!("`definitions` holds `{CANONICAL}`"), listing(CANONICAL));
    let spaced = r#"{ "name": "fs.list", "description": "Lists files.", "inputSchema": { "type": "object" } }"#;
    let how = format!("`definitions` holds `{spaced}`");
    group.good("", "a carried definition in another spelling", &how, listing(spaced));
    let mut bad = |verdict, title: &str, how: &str, parts| group.bad(&good, "", verdict, title, how, parts);
    let malformed = "pack.definition_malformed";
    let mismatch = "pack.definition_mismatch";
    for (verdict, title, from, to) in [
        (mismatch, "another description than is pinned", "Lists files.", "Lists files"),
        (mismatch, "another schema than is pinned", "object", "array"),
        (mismatch, "a member that is not pinned", r#","name""#, r#","hidden":1,"name""#),
        (malformed, "a key of a definition twice", r#","name""#, r#","name":"x","name""#),
        (malformed, "a definition without a name", r#","name":"fs.list""#, ""),
        (malformed, "a fraction in a definition", r#""type":"object""#, r#""minimum":0.5"#),
        (malformed, "a definition cut short", r#""name":"fs.list"}"#, r#""name":"fs.list""#),
    ] {
        let definition = swap(CANONICAL, from, to);
        bad(verdict, title, &format!("`definitions` holds `{definition}`"), listing(&definition));
    }
    let other = carrying(CANONICAL, &format!("\"fs.read\" = '{CANONICAL}'"));
    bad("pack.definition_undeclared", "a definition of an undeclared tool", "`definitions` names `fs.read`", other);
    let deep = |lists: usize| format!(r#"{{"a":{}{},"name":"x"}}"#, "[".repeat(lists), "]".repeat(lists));
    let of = |lists: usize| carrying(&deep(lists), &format!("\"fs.list\" = '{}'", deep(lists)));
    let deepest = group.good("", "a definition 32 deep", "a definition holds 31 lists in each other", of(31));
    let how = "a definition holds 32 lists in each other";
    group.bad(&deepest, "", "pack.limit_definition", "a definition 33 deep", how, of(32));
}
