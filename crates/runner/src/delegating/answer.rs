//! The answer to a chain: what the ledger holds of it, and the receipt.

use reach_audit_ledger::EntryKind;
use reach_mesh_delegation::{AcceptedChain, Answer, MAX_RECEIPT_CODES, chain_digest, inspect, sign_receipt};
use reach_policy::Decision;
use reach_signing::Role;
use reach_types::{Blake3Digest, Code, RunId};
use serde_json::{Value, json};

use super::{
    DelegateError,
    meeting::{Met, receipt_version},
};
use crate::{
    World,
    admission::AdmitError,
    running::{recorded, with_detail},
    state::{State, node_run},
};

/// The chain, this node's own gate on the pack, and whether that admits it too.
pub(super) type Judged = (AcceptedChain, Decision, bool);

/// What became of one chain, and of meeting its issuer.
pub(super) struct Answered {
    pub(super) chain: Blake3Digest,
    /// The run that the chain claims to be for, if it can be read.
    pub(super) claimed_run: Option<RunId>,
    pub(super) met: Option<Met>,
    pub(super) judged: Result<Judged, DelegateError>,
}

impl Answered {
    pub(super) fn new(bytes: &[u8], met: Option<Met>, judged: Result<Judged, DelegateError>) -> Self {
        let claimed_run = inspect(bytes).ok().and_then(|links| Some(links.first()?.run));
        Self { chain: chain_digest(bytes), claimed_run, met, judged }
    }

    /// The ledger entry. What a chain that was not accepted says of itself is only quoted: it chooses
    /// no place in the ledger.
    pub(super) fn entry(&self, state: &State) -> (RunId, EntryKind, Value) {
        let (run, kind, payload) = match &self.judged {
            Ok((chain, decision, true)) => {
                let terms = json!({ "chain": self.chain, "issuer": chain.issuer(), "depth": chain.depth(), "expires": chain.expires(), "decision": recorded(decision) });
                (*chain.run(), EntryKind::DelegationAccepted, terms)
            }
            Ok((chain, decision, false)) => {
                let terms = json!({ "chain": self.chain, "issuer": chain.issuer(), "decision": recorded(decision) });
                (*chain.run(), EntryKind::DelegationRefused, terms)
            }
            Err(error) => {
                let quoted = json!({ "chain": self.chain, "claimed_run": self.claimed_run, "codes": [error.code()] });
                (node_run(&state.node()), EntryKind::DelegationRefused, with_detail(quoted, pack_detail(error)))
            }
        };
        let payload = match &self.met {
            Some(met) => met.record(payload),
            None => payload,
        };
        (run, kind, payload)
    }

    /// The signed receipt, in the version that the issuer reads, if it reads any; reasons that are
    /// this node's own business are not in it.
    pub(super) fn receipt(&self, world: &World, state: &State) -> Result<Option<String>, DelegateError> {
        let spoken = self.met.as_ref().and_then(Met::spoken);
        let Some(version) = receipt_version(spoken) else { return Ok(None) };
        let key = state.signing_key(Role::Node)?;
        let sign = |answer: &Answer<'_>| sign_receipt(answer, version, world.now(), &key);
        let (chain, run, transcript) = (self.chain, self.claimed_run, spoken.map(|spoken| spoken.transcript));
        let signed = match &self.judged {
            Ok((accepted, _, true)) => sign(&Answer::Accepted(accepted)),
            Ok((_, decision, false)) => {
                let violations = decision.violations().iter().take(MAX_RECEIPT_CODES);
                let rules: Vec<_> = violations.map(|violation| violation.rule()).collect();
                let reasons: Vec<&dyn Code> = rules.iter().map(|rule| rule as &dyn Code).collect();
                sign(&Answer::Rejected { chain, run, transcript, reasons: &reasons })
            }
            Err(error) => sign(&Answer::Rejected { chain, run, transcript, reasons: &[error] }),
        };
        signed.map(Some).map_err(DelegateError::Receipt)
    }
}

/// In what a pack does not keep to what it says it needs.
fn pack_detail(error: &DelegateError) -> Option<(&'static str, Value)> {
    match error {
        DelegateError::Admit(AdmitError::Spec(error)) => error.detail(),
        _ => None,
    }
}
