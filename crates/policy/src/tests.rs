//! The attacks on the gate, by the ids of the attack list.

#[cfg(feature = "bundle")]
mod bundle;
mod gate;
mod load;
mod mode;
mod permit;
mod reference;
