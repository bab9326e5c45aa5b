//! A run's log as a file: synced frame by frame.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use reach_replay::LogSink;

use crate::files::{self, FileError};

/// A log file that only this run appends to.
#[derive(Debug)]
pub struct LogFile(File);

impl LogFile {
    /// Makes the file; it must not exist.
    ///
    /// # Errors
    /// [`FileError::Exists`], and what the system reports.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|error| files::io_error(path, error))?;
        // Held until the process ends, however it ends: it tells a live run from a killed one.
        file.lock().map_err(|error| files::io_error(path, error))?;
        files::sync_directory(path)?;
        Ok(Self(file))
    }
}

impl LogSink for LogFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}
