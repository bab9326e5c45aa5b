//! The plugin rows of the attack list.

mod files;
mod keyring;
mod metadata;
mod signature;
mod unsigned;
