//! The table of features. A row is added with the format it names, and never changed once released:
//! what changes is a new revision.

use crate::{Registered, Revision, SpecVersion};

const V1_0: SpecVersion = SpecVersion::new(1, 0, 0);

const fn revision(number: u16, since: SpecVersion, what: &'static str) -> Revision {
    Revision { number, since, what }
}

const fn feature(
    id: &'static str,
    revisions: &'static [Revision],
    what: &'static str,
    absent: &'static str,
) -> Registered {
    Registered { id, revisions, deprecated: None, removed: None, what, absent }
}

/// Sorted by id. `docs/formats.md` has each of these formats down to the byte.
pub(crate) const REGISTRY: &[Registered] = &[
    feature(
        "audit.leaf",
        &[revision(1, V1_0, "header and payload committed to with separate salts, and the run's previous leaf")],
        "leaves of the ledger, as proofs and published trees show them",
        "no proof or opening is handed over; this side's own ledger stays as it is",
    ),
    feature(
        "audit.opening",
        &[revision(1, V1_0, "the entry with both salts, as JSON")],
        "openings that show what a ledger leaf commits to",
        "proofs are verified without the entry's content",
    ),
    feature(
        "mesh.link",
        &[revision(1, V1_0, "rights, registry, policy, offer and transcript of one hand-over")],
        "delegation links, each signed by the node that hands the run on",
        "nothing is delegated: a chain is neither issued nor accepted",
    ),
    feature(
        "mesh.receipt",
        &[
            revision(1, V1_0, "chain, run, verdict and codes"),
            revision(2, V1_0, "adds the transcript of the agreement that the answer was given under"),
        ],
        "receipts, in which the answering node signs what it accepted or refused",
        "the chain is accepted or refused all the same, and the sender gets no signed answer",
    ),
    feature(
        "operator.downgrade",
        &[revision(1, V1_0, "pack, versions, reason and end date")],
        "an operator's signed leave for a pack to go back to an older version",
        "no pack goes back",
    ),
    feature(
        "operator.spec-exception",
        &[revision(1, V1_0, "peer, floor and end date")],
        "an operator's signed leave for a peer to offer less than it once did",
        "a peer that offers less than it once did is refused",
    ),
    feature(
        "pack.definitions",
        &[revision(1, V1_0, "definitions as texts in the manifest, each with the digest that is pinned")],
        "packs that carry the definitions of the tools they pin",
        "a tool that differs is refused by its digest alone, without saying in what it differs",
    ),
    feature(
        "pack.manifest",
        &[revision(1, V1_0, "pack.toml of schema reach-pack/1")],
        "what a pack declares: scopes, tools, models, graph and the spec it needs",
        "no pack can be read, so none is admitted",
    ),
    feature(
        "pack.statement",
        &[revision(1, V1_0, "one subject with two digests, and the predicate pack:v1")],
        "pack signatures as in-toto statements in a DSSE envelope",
        "packs count as unsigned, and are refused as such",
    ),
    feature(
        "pack.ustar",
        &[revision(1, V1_0, "regular files, sorted, without times or owners")],
        "packs as deterministic USTAR archives",
        "no pack can be read, so none is admitted",
    ),
    feature(
        "policy.approval",
        &[revision(1, V1_0, "the digest of the question, the answer and its dates")],
        "an operator's signed answer to a question about one call",
        "nobody can be asked: a call that needs an answer is denied",
    ),
    feature(
        "policy.bundle",
        &[
            revision(1, V1_0, "scopes, tools, models and validity"),
            revision(2, V1_0, "adds exceptions with an end date, and a pinned keyring for plugins"),
            revision(3, V1_0, "adds limits on arguments, questions to people, and tenants"),
        ],
        "policies signed over their strict encoding, each in the lowest revision that can say it",
        "no policy is in force, so nothing is admitted",
    ),
    feature(
        "policy.permit",
        &[revision(1, V1_0, "one call, bound to run, index, tool, arguments, pack and policy")],
        "permits for one call, sealed by the node that redeems them",
        "each call is judged again where it is made",
    ),
    feature(
        "replay.log",
        &[revision(1, V1_0, "chained frames, guards in the header, a signed end")],
        "run logs that others can verify and run again",
        "the run is recorded here all the same, and the other side cannot verify the log",
    ),
    feature(
        "trust.document",
        &[revision(1, V1_0, "signers, keys, roles, thresholds and revocations, with their history")],
        "the document that says whose signatures count",
        "nobody is trusted, so everything signed is refused",
    ),
];
