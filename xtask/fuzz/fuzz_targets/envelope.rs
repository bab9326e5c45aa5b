//! Any bytes end in an envelope or an error; what our own reader takes everybody's takes too, and
//! writes back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_signing::{Envelope, MAX_SIGNATURES, Reader};

const LIMIT: usize = 64 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let own = Envelope::read(bytes, Reader::Own, LIMIT);
    let foreign = Envelope::read(bytes, Reader::Foreign, LIMIT);
    if let Ok(envelope) = &foreign {
        assert!((1..=MAX_SIGNATURES).contains(&envelope.signatures().len()));
        assert!(envelope.signatures().iter().all(|one| !one.signature.is_empty()));
        let length = envelope.unverified_payload().len();
        assert!(envelope.message().as_bytes().len() > length);
    }
    let Ok(own) = own else { return };
    let written = own.to_json();
    assert_eq!(Envelope::read(written.as_bytes(), Reader::Own, 2 * LIMIT).as_ref(), Ok(&own));
    let foreign = foreign.map(|envelope| (envelope.to_json(), envelope.signatures().to_vec()));
    assert_eq!(foreign, Ok((written, own.signatures().to_vec())));
});
