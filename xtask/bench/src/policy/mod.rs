//! The gate against other policy engines, against the floor, and against itself under load.

mod casbin;
mod cedar;
mod floor;
mod load;
mod ours;
mod regorus;
mod scenario;

use std::hint::black_box;

use reach_types::{Request, ToolCall};

pub use load::{ALLOCATIONS, print_allocations};

use crate::{
    json::REQUEST,
    pair::{CPU, Pair},
};
use ours::Ready;
use scenario::{Asked, Contestant, Reasoner, World, cases};

const CONTESTANTS: [(&str, Contestant); 8] = [
    ("ours", ours::contestant),
    ("floor", floor::contestant),
    ("cedar prebuilt", cedar::prebuilt),
    ("cedar built", cedar::built),
    ("casbin once", casbin::once),
    ("casbin each", casbin::each),
    ("regorus bytecode", regorus::bytecode),
    ("regorus interpreter", regorus::interpreter),
];

const REASONERS: [(&str, Reasoner); 3] =
    [("ours", ours::reasons), ("cedar", cedar::reasons), ("regorus", regorus::reasons)];

/// Asks everyone everything, twice: what answers wrongly does something else than decide, and must
/// not be compared with.
pub fn check() -> Result<(), String> {
    for (case, world, asked, reasons) in cases() {
        for (name, contestant) in CONTESTANTS {
            let ask = contestant(&world, &asked);
            if [ask(), ask()] != [reasons == 0; 2] {
                return Err(format!("{name}, asked about `{case}`: not the right answer"));
            }
        }
        for (name, reasoner) in REASONERS {
            let ask = reasoner(&world, &asked);
            if [ask(), ask()] != [reasons; 2] {
                return Err(format!("{name}, asked about `{case}`: {} instead of {reasons} reasons", ask()));
            }
        }
    }
    let parsed = Request::from_json(REQUEST.as_bytes()).map_err(|error| error.to_string())?;
    if parsed == ours::request(&Asked::usual()) { Ok(()) } else { Err("the JSON asks for something else".to_owned()) }
}

pub fn pairs() -> Vec<Pair> {
    let mut pairs = allowing();
    pairs.extend(denying());
    pairs.extend([from_json(), call()]);
    pairs.extend(load::pairs());
    pairs
}

const NONE: &str = "none stated";
/// Thirty times as fast.
const THIRTIETH: &str = "≤ 0.033";
/// Eight times as fast.
const EIGHTH: &str = "≤ 0.125";

fn allowing() -> Vec<Pair> {
    let allow = |name, about, wanted, peer: Contestant| {
        let (world, asked) = (World::usual(), Asked::usual());
        pair(name, about, wanted, ours::contestant(&world, &asked), peer(&world, &asked))
    };
    vec![
        allow("policy.allow", "allow, against a perfect hash and masks", "≤ 3", floor::contestant),
        allow("policy.allow_cedar", "allow, against cedar, request prebuilt", THIRTIETH, cedar::prebuilt),
        allow("policy.allow_cedar_built", "allow, against cedar, request built", NONE, cedar::built),
        allow("policy.allow_casbin", "allow, against casbin, one call", THIRTIETH, casbin::once),
        allow("policy.allow_casbin_each", "allow, against casbin, one call an item", NONE, casbin::each),
        allow("policy.allow_regorus", "allow, against regorus bytecode", THIRTIETH, regorus::bytecode),
        allow("policy.allow_regorus_interpreter", "allow, against regorus interpreted", NONE, regorus::interpreter),
    ]
}

/// The gate always gives every reason. Its peers say only no, and as soon as they can; or they give
/// their reasons too, where they have a way to.
fn denying() -> Vec<Pair> {
    let (world, last, many) = (World::usual(), Asked::refused_last(), Asked::refused());
    let no = |name, about, wanted, asked, peer: Contestant| {
        pair(name, about, wanted, ours::reasons(&world, asked), peer(&world, asked))
    };
    let reasons =
        |name, about, peer: Reasoner| pair(name, about, EIGHTH, ours::reasons(&world, &many), peer(&world, &many));
    let bare_last = |name, about, peer| no(name, about, EIGHTH, &last, peer);
    let bare_first = |name, about, peer| no(name, about, NONE, &many, peer);
    vec![
        reasons("policy.deny_cedar", "six reasons, against cedar's six rules without their items", cedar::reasons),
        reasons("policy.deny_regorus", "six reasons, against regorus' six reasons", regorus::reasons),
        bare_last("policy.deny_last_cedar", "two reasons, against cedar's bare no to the last item", cedar::prebuilt),
        bare_last("policy.deny_last_casbin", "two reasons, against casbin's bare no to the last item", casbin::once),
        bare_last(
            "policy.deny_last_regorus",
            "two reasons, against regorus' bare no to the last item",
            regorus::bytecode,
        ),
        bare_first(
            "policy.deny_first_cedar",
            "six reasons, against cedar's bare no to the first of them",
            cedar::prebuilt,
        ),
        bare_first(
            "policy.deny_first_casbin",
            "six reasons, against casbin's bare no to the first of them",
            casbin::once,
        ),
        bare_first(
            "policy.deny_first_regorus",
            "six reasons, against regorus' bare no to the first of them",
            regorus::bytecode,
        ),
    ]
}

fn pair<A: 'static, B: 'static>(
    name: &'static str,
    about: &'static str,
    wanted: &'static str,
    ours: Box<dyn Fn() -> A>,
    base: Box<dyn Fn() -> B>,
) -> Pair {
    Pair { name, about, wanted, clock: CPU, ours: work(ours), base: work(base) }
}

fn work<T: 'static>(answer: Box<dyn Fn() -> T>) -> Box<dyn Fn()> {
    Box::new(move || {
        black_box(answer());
    })
}

fn from_json() -> Pair {
    let (ready, now) = (Ready::of(&World::usual()), ours::moment(&Asked::usual()));
    Pair {
        name: "policy.json",
        about: "JSON bytes to the decision, against `serde_json::from_slice::<Value>` alone, 234 bytes",
        wanted: "≤ 1.40",
        clock: CPU,
        ours: Box::new(move || {
            let request = Request::from_json(black_box(REQUEST.as_bytes())).expect("the request is well formed");
            black_box(ready.allows(&request, now));
        }),
        base: Box::new(crate::json::plain),
    }
}

/// One tool and one scope of the usual run.
fn one_call() -> Asked {
    Asked { tools: vec!["digest.files"], scopes: vec!["workspace:read"], models: vec![], ..Asked::usual() }
}

fn call() -> Pair {
    let (ready, now) = (Ready::of(&World::usual()), ours::moment(&one_call()));
    let prepared = ready.prepare(&one_call());
    Pair {
        name: "policy.call",
        about: "a prepared call judged with its arguments, against the digest of the arguments alone, 234 bytes",
        wanted: "base + 25 ns",
        clock: CPU,
        ours: Box::new(move || {
            black_box(ready.allows_call(black_box(&prepared), black_box(REQUEST.as_bytes()), now));
        }),
        base: Box::new(|| {
            black_box(ToolCall::digest_of_arguments(black_box(REQUEST.as_bytes())));
        }),
    }
}
