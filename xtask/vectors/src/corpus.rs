//! All cases, numbered by group, and the files they share.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::Serialize;

use crate::{
    case::{Case, Parts, Seen},
    exit, key, readme,
};

/// Every case, in the order of its number.
#[derive(Default)]
pub(crate) struct Corpus {
    pub(crate) cases: Vec<Case>,
    pub(crate) groups: Vec<(u32, &'static str)>,
}

/// A good case that bad ones are derived from.
#[derive(Clone)]
pub(crate) struct Good {
    pub(crate) id: String,
    pub(crate) parts: Parts,
}

/// Cases that are numbered one after the other. New ones go to the end of a group: a number that was
/// published keeps its case.
pub(crate) struct Group<'c> {
    corpus: &'c mut Corpus,
    next: u32,
}

impl Corpus {
    /// Begins a group at this number.
    pub(crate) fn group(&mut self, first: u32, title: &'static str) -> Group<'_> {
        let last = self.cases.last().map(|case| case.id.clone()).unwrap_or_default();
        assert!(last < number(first), "{title}: {first} is taken");
        self.groups.push((first, title));
        Group { corpus: self, next: first }
    }

    /// Every file of the corpus by its name.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut store = Store::default();
        let rows: Vec<Row<'_>> = self.cases.iter().map(|case| row(case, &mut store)).collect();
        let mut files = store.files;
        let listing = listing(&rows);
        let readme = readme::page(self);
        for (name, text) in [("cases.json", listing), ("keys.json", key::listing()), ("README.md", readme)] {
            files.insert(name.to_owned(), text.into_bytes());
        }
        // Not one byte of it may be changed on the way into a working tree.
        files.insert(".gitattributes".to_owned(), b"* -text\n".to_vec());
        files
    }
}

impl Group<'_> {
    /// A case that must pass. `row` is the attack row whose near miss it is, or empty.
    pub(crate) fn good(&mut self, row: &'static str, title: &str, how: &str, parts: Parts) -> Good {
        let good = Good { id: number(self.next), parts };
        self.add(row, "ok", title, how, None, good.parts.clone());
        good
    }

    /// A case that must end in `verdict`, one step away from `good`.
    pub(crate) fn bad(
        &mut self,
        good: &Good,
        row: &'static str,
        verdict: &'static str,
        title: &str,
        how: &str,
        parts: Parts,
    ) {
        self.add(row, verdict, title, how, Some(good.id.clone()), parts);
    }

    fn add(
        &mut self,
        row: &'static str,
        verdict: &'static str,
        title: &str,
        how: &str,
        good: Option<String>,
        parts: Parts,
    ) {
        let row = (!row.is_empty()).then_some(row);
        let (id, title, how) = (number(self.next), title.to_owned(), how.to_owned());
        self.corpus.cases.push(Case { id, row, title, how, good, parts, verdict });
        self.next += 1;
    }
}

fn number(id: u32) -> String {
    format!("{id:03}")
}

/// Files by content: a case whose archive is another one's names that one's file.
#[derive(Default)]
struct Store {
    files: BTreeMap<String, Vec<u8>>,
    names: BTreeMap<(&'static str, Vec<u8>), String>,
}

impl Store {
    fn keep(&mut self, folder: &'static str, id: &str, ending: &str, bytes: &[u8]) -> String {
        match self.names.entry((folder, bytes.to_vec())) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(free) => {
                let name = format!("{folder}/{id}{ending}");
                self.files.insert(name.clone(), bytes.to_vec());
                free.insert(name).clone()
            }
        }
    }
}

/// `cases.json`: one line for each case, so that differences read well.
fn listing(rows: &[Row<'_>]) -> String {
    let lines: Vec<_> = rows.iter().map(|row| serde_json::to_string(row).expect("texts are JSON")).collect();
    format!("{{\"schema\":\"reach-vectors/1\",\"pack\":[\n{}\n]}}\n", lines.join(",\n"))
}

/// A case in `cases.json`. Every member is always there.
#[derive(Serialize)]
struct Row<'c> {
    id: &'c str,
    row: Option<&'static str>,
    title: &'c str,
    how: &'c str,
    good: Option<&'c str>,
    files: Files,
    trust_root: &'c str,
    now: &'static str,
    asked: Asked,
    seen: Option<SeenRow<'c>>,
    verdict: &'static str,
    exit: u8,
}

#[derive(Serialize)]
struct Files {
    archive: String,
    envelope: Option<String>,
    trust: String,
}

#[derive(Serialize)]
struct Asked {
    name: Option<&'static str>,
    version: Option<&'static str>,
}

#[derive(Serialize)]
struct SeenRow<'c> {
    name: &'static str,
    version: &'static str,
    blake3: &'c str,
}

fn row<'c>(case: &'c Case, store: &mut Store) -> Row<'c> {
    let Parts { archive, envelope, trust, now, name, version, seen } = &case.parts;
    let mut keep = |folder, ending, bytes: &[u8]| store.keep(folder, &case.id, ending, bytes);
    Row {
        id: &case.id,
        row: case.row,
        title: &case.title,
        how: &case.how,
        good: case.good.as_deref(),
        files: Files {
            archive: keep("archives", ".reachpack", archive),
            envelope: envelope.as_ref().map(|bytes| keep("envelopes", ".dsse.json", bytes)),
            trust: keep("trust", ".dsse.json", &trust.file),
        },
        trust_root: &trust.root,
        now,
        asked: Asked { name: *name, version: *version },
        seen: seen.as_ref().map(|Seen { version, blake3 }| SeenRow { name: "sample", version, blake3 }),
        verdict: case.verdict,
        exit: exit::of(case.verdict),
    }
}

#[cfg(test)]
mod tests {
    use crate::cases::corpus;

    #[test]
    fn the_corpus_is_the_same_every_time() {
        assert_eq!(corpus().files(), corpus().files());
    }

    #[test]
    fn every_verdict_of_the_table_is_some_case_s() {
        let corpus = corpus();
        let unused = crate::exit::all().filter(|verdict| !corpus.cases.iter().any(|case| case.verdict == *verdict));
        assert_eq!(unused.collect::<Vec<_>>(), [""; 0]);
    }
}
