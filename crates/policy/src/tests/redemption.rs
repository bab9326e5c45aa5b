//! The table of used permits, against a plain map.

use std::{collections::BTreeMap, sync::Barrier, thread};

use proptest::prelude::*;
use reach_types::{Blake3Digest, Timestamp};

use crate::{MAX_REDEMPTIONS, MemoryRedemptions, RedemptionError, RedemptionStore, Spending};

fn permit(number: u8) -> Blake3Digest {
    Blake3Digest::of(&[number])
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn p18_an_entry_is_kept_up_to_its_end_and_not_longer() {
    let store = MemoryRedemptions::bounded(1);
    let spend = |number, until, now| store.spend(&permit(number), at(until), at(now));
    assert_eq!(spend(1, 100, 50), Ok(Spending::Fresh));
    assert_eq!(spend(1, 100, 50), Ok(Spending::Spent));
    // Nothing is dropped to make room, and what is known is answered for without any.
    assert_eq!(spend(2, 200, 100), Err(RedemptionError::Capacity));
    assert_eq!(spend(1, 100, 100), Ok(Spending::Spent));
    assert_eq!(spend(2, 200, 101), Ok(Spending::Fresh));
    // The first one is forgotten now, and is spent all the same, whatever the clock does.
    assert_eq!(spend(1, 100, 50), Ok(Spending::Spent));
    assert_eq!(spend(3, 100, 0), Ok(Spending::Spent));
    assert_eq!(spend(3, 101, 0), Err(RedemptionError::Capacity));
}

#[test]
fn the_default_has_room_for_the_stated_number() {
    let store = MemoryRedemptions::default();
    for number in 0..MAX_REDEMPTIONS {
        let permit = Blake3Digest::of(&number.to_le_bytes());
        assert_eq!(store.spend(&permit, at(1), at(0)), Ok(Spending::Fresh));
    }
    assert_eq!(store.spend(&permit(0), at(1), at(0)), Err(RedemptionError::Capacity));
}

#[test]
fn p18_of_many_threads_one_is_first_for_each_permit() {
    let store = MemoryRedemptions::new();
    let start = Barrier::new(8);
    let fresh: usize = thread::scope(|scope| {
        let spend_all = || {
            start.wait();
            let fresh = |number: &u8| store.spend(&permit(*number), at(100), at(0)) == Ok(Spending::Fresh);
            (0..=255).filter(fresh).count()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(spend_all)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(fresh, 256);
}

/// What the table says, without any thought for its cost.
#[derive(Default)]
struct Model {
    used: BTreeMap<u8, u64>,
    time: u64,
}

impl Model {
    fn spend(&mut self, number: u8, until: u64, now: u64, most: usize) -> Result<Spending, RedemptionError> {
        self.time = self.time.max(now);
        let alive = self.used.values().filter(|until| **until >= self.time).count();
        if until < self.time || self.used.get(&number).is_some_and(|until| *until >= self.time) {
            Ok(Spending::Spent)
        } else if alive >= most {
            Err(RedemptionError::Capacity)
        } else {
            self.used.insert(number, until);
            Ok(Spending::Fresh)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn it_agrees_with_a_plain_map(steps in proptest::collection::vec((0..12u8, 0..40u64, 0..40u64), 0..80)) {
        let (store, mut model) = (MemoryRedemptions::bounded(4), Model::default());
        for (number, until, now) in steps {
            let expected = model.spend(number, until, now, 4);
            prop_assert_eq!(store.spend(&permit(number), at(until), at(now)), expected);
        }
    }

    /// A permit's end is part of it: then no permit is fresh twice, whatever the clock does.
    #[test]
    fn p18_no_permit_is_fresh_twice(steps in proptest::collection::vec((0..20u8, 0..40u64), 0..200)) {
        let (store, mut fresh) = (MemoryRedemptions::bounded(4), [0; 20]);
        for (number, now) in steps {
            let until = u64::from(number) * 2;
            if store.spend(&permit(number), at(until), at(now)) == Ok(Spending::Fresh) {
                fresh[usize::from(number)] += 1;
            }
        }
        prop_assert!(fresh.iter().all(|count| *count <= 1), "{:?}", fresh);
    }
}
