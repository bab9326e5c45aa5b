//! Where in a policy something stands.

use std::fmt;

/// A place in a policy, such as `tools[3]`, `models.planner[0]` or `tenants.acme.limits[reports-only]`.
///
/// Entries are counted as the author wrote them, from 0, until the policy was read; from then on
/// they are named. Only what parsed as a name or a grant is ever part of a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Field(&'static str),
    Key(String),
    Index(usize),
    Entry(String),
}

impl Place {
    pub(crate) fn field(name: &'static str) -> Self {
        Self(vec![Step::Field(name)])
    }

    pub(crate) fn tenant(name: &impl ToString) -> Self {
        Self::field("tenants").key(name)
    }

    /// The field `name` of the table that stands here.
    pub(crate) fn then(self, name: &'static str) -> Self {
        self.with(Step::Field(name))
    }

    /// What the table that stands here holds under `name`, which parsed as one.
    pub(crate) fn key(self, name: &impl ToString) -> Self {
        self.with(Step::Key(name.to_string()))
    }

    /// The entry number `index` of the list that stands here; keys of a table count as sorted.
    pub(crate) fn at(self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// The entry of the list that stands here which is `entry`, or has it as its name.
    pub(crate) fn entry(self, entry: &impl ToString) -> Self {
        self.with(Step::Entry(entry.to_string()))
    }

    fn with(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(number, step)| {
            let dot = if number == 0 { "" } else { "." };
            match step {
                Step::Field(name) => write!(f, "{dot}{name}"),
                Step::Key(name) => write!(f, "{dot}{name}"),
                Step::Index(index) => write!(f, "[{index}]"),
                Step::Entry(entry) => write!(f, "[{entry}]"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_reads_as_the_file_does() {
        let shown = |place: Place| place.to_string();
        assert_eq!(shown(Place::field("tools").at(3)), "tools[3]");
        assert_eq!(shown(Place::field("models").key(&"planner").at(0)), "models.planner[0]");
        let limits = Place::tenant(&"acme").then("limits");
        assert_eq!(shown(limits.clone().at(2).then("one_of").at(1)), "tenants.acme.limits[2].one_of[1]");
        assert_eq!(shown(limits.entry(&"reports-only")), "tenants.acme.limits[reports-only]");
    }
}
