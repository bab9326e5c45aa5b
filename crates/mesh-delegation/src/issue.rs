//! Issuing the first link of a chain, and passing a chain on.

use reach_signing::{Envelope, SignError, Signer};
use reach_types::{RunId, StrictError, encode_strict};

use crate::{
    ChainError, LINK_PAYLOAD_TYPE, LINK_VERSION, Link, MAX_DEPTH, Terms,
    attenuate::check_attenuation,
    chain::{read_chain, write_chain},
    linkage::check_linkage,
    node::node_id,
};

/// Why no link was issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// No node would accept the chain.
    #[error(transparent)]
    Chain(ChainError),
    /// The link cannot be encoded.
    #[error(transparent)]
    Encode(StrictError),
    /// Signing failed.
    #[error(transparent)]
    Sign(SignError),
}

reach_types::codes!(IssueError {} wrap { Chain, Encode, Sign });

/// Issues the first link of a chain, for the run that `origin_nonce` gives the signer's node.
///
/// `origin_nonce` and `terms.nonce` must be drawn at random, for this call alone.
///
/// # Errors
/// [`IssueError::Chain`] for terms no receiver would accept, [`IssueError::Sign`] for a key that
/// is no `node` key or does not answer.
pub fn issue(terms: &Terms, origin_nonce: &[u8; 32], signer: &dyn Signer) -> Result<String, IssueError> {
    let issuer = node_id(signer);
    let link = Link {
        version: LINK_VERSION,
        index: 0,
        prev: None,
        issuer,
        run: RunId::derive(&issuer, origin_nonce),
        origin_nonce: *origin_nonce,
        terms: terms.clone(),
    };
    sign_onto(Vec::new(), &link, signer)
}

/// Passes `chain`, which this signer's node was given, on to one more node.
///
/// The chain itself is taken as accepted: only the new link is checked against it, not the
/// signatures before.
///
/// # Errors
/// [`IssueError::Chain`] if the chain cannot be read, was not for this signer's node, or `terms`
/// are wider than what the node was given; [`IssueError::Sign`].
pub fn extend(chain: &[u8], terms: &Terms, signer: &dyn Signer) -> Result<String, IssueError> {
    let links = read_chain(chain, MAX_DEPTH).map_err(IssueError::Chain)?;
    let last = links.last().ok_or(IssueError::Chain(ChainError::ChainMalformed))?;
    let link = Link {
        version: LINK_VERSION,
        index: u8::try_from(links.len()).unwrap_or(u8::MAX),
        prev: Some(last.digest),
        issuer: node_id(signer),
        run: last.link.run,
        origin_nonce: last.link.origin_nonce,
        terms: terms.clone(),
    };
    sign_onto(links.into_iter().map(|one| one.envelope).collect(), &link, signer)
}

/// Signs `link`, appends it, and reads the result back with the rules that need no trust document.
fn sign_onto(mut envelopes: Vec<Envelope>, link: &Link, signer: &dyn Signer) -> Result<String, IssueError> {
    let payload = encode_strict(link).map_err(IssueError::Encode)?;
    envelopes.push(Envelope::sign(LINK_PAYLOAD_TYPE, payload, &[signer]).map_err(IssueError::Sign)?);
    let chain = write_chain(&envelopes);
    check_own(&chain).map_err(IssueError::Chain)?;
    Ok(chain)
}

