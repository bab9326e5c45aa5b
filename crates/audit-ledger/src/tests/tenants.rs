//! Reading as a tenant, and as the wrong one.

use super::support::{Home, append, entry, fill, key, run, tenant};
use crate::{MAX_PAGE_BYTES, MAX_PAYLOAD_BYTES, ReadError};

#[test]
fn a07_what_is_another_s_looks_like_what_is_not_there() {
    let home = Home::new();
    let mut ledger = home.create();
    fill(&mut ledger, 12);
    ledger.sign_checkpoint(&key()).unwrap();
    let (acme, zeta) = (ledger.tenant(tenant("acme")), ledger.tenant(tenant("zeta")));
    assert_eq!(zeta.list(&run(1), 0, 10).unwrap().entries.len(), 4);
    assert_eq!(acme.list(&run(2), 0, 10).unwrap().entries.len(), 4);
    // By id: run 2 is acme's alone, run 9 nobody's.
    assert_eq!(zeta.list(&run(2), 0, 10), zeta.list(&run(9), 0, 10));
    assert_eq!(zeta.list(&run(2), 0, 10), Err(ReadError::NotFound));
    // By cursor.
    assert_eq!(zeta.list(&run(2), 3, 10), Err(ReadError::NotFound));
    // By number and by proof: entries 0 and 1 are acme's, 2 is zeta's, 12 is nobody's.
    for seq in [0, 1, 12, u64::MAX] {
        assert_eq!(zeta.entry(seq), Err(ReadError::NotFound), "{seq}");
        assert_eq!(zeta.prove(seq), Err(ReadError::NotFound), "{seq}");
    }
    assert_eq!(zeta.entry(2).unwrap().payload, b"payload 2");
    assert_eq!(zeta.prove(2).unwrap().opening.payload, b"payload 2");
    assert_eq!(acme.entry(2), Err(ReadError::NotFound));
    // By prefix, and as a tenant that has nothing.
    for name in ["acm", "acme1", "acme.x", "nobody"] {
        assert_eq!(ledger.tenant(tenant(name)).list(&run(1), 0, 10), Err(ReadError::NotFound), "{name}");
        assert_eq!(ledger.tenant(tenant(name)).entry(0), Err(ReadError::NotFound), "{name}");
    }
}

#[test]
fn a07_the_same_run_id_under_two_tenants_is_two_runs() {
    let home = Home::new();
    let mut ledger = home.create();
    append(&mut ledger, &[entry("acme", 1, "mine"), entry("zeta", 1, "yours")]);
    let seen = |owner: &str| {
        let page = ledger.tenant(tenant(owner)).list(&run(1), 0, 10).unwrap();
        page.entries.into_iter().map(|entry| entry.payload).collect::<Vec<_>>()
    };
    assert_eq!(seen("acme"), [b"mine".to_vec()]);
    assert_eq!(seen("zeta"), [b"yours".to_vec()]);
}

#[test]
fn pages_follow_each_other_and_end() {
    let home = Home::new();
    let mut ledger = home.create();
    fill(&mut ledger, 30);
    let view = ledger.tenant(tenant("acme"));
    let (mut from, mut seen) = (Some(0), Vec::new());
    while let Some(index) = from {
        let page = view.list(&run(1), index, 3).unwrap();
        assert!(page.entries.len() <= 3);
        seen.extend(page.entries.iter().map(|entry| entry.header.index_in_run));
        from = page.next;
    }
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
    assert_eq!(view.list(&run(1), 10, 3).unwrap().entries, []);
    assert_eq!(view.list(&run(1), u64::MAX, 3).unwrap().next, None);
    assert_eq!(view.list(&run(1), 0, 0).unwrap().entries.len(), 1);
}

#[test]
fn a12_a_page_is_bounded_in_bytes() {
    let home = Home::new();
    let mut ledger = home.create();
    let longest = entry("acme", 1, &"x".repeat(MAX_PAYLOAD_BYTES));
    append(&mut ledger, &vec![longest; 20]);
    let page = ledger.tenant(tenant("acme")).list(&run(1), 0, usize::MAX).unwrap();
    let bytes: usize = page.entries.iter().map(|entry| entry.payload.len()).sum();
    assert_eq!((bytes, page.next), (MAX_PAGE_BYTES, Some(16)));
}

#[test]
fn one_ledger_serves_many_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<crate::Ledger>();
    shared::<crate::LedgerReader>();
    fn moved<T: Send>() {}
    moved::<crate::Export<'static>>();
}
