//! The difference against brute force, at the edges of the grammar, and in each aspect.

mod aspects;
mod gate;
mod regions;
