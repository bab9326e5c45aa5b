//! Attacks on acceptance, each with the chain that would be let in beside it.

mod chain;
mod once;
mod properties;
mod rights;
mod time;
