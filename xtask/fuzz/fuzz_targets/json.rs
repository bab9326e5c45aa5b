//! Any bytes end in a value or an error; a value written out reads back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_types::{JsonLimits, read_json_value};

fuzz_target!(|bytes: &[u8]| {
    let limits = JsonLimits::bytes(64 * 1024);
    if let Ok(value) = read_json_value(bytes, limits) {
        // Escapes may make the text longer than what was read.
        let again = read_json_value(value.to_string().as_bytes(), JsonLimits::bytes(1 << 20));
        assert_eq!(again, Ok(value));
    }
});
