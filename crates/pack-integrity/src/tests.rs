//! The attack list, row by row, and the properties that hold for every archive.

mod archive;
mod authority;
mod envelope;
mod flips;
mod graph;
mod legacy;
mod manifest;
mod properties;
mod statement;
mod verdict;
