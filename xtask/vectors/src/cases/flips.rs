//! Some single bits of the good pack: the project's own tests try every one.

use crate::{
    case::Parts,
    corpus::{Corpus, Good},
    text::flip,
};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(800, "Single bits");
    let archive = &good.parts.archive;
    let last = archive.len() - 1;
    let (form, digest, end) = ("pack.non_canonical", "pack.digest_mismatch", "pack.trailing_data");
    for (what, at, bit, verdict) in [
        ("the first file's name", 0, 0, form),
        ("its mode", 106, 0, form),
        ("its size", 134, 1, form),
        ("its checksum", 153, 0, form),
        ("its type", 156, 1, form),
        ("its magic", 257, 5, end),
        ("its content", 512, 5, digest),
        ("its padding", 1000, 0, form),
        ("the second file's content", 1536, 0, digest),
        ("the closing blocks", last - 700, 0, form),
        ("the last byte", last, 7, end),
    ] {
        let how = format!("bit {bit} of the archive's byte {at} is inverted");
        let parts = Parts { archive: flip(archive, at, bit), ..good.parts.clone() };
        group.bad(good, "K06", verdict, what, &how, parts);
    }
}
