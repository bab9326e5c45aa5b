//! Scopes and grants print as they were written; containing, covering and intersecting agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_types::{Grant, Scope};

fuzz_target!(|texts: (&str, &str, &str)| {
    let (scope, a, b) = (Scope::parse(texts.0), Grant::parse(texts.1), Grant::parse(texts.2));
    if let Ok(scope) = &scope {
        assert_eq!(scope.to_string(), texts.0);
        assert!(Grant::exact(scope).covers(scope));
    }
    if let Ok(a) = &a {
        assert_eq!(a.to_string(), texts.1);
    }
    let (Ok(a), Ok(b)) = (a, b) else { return };
    assert_eq!(a.intersect(&b), b.intersect(&a));
    if let Ok(scope) = scope {
        let both = a.covers(&scope) && b.covers(&scope);
        assert_eq!(a.intersect(&b).is_some_and(|grant| grant.covers(&scope)), both);
        assert!(!(a.contains(&b) && b.covers(&scope)) || a.covers(&scope));
    }
});