fn check_own(chain: &str) -> Result<(), ChainError> {
    let links = read_chain(chain.as_bytes(), MAX_DEPTH)?;
    check_linkage(&links)?;
    check_attenuation(&links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use reach_signing::{Role, SigningKey};
    use reach_types::Code;

    fn code(result: Result<String, IssueError>) -> &'static str {
        result.map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn d07_a_sixth_link_is_not_issued() {
        let mut chain = root(A, B);
        for (from, to) in [(B, C), (C, D), (D, E), (E, F)] {
            chain = extend(chain.as_bytes(), &terms(to), &node(from)).unwrap();
        }
        assert_eq!(inspect_len(&chain), 5);
        assert_eq!(code(extend(chain.as_bytes(), &terms(G), &node(F))), "mesh.depth_exceeded");
    }

    #[test]
    fn d25_an_issuer_refuses_to_widen() {
        let chain = root(A, B);
        let change = |edit: &dyn Fn(&mut Terms)| {
            let mut terms = terms(C);
            edit(&mut terms);
            code(extend(chain.as_bytes(), &terms, &node(B)))
        };
        assert_eq!(change(&|_| {}), "ok");
        assert_eq!(change(&|t| t.tools = tools(&["fs.list", "fs.write"])), "mesh.tool_widened");
        assert_eq!(change(&|t| t.scopes = grants(&["workspace:*", "net:*"])), "mesh.scope_widened");
        assert_eq!(change(&|t| t.expires = later(EXPIRES, 1)), "mesh.ttl_widened");
        assert_eq!(change(&|t| t.attempts = 4), "mesh.attempts_widened");
        assert_eq!(change(&|t| t.attempts = 0), "mesh.attempts_exhausted");
        assert_eq!(change(&|t| t.nonce = [0; 32]), "mesh.nonce_invalid");
        assert_eq!(change(&|t| t.audience = id(A)), "mesh.cycle");
        assert_eq!(change(&|t| t.audience = id(B)), "mesh.self_delegation");
        assert_eq!(change(&|t| t.deterministic = false), "mesh.pack_mismatch");
        assert_eq!(change(&|t| t.registry = digest(9)), "mesh.registry_mismatch");
    }

    #[test]
    fn only_the_audience_passes_a_chain_on_and_only_with_a_node_key() {
        let chain = root(A, B);
        assert_eq!(code(extend(chain.as_bytes(), &terms(D), &node(C))), "mesh.issuer_mismatch");
        let log = SigningKey::from_seed(Role::Log, &[A; 32]).unwrap();
        assert_eq!(code(issue(&terms(B), &ORIGIN_NONCE, &log)), "sign.role_mismatch");
    }

    #[test]
    fn counts_are_bounded() {
        let with = |count: usize, scopes: usize, offer: usize| {
            let mut terms = terms(B);
            terms.tools = (0..count).map(|i| reach_types::ToolId::parse(&format!("t{i}")).unwrap()).collect();
            let grant = |i| reach_types::Grant::parse(&format!("s:{i}")).unwrap();
            terms.scopes = (0..scopes).map(grant).collect();
            terms.offer = vec![7; offer];
            code(issue(&terms, &ORIGIN_NONCE, &node(A)))
        };
        assert_eq!(with(crate::MAX_TOOLS, crate::MAX_SCOPES, crate::MAX_OFFER_BYTES), "ok");
        assert_eq!(with(crate::MAX_TOOLS + 1, 0, 0), "mesh.link_too_large");
        assert_eq!(with(0, crate::MAX_SCOPES + 1, 0), "mesh.link_too_large");
        assert_eq!(with(0, 0, crate::MAX_OFFER_BYTES + 1), "mesh.link_too_large");
    }

    #[test]
    fn the_largest_chain_fits_its_limit() {
        let long = |i: usize| reach_types::ToolId::parse(&format!("{i:064}")).unwrap();
        let grant = |i: usize| reach_types::Grant::parse(&format!("{i:0128}")).unwrap();
        let widest = |to| {
            let mut terms = terms(to);
            terms.tools = (0..crate::MAX_TOOLS).map(long).collect();
            terms.scopes = (0..crate::MAX_SCOPES).map(grant).collect();
            terms.offer = vec![7; crate::MAX_OFFER_BYTES];
            terms
        };
        let mut chain = issue(&widest(B), &ORIGIN_NONCE, &node(A)).unwrap();
        for (from, to) in [(B, C), (C, D), (D, E), (E, F)] {
            chain = extend(chain.as_bytes(), &widest(to), &node(from)).unwrap();
        }
        assert!(chain.len() <= crate::MAX_CHAIN_BYTES, "{}", chain.len());
    }

    fn inspect_len(chain: &str) -> usize {
        crate::inspect(chain.as_bytes()).unwrap().len()
    }
}
