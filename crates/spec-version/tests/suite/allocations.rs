//! What costs memory, and what is refused before it does.

use allocation_counter::{AllocationInfo, measure};
use reach_spec_version::{MAX_FEATURES, MAX_OFFER_BYTES, Offer, SpecVersion, negotiate};
use reach_types::{Code, encode_strict};

use crate::support::{Row, offer};

/// How often, and how many bytes at once, `work` takes from the allocator on this thread.
fn cost<T>(work: impl Fn() -> T) -> AllocationInfo {
    measure(|| drop(std::hint::black_box(work())))
}

#[test]
fn v01_a_token_allocates_nothing_good_or_bad() {
    let (digits, dots) = ("1".repeat(10_000), ".".repeat(10_000));
    for token in
        ["1.0.0", "65535.65535.65535", "", "1.0", "01.0.0", "1.0.0-rc.1", "v1.0.0", "65536.0.0", &digits, &dots]
    {
        let cost = cost(|| SpecVersion::parse(token));
        assert_eq!((cost.count_total, cost.bytes_total), (0, 0), "{token:.20}");
    }
    assert!(cost(|| SpecVersion::CURRENT.to_string()).count_total > 0, "the counter counts");
}

#[test]
fn v05_too_many_features_are_refused_before_anything_is_allocated() {
    let ids: Vec<String> = (0..100_000).map(|n| format!("f{n:05}")).collect();
    let rows: Vec<Row<'_>> = ids.iter().map(|id| (id.as_str(), 1, 1, false)).collect();
    let encoded = |rows: &[Row<'_>]| encode_strict(&(1u16, (1u16, 0u16, 0u16), (1u16, 0u16, 0u16), rows)).unwrap();
    let head = |count: u64| encode_strict(&(1u16, (1u16, 0u16, 0u16), (1u16, 0u16, 0u16), count)).unwrap();
    for (bytes, code) in [
        (encoded(&rows), "spec.offer_too_large"),
        (encoded(&rows[..MAX_FEATURES + 1]), "spec.too_many_features"),
        (head(100_000), "spec.too_many_features"),
        (head(u64::MAX), "spec.too_many_features"),
    ] {
        assert_eq!(Offer::decode(&bytes).unwrap_err().code(), code);
        assert_eq!(cost(|| Offer::decode(&bytes)).count_total, 0, "{code}");
    }
    let feature = r#"{"id":"a","min":1,"max":1,"critical":false}"#;
    let list = vec![feature; 100_000].join(",");
    let json = format!(r#"{{"spec":"1.0.0","floor":"1.0.0","features":[{list}]}}"#);
    assert_eq!(Offer::from_json(json.as_bytes()).unwrap_err().code(), "input.json_too_large");
    assert_eq!(cost(|| Offer::from_json(json.as_bytes())).count_total, 0);
}

#[test]
fn v05_the_worst_offer_costs_a_few_times_its_bound() {
    let id = |n: usize| format!("{n:059}");
    let ids: Vec<String> = (0..MAX_FEATURES).map(id).collect();
    let rows: Vec<Row<'_>> = ids.iter().map(|id| (id.as_str(), 1, 2, false)).collect();
    let worst = offer("1.0.0", "1.0.0", &rows);
    let bytes = worst.encode().unwrap();
    assert!(bytes.len() > MAX_OFFER_BYTES - 256);
    let cost = cost(|| Offer::decode(&bytes));
    assert!(cost.bytes_max < 8 * MAX_OFFER_BYTES as u64, "{} bytes at once", cost.bytes_max);
    assert!(cost.count_total < 5 * MAX_FEATURES as u64, "{} allocations", cost.count_total);
}

#[test]
fn an_agreement_costs_one_allocation() {
    let rows = [("a.one", 1, 3, true), ("b.two", 2, 2, false), ("c.three", 1, 200, true)];
    let ours = offer("1.2.0", "1.0.0", &rows);
    assert_eq!(cost(|| negotiate(&ours, &ours)).count_total, 1);
    let none = offer("1.2.0", "1.0.0", &[]);
    assert_eq!(cost(|| negotiate(&none, &none)).count_total, 0);
}
