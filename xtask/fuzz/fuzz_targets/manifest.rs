//! Any bytes end in a manifest or an error; a manifest holds no more than its limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_pack_integrity::{MAX_DECLARED, MAX_DESCRIPTION_BYTES, MAX_MANIFEST_BYTES, MAX_SPEC_FEATURES, Manifest};

fuzz_target!(|bytes: &[u8]| {
    let Ok(manifest) = Manifest::read(bytes) else { return };
    assert!(bytes.len() <= MAX_MANIFEST_BYTES);
    assert!(manifest.description().len() <= MAX_DESCRIPTION_BYTES);
    let counts =
        [manifest.tools().len(), manifest.models().len(), manifest.files().len(), manifest.scopes().iter().count()];
    assert!(counts.iter().all(|count| *count <= MAX_DECLARED));
    assert!(manifest.spec().features().len() <= MAX_SPEC_FEATURES);
    assert!(manifest.spec().to_offer_json().is_ok());
});
