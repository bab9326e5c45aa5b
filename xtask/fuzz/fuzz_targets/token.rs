//! Any text is a version exactly when it is what that version prints, whichever way it comes in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_spec_version::{MAX_TOKEN_BYTES, SpecVersion};
use reach_types::Code;

fuzz_target!(|text: &str| {
    let parsed = SpecVersion::parse(text);
    match parsed {
        Ok(version) => assert!(version.to_string() == text && text.len() <= MAX_TOKEN_BYTES),
        Err(error) => assert_eq!(error.code(), "spec.malformed"),
    }
    // Three numbers of 16 bits, each printed as it was written, and nothing else.
    let plain = |part: &str| part.parse::<u16>().is_ok_and(|number| number.to_string() == part);
    let parts: Vec<&str> = text.split('.').collect();
    assert_eq!(parsed.is_ok(), parts.len() == 3 && parts.into_iter().all(plain));
    let quoted = serde_json::to_string(text).unwrap();
    assert_eq!(serde_json::from_str::<SpecVersion>(&quoted).ok(), parsed.ok());
});
