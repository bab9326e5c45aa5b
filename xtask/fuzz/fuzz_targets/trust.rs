//! Any bytes end in a trust document or an error; one that verifies can be written out, renewed and
//! read again, and what authorizes is one of its own keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_signing::{Envelope, Role, SigningKey, TRUST_PAYLOAD_TYPE, TrustChain, TrustDocument, TrustDraft};
use reach_types::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const LATER: Timestamp = Timestamp::from_millis(1_900_000_000_000);

fuzz_target!(|bytes: &[u8]| {
    file(bytes);
    // Signed by a key that a document can name, so that what comes after the signatures is reached.
    let Ok(root) = SigningKey::from_seed(Role::Root, &[1; 32]) else { return };
    if let Ok(document) = TrustDocument::read(bytes) {
        assert_eq!(document.check(), Ok(()));
        let written = serde_json::to_vec(&document).unwrap_or_default();
        assert_eq!(TrustDocument::read(&written), Ok(document));
    }
    if let Ok(envelope) = Envelope::sign(TRUST_PAYLOAD_TYPE, bytes.to_vec(), &[&root]) {
        file(envelope.to_json().as_bytes());
    }
});

fn file(bytes: &[u8]) {
    let Ok(draft) = TrustDraft::read(bytes, None, NOW) else { return };
    assert_eq!(
        TrustDraft::read(draft.to_file().as_bytes(), Some(draft.root()), NOW).map(|same| same.to_file()),
        Ok(draft.to_file())
    );
    let Ok(chain) = draft.complete() else { return };
    let Ok(root) = SigningKey::from_seed(Role::Root, &[1; 32]) else { return };
    if let Ok(next) = chain.succeed(&[], Some(LATER), &[&root], NOW).and_then(|next| Ok(next.complete()?)) {
        assert_eq!(next.root(), chain.root());
        assert_eq!(next.digest_of(chain.newest().document().version), Some(chain.newest().digest()));
    }
    alive(chain);
}

fn alive(chain: TrustChain) {
    let Ok(trust) = chain.in_force(NOW) else { return };
    for (signer, key) in trust.document().keys() {
        assert_eq!(trust.key(&key.public.key_id()), Some((signer, key)));
    }
    let _ = trust.due(NOW);
    let _ = trust.document().differences(None);
}
