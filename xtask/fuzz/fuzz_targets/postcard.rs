//! Whatever decodes strictly encodes to the very bytes it came from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_types::{PackFacts, decode_strict, encode_strict};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(facts) = decode_strict::<PackFacts>(bytes, 64 * 1024) {
        assert_eq!(encode_strict(&facts).as_deref(), Ok(bytes));
    }
});
