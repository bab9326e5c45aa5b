//! What only a process of its own can show.

#[cfg(test)]
mod threads;
