//! What the task prints: counts for each surface, then what is missing, then what failed.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    error::Error,
    threats::{
        execute::Outcome,
        model::{Register, Risk},
    },
};

pub(crate) fn text(register: &Register, outcome: Option<&Outcome>) -> String {
    let mut text = format!("{:<18}{:>6}{:>9}{:>9}\n", "surface", "rows", "covered", "missing");
    // Writing to a string does not fail.
    for count in counts(register) {
        let Count { surface, rows, covered, missing } = count;
        let _ = writeln!(text, "{surface:<18}{rows:>6}{covered:>9}{missing:>9}");
    }
    for (title, risks) in
        [("threats", &register.threats), ("residual risks", &register.residuals), ("backlog", &register.backlog)]
    {
        let whole = risks.iter().filter(|risk| register.tried(risk) == risk.rows.len()).count();
        let part = risks.iter().filter(|risk| register.tried(risk) > 0).count() - whole;
        let none = risks.len() - whole - part;
        let _ = writeln!(
            text,
            "{title}: {whole} with every row covered, {part} with some, {none} with none: {}",
            list(register, risks)
        );
    }
    text.push_str("missing rows:\n");
    for row in register.attacks.iter().filter(|row| !row.covered()) {
        let later = row.later.as_deref().unwrap_or("no plan given");
        let _ = writeln!(text, "  {}  {}  ({later})", row.id, row.input);
    }
    for row in register.attacks.iter().filter(|row| row.covered()) {
        if let Some(rest) = &row.rest {
            let _ = writeln!(text, "tested in part: {}, not yet {rest}", row.id);
        }
    }
    if let Some(outcome) = outcome {
        let _ =
            writeln!(text, "ran: {} of {} listed tests passed", outcome.passed, outcome.passed + outcome.failed.len());
        for name in &outcome.failed {
            let _ = writeln!(text, "  did not pass: {name}");
        }
    }
    text
}

/// `PACK-S 3/9, PACK-T 4/4`.
fn list(register: &Register, risks: &[Risk]) -> String {
    let each = risks.iter().map(|risk| format!("{} {}/{}", risk.id, register.tried(risk), risk.rows.len()));
    each.collect::<Vec<_>>().join(", ")
}

#[derive(Serialize)]
struct Count<'a> {
    surface: &'a str,
    rows: usize,
    covered: usize,
    missing: usize,
}

fn counts(register: &Register) -> Vec<Count<'_>> {
    let count = |surface: &'_ str| {
        let rows: Vec<_> = register.attacks.iter().filter(|row| row.surface == surface).collect();
        (rows.len(), rows.iter().filter(|row| row.covered()).count())
    };
    let each = register.surfaces.iter().map(|surface| {
        let (rows, covered) = count(&surface.id);
        Count { surface: &surface.id, rows, covered, missing: rows - covered }
    });
    each.collect()
}

#[derive(Serialize)]
struct Json<'a> {
    surfaces: Vec<Count<'a>>,
    missing: Vec<&'a str>,
    ran: Option<&'a Outcome>,
    #[serde(flatten)]
    register: &'a Register,
}

pub(crate) fn json(register: &Register, outcome: Option<&Outcome>) -> Result<String, Error> {
    let missing = register.attacks.iter().filter(|row| !row.covered()).map(|row| row.id.as_str()).collect();
    Ok(serde_json::to_string_pretty(&Json { surfaces: counts(register), missing, ran: outcome, register })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threats::model::tests::SMALL;

    #[test]
    fn counts_and_missing_rows_are_printed() {
        let partly = SMALL.replace("p01_a\"]\n", "p01_a\"]\nrest = \"two flips\"\n");
        let register = Register::parse(&partly).unwrap();
        let outcome = Outcome { passed: 1, failed: vec!["reach-policy::p01_b".to_owned()] };
        let text = text(&register, Some(&outcome));
        assert!(text.contains("policy                 2        1        1\n"), "{text}");
        assert!(text.contains("threats: 0 with every row covered, 1 with some, 0 with none: POLICY-S 1/2\n"), "{text}");
        assert!(text.contains("  P02  unsigned  (policy in depth)\n"), "{text}");
        assert!(text.contains("tested in part: P01, not yet two flips\n"), "{text}");
        assert!(text.contains("ran: 1 of 2 listed tests passed\n  did not pass: reach-policy::p01_b\n"), "{text}");
    }

    #[test]
    fn the_json_says_the_same() {
        let register = Register::parse(SMALL).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json(&register, None).unwrap()).unwrap();
        assert_eq!(json["missing"], serde_json::json!(["P02"]));
        assert_eq!(json["surfaces"][0]["covered"], 1);
        assert_eq!(json["attack"][0]["tests"][0], "reach-policy::p01_a");
        assert!(json["ran"].is_null());
    }
}
