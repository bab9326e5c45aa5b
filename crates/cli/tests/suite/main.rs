//! The command line as its users meet it.

#[cfg(test)]
mod admission;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod clients_openssl;
#[cfg(test)]
mod clients_plugin;
#[cfg(test)]
mod clients_securesystemslib;
#[cfg(test)]
mod clients_sigstore;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod downgrade;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod extract;
#[cfg(test)]
mod flips;
#[cfg(test)]
mod grammar;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod node;
#[cfg(test)]
mod pack_diff;
#[cfg(test)]
mod path;
#[cfg(test)]
mod permits;
#[cfg(test)]
mod plugin;
#[cfg(test)]
mod policy_diff;
#[cfg(test)]
mod policy_floors;
#[cfg(test)]
mod policy_signing;
#[cfg(test)]
mod policy_test;
#[cfg(test)]
mod provenance;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod spec;
#[cfg(test)]
mod spec_agreed;
#[cfg(test)]
mod spec_floors;
#[cfg(test)]
mod spec_peers;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tags;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod vectors;
