//! The public contract of `reach-spec-version`: attacks, goldens, properties.

#[cfg(test)]
mod allocations;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod negotiation;
#[cfg(test)]
mod offers;
#[cfg(test)]
mod outsiders;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod semantics;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod vectors;
