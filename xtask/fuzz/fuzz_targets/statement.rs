//! Any bytes end in a statement or a refusal with a code; a statement is about one archive, whose
//! name and dates can be written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_pack_integrity::{MAX_STATEMENT_BYTES, Statement};
use reach_types::{Class, Code, PackName, Timestamp};

fuzz_target!(|payload: &[u8]| match Statement::read(payload) {
    Ok(statement) => {
        assert!(payload.len() <= MAX_STATEMENT_BYTES);
        assert_eq!(PackName::parse(statement.name.as_str()), Ok(statement.name.clone()));
        for date in [statement.created, statement.expires] {
            assert_eq!(Timestamp::parse(&date.to_string()), Ok(date));
        }
    }
    Err(error) => assert!(matches!(error.class(), Class::Refused | Class::Limit)),
});
