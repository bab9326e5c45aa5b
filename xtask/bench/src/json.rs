//! Reading a request: the strict reader with everything parsed, against serde_json's plain value.

use std::hint::black_box;

use reach_types::Request;

use crate::pair::{CPU, Pair};

/// A request of 234 bytes: 3 tools, 4 scopes, 2 models.
pub const REQUEST: &str = concat!(
    r#"{"tools":["fs.list","digest.files","text.search"],"#,
    r#""scopes":["workspace:read","workspace:list","output:write:inventory","clock:read"],"#,
    r#""models":{"planner":"acme.large-1","summarizer":"acme.small-2.2026-01.30-preview-with-tools-stable"}}"#
);

const _: () = assert!(REQUEST.len() == 234, "the figures wanted are for 234 bytes");

pub fn pairs() -> Vec<Pair> {
    vec![Pair {
        name: "json.request",
        about: "`Request::from_json` against `serde_json::from_slice::<Value>`, 234 bytes",
        wanted: "≤ 1.20",
        clock: CPU,
        ours: Box::new(|| {
            black_box(Request::from_json(black_box(REQUEST.as_bytes()))).expect("the request is well formed");
        }),
        base: Box::new(plain),
    }]
}

/// The same bytes as any JSON, without a question asked.
pub fn plain() {
    let value = serde_json::from_slice::<serde_json::Value>(black_box(REQUEST.as_bytes()));
    black_box(value).expect("the request is well formed");
}
