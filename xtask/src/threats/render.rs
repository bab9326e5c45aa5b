//! `docs/threat-model.md`, from the register.

use std::fmt::Write as _;

use crate::threats::model::{Attack, Register, Risk, Surface};

const HEAD: &str = "\
<!-- Rendered from docs/threats.toml by `cargo xtask docs`; change that file, not this one. -->

# Threat model

Every threat, residual risk and backlog item has a stable id, which docs, tests and commit messages use.
The attack rows under each surface are the bad inputs and states that try them; a row is *tested* by the
tests whose names start with its id; where it has none yet, or they do not try all of it, it says so.
`cargo xtask threats` prints the same as counts, and with `--run` runs the tests.

A **pack** is a signed bundle of what an agent or workflow may do (declared tools, permission scopes, model
requirements, determinism flag, files); a **plugin** is a connector whose manifest is signed apart from it; a
**run** is one execution of a pack; a **tool call** is a request a run makes at run time; a **node** is a runner
in a federation; the **registry snapshot** is the set of tools and packs a node knows, named by its hash.
";

/// The whole page.
pub(crate) fn page(register: &Register) -> String {
    let mut page = HEAD.to_owned();
    for surface in &register.surfaces {
        part(&mut page, register, surface);
    }
    page.push_str("\n## Hardening backlog\n\n");
    risks(&mut page, register, register.backlog.iter());
    page
}

fn part(page: &mut String, register: &Register, surface: &Surface) {
    let rows: Vec<_> = register.attacks.iter().filter(|row| row.surface == surface.id).collect();
    let covered = rows.iter().filter(|row| row.covered()).count();
    let own = |risks: &'_ [Risk]| risks.iter().filter(|risk| risk.surface == surface.id).cloned().collect::<Vec<_>>();
    // Writing to a string does not fail.
    let _ = write!(
        page,
        "\n## {}\n\n**Assets:** {}\n\n**Boundaries:** {}\n\n**Impact:** {}\n\n**In place upstream:** {}\n\n### Threats\n\n",
        surface.title, surface.assets, surface.boundaries, surface.impact, surface.upstream
    );
    risks(page, register, own(&register.threats).iter());
    page.push_str("\n### Residual risks\n\n");
    risks(page, register, own(&register.residuals).iter());
    let _ = write!(page, "\n### Attack rows\n\n{covered} of {} are tested.\n\n", rows.len());
    page.push_str("| id | bad input or state | must end as | tested by |\n|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(page, "| {} | {} | {} | {} |", row.id, cell(&row.input), cell(&row.ends_as), tested_by(row));
    }
}

fn risks<'a>(page: &mut String, register: &Register, risks: impl Iterator<Item = &'a Risk>) {
    page.push_str("| id | what it is | tried by | rows tested |\n|---|---|---|---|\n");
    for risk in risks {
        let (tried, all) = (register.tried(risk), risk.rows.len());
        let _ = writeln!(page, "| {} | {} | {} | {tried} of {all} |", risk.id, cell(&risk.title), risk.rows.join(", "));
    }
}

fn tested_by(row: &Attack) -> String {
    if row.covered() {
        let tests = row.tests.iter().map(|test| format!("`{test}`"));
        let rest = row.rest.iter().map(|rest| format!("**not yet**: {}", cell(rest)));
        return tests.chain(rest).collect::<Vec<_>>().join("<br>");
    }
    row.later.as_ref().map_or("**missing**".to_owned(), |later| format!("**missing**: {}", cell(later)))
}

/// Text that cannot end its table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threats::model::tests::SMALL;

    #[test]
    fn tested_and_missing_rows_are_told_apart() {
        let partly = SMALL.replace("p01_a\"]\n", "p01_a\"]\nrest = \"b\"\n");
        let page_partly = page(&Register::parse(&partly).unwrap());
        assert!(page_partly.contains("| `reach-policy::p01_a`<br>**not yet**: b |\n"), "{page_partly}");
        let page = page(&Register::parse(SMALL).unwrap());
        assert!(page.contains("| P01 | a flip | `x` \\| `y` | `reach-policy::p01_a` |\n"), "{page}");
        assert!(page.contains("| P02 | unsigned | z | **missing**: policy in depth |\n"), "{page}");
        assert!(page.contains("| POLICY-S | forged | P01, P02 | 1 of 2 |\n"), "{page}");
        assert!(page.contains("1 of 2 are tested."), "{page}");
        assert!(page.contains("| B1 | sign | P02 | 0 of 1 |\n"), "{page}");
    }
}
