//! One file for each noun of the command line.

pub(crate) mod audit;
pub(crate) mod delegate;
pub(crate) mod docs;
pub(crate) mod flags;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod pack;
pub(crate) mod plugin;
pub(crate) mod policy;
pub(crate) mod quickstart;
pub(crate) mod registry;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod source;
pub(crate) mod spec;
pub(crate) mod spec_except;
pub(crate) mod status;
pub(crate) mod trust;
