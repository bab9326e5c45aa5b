//! The register's shape, and what must hold in it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{error::Error, tidy::Finding};

/// Everything in `docs/threats.toml`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    #[serde(rename = "surface")]
    pub(crate) surfaces: Vec<Surface>,
    #[serde(rename = "threat")]
    pub(crate) threats: Vec<Risk>,
    #[serde(rename = "residual")]
    pub(crate) residuals: Vec<Risk>,
    #[serde(rename = "backlog")]
    pub(crate) backlog: Vec<Risk>,
    #[serde(rename = "attack")]
    pub(crate) attacks: Vec<Attack>,
    #[serde(skip)]
    text: String,
}

/// One part of the system, and what is at stake in it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Surface {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) assets: String,
    pub(crate) boundaries: String,
    pub(crate) impact: String,
    /// What the system that this model was drawn up for already did.
    pub(crate) upstream: String,
}

/// A threat, a residual risk or a backlog item; the attack rows named try it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Risk {
    pub(crate) id: String,
    pub(crate) surface: String,
    pub(crate) title: String,
    pub(crate) rows: Vec<String>,
}

/// A bad input or state, and how it must end.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attack {
    pub(crate) id: String,
    pub(crate) surface: String,
    pub(crate) input: String,
    pub(crate) ends_as: String,
    /// `crate::name` of every test that tries it.
    #[serde(default)]
    pub(crate) tests: Vec<String>,
    /// What will bring the tests; shown while there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) later: Option<String>,
    /// What the tests there are do not try yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rest: Option<String>,
}

impl Register {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let source = |error| Error::Toml { path: super::REGISTER.to_owned(), source: Box::new(error) };
        let mut register: Self = toml::from_str(text).map_err(source)?;
        text.clone_into(&mut register.text);
        Ok(register)
    }

    /// Threats, residual risks and backlog items.
    pub(crate) fn risks(&self) -> impl Iterator<Item = &Risk> {
        self.threats.iter().chain(&self.residuals).chain(&self.backlog)
    }

    pub(crate) fn attack(&self, id: &str) -> Option<&Attack> {
        self.attacks.iter().find(|row| row.id == id)
    }

    /// How many of the rows that try `risk` have tests.
    pub(crate) fn tried(&self, risk: &Risk) -> usize {
        risk.rows.iter().filter(|id| self.attack(id).is_some_and(Attack::covered)).count()
    }

    /// The line on which `id` is given, or 0.
    pub(crate) fn line_of(&self, id: &str) -> usize {
        let wanted = format!("id = \"{id}\"");
        self.text.lines().position(|line| line == wanted).map_or(0, |line| line + 1)
    }

    /// An id given twice, a row or surface that is not there, a row that tries nothing.
    pub(crate) fn contradictions(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut find = |id: &str, what: String, instead: &str| {
            findings.push(Finding::new(super::REGISTER, self.line_of(id), what, instead));
        };
        let named = self.risks().map(|risk| (&risk.id, &risk.surface));
        let mut seen = BTreeSet::new();
        for (id, surface) in named.chain(self.attacks.iter().map(|row| (&row.id, &row.surface))) {
            if !seen.insert(id) {
                find(id, format!("`{id}` is given twice"), "use an id of its own");
            }
            if !self.surfaces.iter().any(|known| known.id == *surface) {
                find(id, format!("{id}: no surface `{surface}`"), "use the id of a `[[surface]]`");
            }
        }
        for risk in self.risks() {
            for row in risk.rows.iter().filter(|row| self.attack(row).is_none()) {
                find(&risk.id, format!("{}: no attack row `{row}`", risk.id), "use the id of an `[[attack]]`");
            }
        }
        for row in &self.attacks {
            if !self.risks().any(|risk| risk.rows.contains(&row.id)) {
                find(&row.id, format!("{}: tries no threat", row.id), "name it in the `rows` of a threat");
            }
        }
        findings
    }
}

impl Attack {
    pub(crate) fn covered(&self) -> bool {
        !self.tests.is_empty()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A register of one surface, one threat and two rows.
    pub(crate) const SMALL: &str = "\
[[surface]]\nid = \"policy\"\ntitle = \"POLICY\"\nassets = \"a\"\nboundaries = \"b\"\nimpact = \"i\"\nupstream = \"u\"\n
[[threat]]\nid = \"POLICY-S\"\nsurface = \"policy\"\ntitle = \"forged\"\nrows = [\"P01\", \"P02\"]\n
[[residual]]\nid = \"POLICY-X1\"\nsurface = \"policy\"\ntitle = \"warn\"\nrows = [\"P01\"]\n
[[backlog]]\nid = \"B1\"\nsurface = \"policy\"\ntitle = \"sign\"\nrows = [\"P02\"]\n
[[attack]]\nid = \"P01\"\nsurface = \"policy\"\ninput = \"a flip\"\nends_as = \"`x` | `y`\"\ntests = [\"reach-policy::p01_a\"]\n
[[attack]]\nid = \"P02\"\nsurface = \"policy\"\ninput = \"unsigned\"\nends_as = \"z\"\nlater = \"policy in depth\"\n";

    fn contradictions(text: &str) -> Vec<String> {
        let findings = Register::parse(text).unwrap().contradictions();
        findings.iter().map(|finding| format!("{}:{}", finding.line, finding.what)).collect()
    }

    #[test]
    fn a_register_without_contradictions() {
        let register = Register::parse(SMALL).unwrap();
        assert_eq!(register.contradictions(), []);
        assert_eq!(register.tried(&register.threats[0]), 1);
    }

    #[test]
    fn contradictions_are_found() {
        let twice = contradictions(&SMALL.replace("id = \"P02\"", "id = \"P01\""));
        assert_eq!(
            twice,
            ["28:`P01` is given twice", "10:POLICY-S: no attack row `P02`", "22:B1: no attack row `P02`"]
        );
        let unknown = SMALL.replace("rows = [\"P02\"]", "rows = [\"P09\"]");
        assert_eq!(contradictions(&unknown), ["22:B1: no attack row `P09`"]);
        let untried = SMALL.replace("[\"P01\", \"P02\"]", "[]").replace("rows = [\"P02\"]", "rows = []");
        assert_eq!(contradictions(&untried), ["35:P02: tries no threat"]);
        let surface = SMALL.replace("id = \"policy\"", "id = \"gate\"");
        assert_eq!(contradictions(&surface).len(), 5);
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let error = Register::parse(&SMALL.replace("impact", "impakt")).unwrap_err();
        assert_eq!(error.to_string(), "`docs/threats.toml` is not what it should be");
    }

    #[test]
    fn the_real_register_is_whole() {
        let text = include_str!("../../../docs/threats.toml");
        let register = Register::parse(text).unwrap();
        let counts = [&register.threats, &register.residuals, &register.backlog].map(Vec::len);
        assert_eq!((counts, register.surfaces.len(), register.attacks.len()), ([36, 13, 5], 6, 190));
        assert_eq!(register.contradictions(), []);
    }
}
