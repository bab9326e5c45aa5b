//! Version tokens: the one spelling, and hundreds that are not it.

use std::collections::BTreeSet;

use serde_json::json;

use super::Case;
use crate::text::shown;

const GOOD: &[&str] = &["1.0.0", "0.0.0", "10.20.30", "1.2.65535", "0.10.65535", "65535.65535.65535"];

/// Spellings that some reader somewhere takes for a version.
const LITERALS: &[&str] = &[
    "",
    " ",
    "  ",
    ".",
    "..",
    "...",
    "1",
    "1.",
    ".1",
    "1.0",
    "1.0.",
    ".1.0",
    "1..0",
    "1...0",
    "..1",
    "1.0.0.",
    ".1.0.0",
    "1.0.0.0",
    "1.0.0.0.0",
    "v1.0.0",
    "V1.0.0",
    "version 1.0.0",
    "r1.0.0",
    "+1.0.0",
    "-1.0.0",
    "1.+0.0",
    "1.-0.0",
    "1.0.+0",
    "1.0.-0",
    "~1.0.0",
    "^1.0.0",
    "=1.0.0",
    ">=1.0.0",
    "<2.0.0",
    "*",
    "1.*",
    "1.x",
    "1.0.x",
    "1.X.0",
    "x.y.z",
    "latest",
    "current",
    "any",
    "none",
    "null",
    "true",
    "NaN",
    "inf",
    "1.garbage",
    "1.0.garbage",
    "garbage",
    "1.0-rc",
    "1.0.0-",
    "1.0.0-rc",
    "1.0.0-rc.1",
    "1.0.0-0",
    "1.0.0-alpha+b",
    "1.0.0+",
    "1.0.0+build",
    "1.0.0+1",
    "1.0.0-+",
    "1.0.0 - 2.0.0",
    "1.0.0,1.0.1",
    "1.0.0||1.0.1",
    "01.0.0",
    "1.00.0",
    "1.0.00",
    "00.0.0",
    "001.0.0",
    "1.01.0",
    "1.0.01",
    "0x1.0.0",
    "1.0x0.0",
    "0b1.0.0",
    "0o1.0.0",
    "1e0.0.0",
    "1.1e0.0",
    "1_0.0.0",
    "1,0,0",
    "1-0-0",
    "1:0:0",
    "1/0/0",
    "1;0;0",
    "1 0 0",
    "1. 0.0",
    "1 .0.0",
    "65536.0.0",
    "0.65536.0",
    "0.0.65536",
    "65535.65535.65536",
    "99999.0.0",
    "0.99999.0",
    "0.0.99999",
    "100000.0.0",
    "4294967296.0.0",
    "0.4294967297.0",
    "99999999999999.0",
    "123456789012345",
    "12345678901234567",
    "\u{ff11}.0.0",
    "1.\u{ff10}.0",
    "1.0.\u{ff10}",
    "\u{661}.0.0",
    "1.\u{660}.0",
    "\u{967}.0.0",
    "\u{b9}.0.0",
    "1\u{2024}0.0",
    "1\u{ff0e}0\u{ff0e}0",
    "1\u{3002}0.0",
    "1\u{b7}0.0",
    "\u{2460}.0.0",
    "\u{1d7cf}.0.0",
    "\u{feff}1.0.0",
    "1.0.0\u{200b}",
    "1\u{301}.0.0",
    "\u{202e}1.0.0",
    "I.0.0",
    "l.0.0",
    "1.O.0",
    "1.o.0",
    "\"1.0.0\"",
    "'1.0.0'",
    "`1.0.0`",
    "(1.0.0)",
    "[1.0.0]",
    "{1.0.0}",
    "<1.0.0>",
    "$1.0.0",
    "%31.0.0",
    "1%2e0.0",
    "\\x31.0.0",
    "1.0.0\r\n",
    "1.0.0\n1.0.0",
    "1.0.0\0\0",
    "\x1b[31m1.0.0",
    "1.0.0;",
    "1.0.0/",
    "1.0.0#",
    "1.0.0?",
    "../1.0.0",
    "1.0.0/..",
    "1.0.0@2.0.0",
    "1.0.0=1.0.0",
    "1.0.0 ",
    " 1.0.0",
    "one.zero.zero",
];

/// What is put before, after and into a good token.
const STRAYS: &[&str] = &[
    " ", "\t", "\n", "\r", "\0", "\u{b}", "\u{c}", "\u{7f}", "\u{a0}", "\u{2003}", "-", "+", "_", ",", ":", "/", "\\",
    "a", "v", "x", "e", "'", "\"", "!", "*", "\u{ff11}", "\u{660}", "\u{feff}",
];

pub(super) fn all() -> Vec<Case> {
    let good = GOOD.iter().map(|token| case("ok", token));
    good.chain(malformed().iter().map(|token| case("spec.malformed", token))).collect()
}

fn case(verdict: &'static str, token: &str) -> Case {
    let start: String = token.chars().take(24).collect();
    let what = format!(
        "{} bytes: {}",
        token.len(),
        if start.len() < token.len() { shown(&start) + "…" } else { shown(token) }
    );
    Case { row: "V01", verdict, what, given: json!({ "token": token }) }
}

fn malformed() -> BTreeSet<String> {
    let mut tokens: BTreeSet<String> = LITERALS.iter().map(ToString::to_string).collect();
    for seed in ["1.0.0", "0.10.65535"] {
        for stray in STRAYS {
            let placed = (0..=seed.len()).map(|at| seed.split_at(at));
            tokens.extend(placed.map(|(before, after)| format!("{before}{stray}{after}")));
        }
        // Every truncation, and a zero or a dot too many before every number.
        let last = seed.rfind('.').expect("three numbers");
        tokens.extend((0..=last).map(|end| seed.split_at(end).0.to_owned()));
        tokens.extend([format!("0{seed}"), seed.replace('.', ".0"), seed.replace('.', "..")]);
    }
    for length in [18, 100] {
        tokens.extend(["1", "0", ".", "1.", "1.0.0."].map(|unit| unit.repeat(length)));
        tokens.extend([format!("{}.0.0", "9".repeat(length)), format!("1.0.{}", "0".repeat(length))]);
    }
    tokens.insert("1".repeat(10_000));
    tokens
}
