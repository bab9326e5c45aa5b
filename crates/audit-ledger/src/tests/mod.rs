//! Tests of the whole ledger, among them those that look into the store or put another under it.

mod anchors;
mod appends;
mod crashes;
mod disk;
mod edits;
mod flips;
mod locks;
mod model;
mod proofs;
mod rewrites;
mod support;
mod tamper;
mod tenants;
