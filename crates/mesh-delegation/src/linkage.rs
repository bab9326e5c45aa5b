//! Whether links make one chain: each follows the one before, nobody stands in it twice.

use std::collections::BTreeSet;

use reach_types::RunId;

use crate::{ChainError, chain::ReadLink};

/// Every rule between links that costs no more than a comparison.
pub(crate) fn check_linkage(links: &[ReadLink]) -> Result<(), ChainError> {
    let mut previous = None;
    for (index, one) in links.iter().enumerate() {
        check_place(index, one, previous)?;
        check_run(index, one, previous)?;
        previous = Some(one);
    }
    check_cycle(links)
}

fn check_place(index: usize, one: &ReadLink, previous: Option<&ReadLink>) -> Result<(), ChainError> {
    let link = &one.link;
    if link.prev != previous.map(|previous| previous.digest) {
        return Err(ChainError::PrevHashMismatch { index });
    }
    if usize::from(link.index) != index {
        return Err(ChainError::LinkIndex { index, declared: link.index });
    }
    // Without this rule, whoever sees a chain could pass it on.
    if previous.is_some_and(|previous| previous.link.terms.audience != link.issuer) {
        return Err(ChainError::IssuerMismatch { index });
    }
    if link.issuer == link.terms.audience { Err(ChainError::SelfDelegation { index }) } else { Ok(()) }
}

/// The first link must own the run it is for; the others are for the same one.
fn check_run(index: usize, one: &ReadLink, previous: Option<&ReadLink>) -> Result<(), ChainError> {
    let run = |one: &ReadLink| (one.link.run, one.link.origin_nonce);
    match previous {
        Some(previous) if run(one) != run(previous) => Err(ChainError::RunMismatch { index }),
        None if one.link.run != RunId::derive(&one.link.issuer, &one.link.origin_nonce) => {
            Err(ChainError::RootUntrusted)
        }
        _ => Ok(()),
    }
}

/// Every node, the origin and the receiver included, stands in the chain once.
fn check_cycle(links: &[ReadLink]) -> Result<(), ChainError> {
    let origin = links.first().map(|one| one.link.issuer);
    let mut nodes = origin.into_iter().chain(links.iter().map(|one| one.link.terms.audience));
    let mut seen = BTreeSet::new();
    if nodes.all(|node| seen.insert(node)) { Ok(()) } else { Err(ChainError::Cycle) }
}
