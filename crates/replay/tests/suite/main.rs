//! The public contract of `reach-replay`: attacks, goldens, properties.

#[cfg(test)]
mod format;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod seals;
#[cfg(test)]
mod support;
