//! Differences of scope sets against brute force, and at the edges of the grammar.

use proptest::prelude::*;
use reach_types::{Grant, Grants, MAX_SCOPE_BYTES, Scope};

use crate::{
    MAX_GRANTS,
    diff::regions::{Region, common, difference, segments},
    testing::{grant, scope},
};

fn grants(texts: &[&str]) -> Grants {
    texts.iter().map(|text| grant(text)).collect()
}

/// The regions as `grant - except ! example`.
fn told(set: &[&str], other: &[&str]) -> Vec<String> {
    difference(&grants(set), &grants(other)).iter().map(text).collect()
}

fn text(region: &Region) -> String {
    let except: Vec<_> = region.except.iter().map(Grant::to_string).collect();
    format!("{} - {} ! {}", region.grant, except.join(" "), region.example)
}

#[test]
fn a_difference_is_told_in_grants_with_an_example() {
    assert_eq!(told(&["fs:*"], &["fs:read"]), ["fs:* - fs:read ! fs:x"]);
    assert_eq!(told(&["fs:read"], &["fs:*"]), [""; 0]);
    assert_eq!(told(&["fs:*"], &["fs:*"]), [""; 0]);
    assert_eq!(told(&["fs:a:*"], &["fs:*"]), [""; 0]);
    assert_eq!(told(&["fs"], &["fs:*"]), ["fs -  ! fs"]);
    assert_eq!(told(&["fs:*"], &["fs"]), ["fs:* -  ! fs:x"]);
    assert_eq!(told(&[], &["fs:*"]), [""; 0]);
    // What stands beside a name is not below it.
    assert_eq!(told(&["fs:*"], &["fs-a:b", "fs.a:b", "fsa:*", "f:*"]), ["fs:* -  ! fs:x"]);
    // What one grant of a set contains is not told twice, on either side.
    assert_eq!(
        told(&["fs:*", "fs:a", "fs:b:*"], &["fs:c", "fs:c:*", "fs:c:d", "fs:c:d:*"]),
        ["fs:* - fs:c fs:c:* ! fs:x"]
    );
    assert_eq!(told(&["a:*", "b", "b:*", "c"], &["c"]), ["a:* -  ! a:x", "b -  ! b", "b:* -  ! b:x"]);
    // The letter that stands for anything may be taken.
    assert_eq!(told(&["fs:*"], &["fs:x"]), ["fs:* - fs:x ! fs:a"]);
    assert_eq!(told(&["fs:*"], &["fs:x:*", "fs:a", "fs:b:c"]), ["fs:* - fs:a fs:b:c fs:x:* ! fs:c"]);
}

#[test]
fn what_both_grant() {
    let both = |one: &[&str], two: &[&str]| {
        common(&grants(one), &grants(two)).iter().map(Grant::to_string).collect::<Vec<_>>()
    };
    assert_eq!(both(&["a:*", "b"], &["a:b", "b", "c"]), ["a:b", "b"]);
    assert_eq!(both(&["a:b:*"], &["a:*", "b"]), ["a:b:*"]);
    assert_eq!(both(&["a"], &["a:*"]), [""; 0]);
}

/// Every segment of exactly one byte: those of the grammar but `.`.
fn one_byte() -> Vec<String> {
    let all = (b'a'..=b'z').chain(b'0'..=b'9').chain(*b"_-");
    all.map(|byte| char::from(byte).to_string()).collect()
}

/// Every segment of exactly two bytes.
fn two_bytes() -> Vec<String> {
    let mut letters = one_byte();
    letters.push(".".to_owned());
    let pairs = letters.iter().flat_map(|one| letters.iter().map(move |two| format!("{one}{two}")));
    pairs.filter(|pair| pair != "..").collect()
}

fn below(prefix: &str, segments: &[String]) -> Grants {
    segments.iter().map(|segment| grant(&format!("{prefix}:{segment}"))).collect()
}

#[test]
fn a_wildcard_with_room_for_one_byte_can_be_used_up() {
    assert_eq!(one_byte().len(), 38);
    let prefix = "p".repeat(MAX_SCOPE_BYTES - 2);
    let wildcard: Grants = [grant(&format!("{prefix}:*"))].into_iter().collect();
    assert_eq!(difference(&wildcard, &below(&prefix, &one_byte())), []);
    assert_eq!(difference(&below(&prefix, &one_byte()), &wildcard), []);
    for gone in 0..38 {
        let mut segments = one_byte();
        let last = segments.remove(gone);
        let [region] = &difference(&wildcard, &below(&prefix, &segments))[..] else { panic!("{last}") };
        assert_eq!(region.example, scope(&format!("{prefix}:{last}")));
        assert_eq!((region.except.len(), region.example.as_str().len()), (37, MAX_SCOPE_BYTES));
    }
}

