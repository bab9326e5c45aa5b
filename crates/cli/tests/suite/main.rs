//! The command line as its users meet it.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod flips;
#[cfg(test)]
mod grammar;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod node;
#[cfg(test)]
mod path;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod support;
