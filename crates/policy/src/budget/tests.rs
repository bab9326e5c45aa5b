//! The budgets against a naive model, and floods against their bounds.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use reach_types::{Code as _, NodeId, Sha256Digest, SubjectId, TenantId, Timestamp};

use super::*;

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn caller(of: &str, name: &str) -> Authenticated {
    Authenticated::caller(tenant(of), SubjectId::parse(name).unwrap())
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

fn allowance(burst: u32, millis: u64) -> Allowance {
    Allowance { burst, every: Duration::from_millis(millis) }
}

/// A tenant may be denied 8 times at once and then every 50 ms, a subject 4 times and then every
/// 100 ms.
fn limits() -> BudgetLimits {
    BudgetLimits { tenant: allowance(8, 50), subject: allowance(4, 100) }
}

fn budgets() -> DenialBudgets {
    DenialBudgets::new(limits()).unwrap()
}

/// Asks and is denied until the budget is spent; how often that was.
fn flood(budgets: &mut DenialBudgets, who: &Authenticated, now: Timestamp) -> usize {
    let mut denied = 0;
    while budgets.check(who, now).is_ok() {
        budgets.charge(who, now);
        denied += 1;
        assert!(denied < 10_000);
    }
    denied
}

fn spent(owner: BudgetOwner, millis: u64) -> Result<(), DenialBudgetError> {
    Err(DenialBudgetError::Spent { owner, retry_after: Duration::from_millis(millis) })
}

#[test]
fn a_budget_is_spent_by_denials_and_grows_back() {
    let (mut budgets, who) = (budgets(), caller("acme", "agent"));
    for _ in 0..3 {
        budgets.charge(&who, at(0));
        assert_eq!(budgets.check(&who, at(0)), Ok(()));
    }
    budgets.charge(&who, at(0));
    assert_eq!(budgets.check(&who, at(0)), spent(BudgetOwner::Subject, 100));
    assert_eq!(budgets.check(&who, at(99)), spent(BudgetOwner::Subject, 1));
    assert_eq!(budgets.check(&who, at(100)), Ok(()));
    budgets.charge(&who, at(100));
    assert_eq!(budgets.check(&who, at(100)), spent(BudgetOwner::Subject, 100));
    assert_eq!(flood(&mut budgets, &who, at(500)), 4);
}

#[test]
fn what_is_not_denied_and_what_is_not_judged_cost_nothing() {
    let (mut budgets, who) = (budgets(), caller("acme", "agent"));
    (0..1000).for_each(|_| assert_eq!(budgets.check(&who, at(0)), Ok(())));
    assert_eq!(flood(&mut budgets, &who, at(0)), 4);
    (0..1000).for_each(|_| assert_eq!(budgets.check(&who, at(1)), spent(BudgetOwner::Subject, 99)));
    assert_eq!(budgets.check(&who, at(100)), Ok(()));
}

#[test]
fn the_code_and_the_hint_can_be_sent() {
    let (mut budgets, who) = (DenialBudgets::new(BudgetLimits::default()).unwrap(), caller("acme", "agent"));
    assert_eq!(flood(&mut budgets, &who, at(0)), 32);
    let error = budgets.check(&who, at(0)).unwrap_err();
    assert_eq!((error.code(), error.class().exit_code()), ("policy.denial_budget_spent", 7));
    assert_eq!(error.to_string(), "the denial budget of this subject is spent; try again in 2 s");
    for (millis, seconds) in [(1, 1), (999, 1), (1000, 1), (1001, 2)] {
        let error = spent(BudgetOwner::Tenant, millis).unwrap_err();
        assert_eq!(error.retry_after_seconds(), seconds, "{millis}");
        assert!(error.to_string().contains("of this tenant"), "{error}");
    }
}

#[test]
fn d35_a_peer_that_is_denied_spends_its_budget_and_nobody_else_s() {
    let mut budgets = budgets();
    let peer = |byte| Authenticated::node(tenant("acme"), NodeId(Sha256Digest::from_bytes([byte; 32])));
    let refused = (0..100).filter(|_| {
        let answer = budgets.check(&peer(1), at(0));
        budgets.charge(&peer(1), at(0));
        answer.is_err_and(|error| error.code() == "policy.denial_budget_spent")
    });
    assert_eq!(refused.count(), 96);
    assert_eq!(budgets.check(&peer(2), at(0)), Ok(()));
    assert_eq!(budgets.check(&Authenticated::operator(tenant("acme")), at(0)), Ok(()));
}

#[test]
fn one_tenant_s_flood_costs_no_other_tenant() {
    let mut budgets = budgets();
    for name in ["a", "b", "c"] {
        flood(&mut budgets, &caller("acme", name), at(0));
    }
    assert_eq!(budgets.check(&caller("acme", "d"), at(0)), spent(BudgetOwner::Tenant, 50));
    assert_eq!(flood(&mut budgets, &caller("zeta", "a"), at(0)), 4);
    assert_eq!(flood(&mut budgets, &caller("zeta", "b"), at(0)), 4);
}

#[test]
fn one_subject_s_flood_leaves_the_others_half() {
    let (mut budgets, loud) = (budgets(), caller("acme", "loud"));
    for millis in 0..=1000 {
        // Charged whatever the check says, as requests judged at the same time are.
        (0..50).for_each(|_| budgets.charge(&loud, at(millis)));
    }
    assert_eq!(flood(&mut budgets, &caller("acme", "b"), at(1001)), 4);
    assert_eq!(budgets.check(&loud, at(1001)), spent(BudgetOwner::Subject, 99));
}

#[test]
fn of_two_spent_budgets_the_longer_wait_is_told() {
    let mut budgets =
        DenialBudgets::new(BudgetLimits { tenant: allowance(2, 50), subject: allowance(1, 100) }).unwrap();
    let (a, b) = (caller("acme", "a"), caller("acme", "b"));
    budgets.charge(&a, at(0));
    budgets.charge(&b, at(0));
    assert_eq!(budgets.check(&a, at(0)), spent(BudgetOwner::Subject, 100));
    assert_eq!(budgets.check(&caller("acme", "c"), at(0)), spent(BudgetOwner::Tenant, 50));
    let mut budgets =
        DenialBudgets::new(BudgetLimits { tenant: allowance(4, 40), subject: allowance(2, 100) }).unwrap();
    budgets.charge(&a, at(0));
    budgets.charge(&a, at(0));
    (0..2).for_each(|_| budgets.charge(&b, at(85)));
    assert_eq!(budgets.check(&a, at(85)), spent(BudgetOwner::Subject, 15));
    (0..2).for_each(|_| budgets.charge(&caller("acme", "c"), at(85)));
    assert_eq!(budgets.check(&a, at(85)), spent(BudgetOwner::Tenant, 40));
}

#[test]
fn a_clock_that_goes_back_grants_nothing() {
    let (mut budgets, who) = (budgets(), caller("acme", "agent"));
    flood(&mut budgets, &who, at(1000));
    assert_eq!(budgets.check(&who, at(0)), spent(BudgetOwner::Subject, 1100));
    assert_eq!(budgets.check(&who, at(1100)), Ok(()));
}

#[test]
fn a_flood_of_subjects_evicts_no_spent_one_and_makes_no_room() {
    let mut budgets =
        DenialBudgets::new(BudgetLimits { tenant: allowance(1000, 1), subject: allowance(4, 100) }).unwrap();
    let first = caller("acme", "first");
    assert_eq!(flood(&mut budgets, &first, at(0)), 4);
    for index in 1..MAX_BUDGET_SUBJECTS {
        budgets.charge(&caller("acme", &format!("s{index}")), at(0));
    }
    let new = |index: usize| caller("acme", &format!("new{index}"));
    assert_eq!(flood(&mut budgets, &new(0), at(0)), 4);
    for index in 1..1000 {
        assert_eq!(budgets.check(&new(index), at(0)), spent(BudgetOwner::Subject, 100), "{index}");
        budgets.charge(&new(index), at(0));
    }
    assert_eq!(budgets.check(&first, at(0)), spent(BudgetOwner::Subject, 100));
    // Whoever is known has a budget of its own still.
    assert_eq!(flood(&mut budgets, &caller("acme", "s1"), at(0)), 3);
    let held = |budgets: &DenialBudgets| budgets.tenants["acme"].subjects.len();
    assert_eq!(held(&budgets), MAX_BUDGET_SUBJECTS);
    // The others' budget is not the tenant's, and all that are whole again are forgotten at once.
    assert_eq!(budgets.check(&new(5), at(99)), spent(BudgetOwner::Subject, 1));
    assert_eq!(budgets.check(&new(5), at(100)), Ok(()));
    budgets.charge(&new(5), at(100));
    assert_eq!(held(&budgets), 3);
    assert_eq!(flood(&mut budgets, &first, at(100)), 1);
}

#[test]
fn a_new_subject_has_a_budget_of_its_own_as_soon_as_there_is_room() {
    let mut budgets =
        DenialBudgets::new(BudgetLimits { tenant: allowance(1000, 1), subject: allowance(4, 100) }).unwrap();
    for index in 0..MAX_BUDGET_SUBJECTS {
        budgets.charge(&caller("acme", &format!("s{index}")), at(50));
    }
    let new = |index: usize| caller("acme", &format!("new{index}"));
    assert_eq!(flood(&mut budgets, &new(0), at(60)), 4);
    assert_eq!(budgets.check(&new(1), at(149)), spent(BudgetOwner::Subject, 11));
    budgets.charge(&new(1), at(150));
    // What the others share is still spent, and nobody who is left is whole.
    assert_eq!(budgets.check(&new(2), at(150)), Ok(()));
    assert_eq!(flood(&mut budgets, &new(2), at(150)), 4);
}

#[test]
fn a_flood_of_tenants_evicts_no_spent_one_and_makes_no_room() {
    let mut budgets = budgets();
    let first = caller("first", "a");
    assert_eq!(flood(&mut budgets, &first, at(0)), 4);
    for index in 1..MAX_BUDGET_TENANTS {
        budgets.charge(&caller(&format!("t{index}"), "a"), at(0));
    }
    let new = |index: usize| caller(&format!("new{index}"), "a");
    assert_eq!(flood(&mut budgets, &new(0), at(0)), 4);
    for index in 1..100 {
        assert_eq!(budgets.check(&new(index), at(0)), spent(BudgetOwner::Tenant, 100), "{index}");
    }
    assert_eq!(budgets.tenants.len(), MAX_BUDGET_TENANTS);
    assert_eq!(budgets.check(&caller("t1", "a"), at(0)), Ok(()));
    // A tenant whose own budget is whole is kept as long as one of its subjects' is not.
    assert_eq!(budgets.check(&first, at(99)), spent(BudgetOwner::Subject, 1));
    budgets.charge(&new(1), at(300));
    assert_eq!(budgets.tenants.keys().map(TenantId::as_str).collect::<Vec<_>>(), ["first", "new1"]);
    assert_eq!(flood(&mut budgets, &first, at(300)), 3);
}

#[test]
fn limits_under_which_a_promise_would_not_hold_are_refused() {
    let code =
        |tenant, subject| DenialBudgets::new(BudgetLimits { tenant, subject }).map_or_else(|e| e.code(), |_| "ok");
    let (good, fine) = (allowance(8, 50), allowance(4, 100));
    assert_eq!(code(good, fine), "ok");
    assert_eq!(code(good, allowance(5, 100)), "policy.budget_share");
    assert_eq!(code(good, allowance(4, 99)), "policy.budget_share");
    assert_eq!(code(good, allowance(0, 100)), "policy.budget_empty");
    assert_eq!(code(allowance(0, 50), fine), "policy.budget_empty");
    assert_eq!(code(allowance(8, 0), fine), "policy.budget_empty");
    let sub = Allowance { burst: 4, every: Duration::from_micros(999) };
    assert_eq!(code(good, sub), "policy.budget_empty");
    assert_eq!(code(good, allowance(4, 21_600_000)), "ok");
    assert_eq!(code(good, allowance(4, 21_600_001)), "policy.budget_too_slow");
    assert_eq!(code(good, allowance(u32::MAX, u64::MAX)), "policy.budget_too_slow");
    assert_eq!(
        DenialBudgets::new(BudgetLimits { tenant: allowance(8, 10_800_001), subject: fine }).unwrap_err(),
        BudgetLimitsError::TooSlow { owner: BudgetOwner::Tenant, seconds: 86_401 }
    );
    assert_eq!(code(BudgetLimits::default().tenant, BudgetLimits::default().subject), "ok");
}

/// Whole budgets in milliseconds of growth, filled one millisecond at a time; it forgets nothing.
#[derive(Default)]
struct Model {
    tenants: BTreeMap<String, u64>,
    subjects: BTreeMap<(String, String), u64>,
}

impl Model {
    fn tick(&mut self) {
        self.tenants.values_mut().for_each(|level| *level = (*level + 1).min(8 * 50));
        self.subjects.values_mut().for_each(|level| *level = (*level + 1).min(4 * 100));
    }

    fn levels(&mut self, who: &(String, String)) -> (u64, u64) {
        (*self.tenants.entry(who.0.clone()).or_insert(8 * 50), *self.subjects.entry(who.clone()).or_insert(4 * 100))
    }

    fn wait(&mut self, who: &(String, String)) -> u64 {
        let (tenant, subject) = self.levels(who);
        50u64.saturating_sub(tenant).max(100u64.saturating_sub(subject))
    }

    fn charge(&mut self, who: &(String, String)) {
        let (tenant, subject) = self.levels(who);
        if subject >= 100 {
            self.subjects.insert(who.clone(), subject - 100);
            if tenant >= 50 {
                self.tenants.insert(who.0.clone(), tenant - 50);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn budgets_are_what_the_model_says(steps in proptest::collection::vec((0u64..60, "[ab]", "[xyz]", any::<bool>()), 0..120)) {
        let (mut budgets, mut model, mut now) = (budgets(), Model::default(), 0);
        for (pause, tenant, subject, judged_at_once) in steps {
            (0..pause).for_each(|_| model.tick());
            now += pause;
            let (who, key) = (caller(&tenant, &subject), (tenant, subject));
            let wait = model.wait(&key);
            let answer = budgets.check(&who, at(now)).err().map(|error| match error {
                DenialBudgetError::Spent { retry_after, .. } => retry_after,
            });
            prop_assert_eq!(answer, (wait > 0).then(|| Duration::from_millis(wait)));
            if wait == 0 || judged_at_once {
                model.charge(&key);
                budgets.charge(&who, at(now));
            }
        }
    }

    #[test]
    fn whatever_one_subject_does_half_is_left(steps in proptest::collection::vec((0u64..130, 1usize..12), 0..60)) {
        let (mut budgets, loud, mut now) = (budgets(), caller("acme", "loud"), 0);
        for (pause, denials) in steps {
            now += pause;
            (0..denials).for_each(|_| budgets.charge(&loud, at(now)));
        }
        prop_assert_eq!(flood(&mut budgets, &caller("acme", "quiet"), at(now)), 4);
    }
}

#[test]
fn a_summary_counts_everything_once() {
    let mut tally = DenialTally::default();
    assert!(tally.is_empty());
    assert_eq!(tally.drain(), None);
    let who = caller("acme", "agent");
    tally.count(&who, "policy.tool_not_allowed", at(5));
    tally.count(&who, "policy.tool_not_allowed", at(2));
    tally.count(&who, "policy.scope_not_granted", at(9));
    assert!(!tally.is_empty());
    let summary = tally.drain().unwrap();
    let times = |count, first, last| Times { count, first: at(first), last: at(last) };
    let row = |code, times| DenialRow { who: who.clone(), code, times };
    assert_eq!(
        summary.rows,
        [row("policy.scope_not_granted", times(1, 9, 9)), row("policy.tool_not_allowed", times(2, 2, 5))]
    );
    assert_eq!((summary.others, summary.total()), (None, Some(times(3, 2, 9))));
    assert_eq!(tally.drain(), None);
}

#[test]
fn a_summary_is_bounded_and_no_tenant_crowds_out_another() {
    let mut tally = DenialTally::default();
    for index in 0..100u64 {
        tally.count(&caller("loud", &format!("s{index}")), "policy.tool_not_allowed", at(index));
    }
    tally.count(&caller("quiet", "a"), "policy.tool_not_allowed", at(100));
    // A row that is there goes on counting.
    tally.count(&caller("loud", "s0"), "policy.tool_not_allowed", at(200));
    let others = Times { count: 84, first: at(16), last: at(99) };
    for index in 0..MAX_SUMMARY_ROWS {
        tally.count(&caller(&format!("t{index}"), "a"), "policy.tool_not_allowed", at(50));
    }
    let summary = tally.drain().unwrap();
    let of = |name: &str| summary.rows.iter().filter(|row| row.who.tenant() == &tenant(name)).count();
    assert_eq!((of("loud"), of("quiet"), summary.rows.len()), (MAX_TENANT_ROWS, 1, MAX_SUMMARY_ROWS));
    let more = (MAX_TENANT_ROWS + 1) as u64;
    assert_eq!(summary.others, Some(Times { count: others.count + more, ..others }));
    assert_eq!(summary.total(), Some(Times { count: 102 + 128, first: at(0), last: at(200) }));
    assert_eq!(summary.rows.first().unwrap().times, Times { count: 2, first: at(0), last: at(200) });
}

#[test]
fn p35_nobody_is_named_by_accident() {
    let who = caller("acme", "agent-1");
    let node = Authenticated::node(tenant("acme"), NodeId(Sha256Digest::from_bytes([0xab; 32])));
    assert_eq!(
        format!("{who:?} {node:?} {:?}", who.identity()),
        "Authenticated(caller) Authenticated(node) Identity(caller)"
    );
    assert_eq!(Authenticated::operator(tenant("acme")).identity().kind(), "operator");
}