#[test]
fn a_wildcard_with_room_for_two_bytes_can_be_used_up() {
    let prefix = "p".repeat(MAX_SCOPE_BYTES - 3);
    let wildcard: Grants = [grant(&format!("{prefix}:*"))].into_iter().collect();
    let all = [one_byte(), two_bytes()].concat();
    assert_eq!(all.len(), 38 + 39 * 39 - 1);
    assert_eq!(difference(&wildcard, &below(&prefix, &all)), []);
    // All of one byte are taken: the example is one byte longer.
    let [region] = &difference(&wildcard, &below(&prefix, &one_byte()))[..] else { panic!() };
    assert_eq!(region.example, scope(&format!("{prefix}:xx")));
    let but_last: Vec<_> = all.iter().filter(|text| *text != "-.").cloned().collect();
    let [region] = &difference(&wildcard, &below(&prefix, &but_last))[..] else { panic!() };
    assert_eq!(region.example, scope(&format!("{prefix}:-.")));
}

#[test]
fn the_last_of_eight_segments_is_as_good_as_any() {
    let deep = "a:b:c:d:e:f:g";
    assert_eq!(told(&["a:b:c:d:e:f:g:*"], &["a:b:c:d:e:f:g:x"]), [format!("{deep}:* - {deep}:x ! {deep}:a")]);
    // At both limits at once: eight segments, 128 bytes.
    let prefix = format!("{deep}{}", "g".repeat(MAX_SCOPE_BYTES - 2 - deep.len()));
    let wildcard: Grants = [grant(&format!("{prefix}:*"))].into_iter().collect();
    assert_eq!(difference(&wildcard, &below(&prefix, &one_byte())), []);
    let [region] = &difference(&wildcard, &below(&prefix, &one_byte()[1..]))[..] else { panic!() };
    assert_eq!(region.example, scope(&format!("{prefix}:a")));
}

#[test]
fn room_for_three_bytes_is_more_than_two_lists_can_use_up() {
    let longest = |length| segments(3).filter(|text| text.len() == length).count();
    assert_eq!((longest(1), longest(2), longest(3)), (38, 1520, 59_319 - 77));
    assert!(segments(3).count() > 2 * MAX_GRANTS);
    // And the fourth byte comes after all of three.
    assert_eq!(segments(4).nth(segments(3).count()).as_deref(), Some("xxxx"));
}

fn any_grant() -> impl Strategy<Value = Grant> {
    (proptest::collection::vec("[ab]", 1..4), any::<bool>()).prop_map(|(parts, wild)| {
        let text = parts.join(":");
        grant(&if wild { format!("{text}:*") } else { text })
    })
}

fn any_grants() -> impl Strategy<Value = Grants> {
    proptest::collection::vec(any_grant(), 0..9).prop_map(Grants::from)
}

/// Every scope of up to five segments `a`, `b` and one that no grant names.
fn universe() -> Vec<Scope> {
    let mut all: Vec<String> = Vec::new();
    let mut longest = vec![String::new()];
    for _ in 0..5 {
        let one_more =
            |text: &String| ["a", "b", "x"].map(|end| format!("{text}:{end}").trim_start_matches(':').to_owned());
        longest = longest.iter().flat_map(one_more).collect();
        all.extend(longest.iter().cloned());
    }
    all.iter().map(|text| scope(text)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn regions_are_what_brute_force_finds(set in any_grants(), other in any_grants()) {
        let regions = difference(&set, &other);
        let told = |scope: &Scope| {
            let holds = |region: &&Region| region.grant.covers(scope) && !region.except.covers(scope);
            regions.iter().filter(holds).count()
        };
        for scope in universe() {
            let differs = set.covers(&scope) && !other.covers(&scope);
            // In one region if it differs, and in none if it does not.
            prop_assert_eq!(told(&scope), usize::from(differs), "{}", scope);
        }
        for region in &regions {
            prop_assert!(set.covers(&region.example) && !other.covers(&region.example), "{}", text(region));
        }
    }

    #[test]
    fn what_both_grant_is_what_brute_force_finds(one in any_grants(), two in any_grants()) {
        let both = common(&one, &two);
        for scope in universe() {
            prop_assert_eq!(both.covers(&scope), one.covers(&scope) && two.covers(&scope), "{}", scope);
        }
    }
}

#[test]
fn sixteen_thousand_grants_take_no_time_worth_naming() {
    let named = |from: u32| (from..from + 16_384).map(|n| grant(&format!("area.{}:item.{n}", n % 50))).collect();
    let (old, new): (Grants, Grants) = (named(0), named(1));
    let begun = std::time::Instant::now();
    assert_eq!(difference(&new, &old).len(), 1);
    let wild: Grants = (0..50).map(|n| grant(&format!("area.{n}:*"))).collect();
    let regions = difference(&wild, &old);
    assert_eq!((regions.len(), regions[0].except.len()), (50, 328));
    assert_eq!(difference(&old, &wild), []);
    // Comparing each with each takes a hundred times as long, even unoptimised.
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
}
