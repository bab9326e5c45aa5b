//! Attenuation: a link passes on what its issuer was given, or less.

use crate::{ChainError, Terms, chain::ReadLink};

/// Every link against the one before it.
pub(crate) fn check_attenuation(links: &[ReadLink]) -> Result<(), ChainError> {
    let pairs = links.iter().zip(links.iter().skip(1));
    pairs
        .enumerate()
        .try_for_each(|(before, (parent, child))| narrows(before + 1, &parent.link.terms, &child.link.terms))
}

fn narrows(index: usize, parent: &Terms, child: &Terms) -> Result<(), ChainError> {
    if child.pack != parent.pack || child.deterministic != parent.deterministic {
        return Err(ChainError::PackMismatch { index });
    }
    if child.registry != parent.registry {
        return Err(ChainError::RegistryMismatch { index });
    }
    if child.not_before < parent.not_before || child.expires > parent.expires {
        return Err(ChainError::TtlWidened { index });
    }
    if child.attempts > parent.attempts {
        return Err(ChainError::AttemptsWidened { index });
    }
    if !child.tools.is_subset(&parent.tools) {
        return Err(ChainError::ToolWidened { index });
    }
    let contained = child.scopes.iter().all(|grant| parent.scopes.contains(grant));
    if contained { Ok(()) } else { Err(ChainError::ScopeWidened { index }) }
}
