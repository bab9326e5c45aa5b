//! The attacks on the gate, by the ids of the attack list.

#[cfg(feature = "bundle")]
mod approval;
mod asks;
#[cfg(feature = "bundle")]
mod bundle;
#[cfg(feature = "bundle")]
mod bundle_draft;
mod debugged;
#[cfg(feature = "bundle")]
mod exceptions;
mod gate;
#[cfg(feature = "bundle")]
mod golden;
mod judge;
mod limits;
mod lint;
mod load;
mod mode;
mod names;
mod permit;
mod permit_token;
#[cfg(feature = "bundle")]
mod published;
mod redemption;
mod reference;
mod refinements;
#[cfg(feature = "bundle")]
mod roundtrip;
