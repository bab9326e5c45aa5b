//! Any bytes end in a request or an error; a request holds no more than its limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_types::Request;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::from_json(bytes) {
        let most = request.tools.len().max(request.scopes.len()).max(request.models.len());
        assert!(most <= Request::MAX_ENTRIES);
    }
});
