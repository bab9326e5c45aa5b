//! The cases: one file for each thing that can be wrong.

mod archive;
mod authority;
mod base;
mod base64;
mod chain;
mod contents;
mod definitions;
mod envelope;
mod flips;
mod headers;
mod manifest;
mod paths;
mod statement;
mod trust;

use crate::corpus::Corpus;

/// The whole corpus.
pub(crate) fn corpus() -> Corpus {
    let mut corpus = Corpus::default();
    let good = base::add(&mut corpus);
    envelope::add(&mut corpus, &good);
    base64::add(&mut corpus);
    statement::add(&mut corpus, &good);
    authority::add(&mut corpus, &good);
    trust::add(&mut corpus, &good);
    chain::add(&mut corpus, &good);
    paths::add(&mut corpus);
    headers::add(&mut corpus, &good);
    archive::add(&mut corpus, &good);
    contents::add(&mut corpus, &good);
    manifest::add(&mut corpus, &good);
    flips::add(&mut corpus, &good);
    corpus
}
