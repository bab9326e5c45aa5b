//! A date prints as it was written, and every moment in reach prints as a date that reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_types::Timestamp;

fuzz_target!(|input: (&str, u64)| {
    let (text, millis) = input;
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(time.to_string(), text);
    }
    // Milliseconds print, but only whole seconds are read back.
    let time = Timestamp::from_millis(millis / 1000 * 1000);
    let printed = time.to_string();
    if printed.len() == 20 && printed.ends_with('Z') {
        assert_eq!(Timestamp::parse(&printed), Ok(time));
    }
});
