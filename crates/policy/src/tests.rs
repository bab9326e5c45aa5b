//! The attacks on the gate, by the ids of the attack list.

#[cfg(feature = "bundle")]
mod bundle;
#[cfg(feature = "bundle")]
mod exceptions;
mod gate;
#[cfg(feature = "bundle")]
mod golden;
mod load;
mod mode;
mod permit;
mod reference;
