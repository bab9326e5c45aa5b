//! The second thread: it digests pieces in the order they are handed over, and ends with its owner.

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
};

use super::{buffer::Buffer, pass::Slow};

/// How many pieces there are besides the one being filled: two mebibytes, some two milliseconds in
/// which either thread may fall behind without the other having to wait.
const PIECES: usize = 8;

pub(super) struct Worker {
    full: Option<SyncSender<Buffer>>,
    empty: Receiver<Buffer>,
    thread: Option<JoinHandle<Slow>>,
    // How many pieces may still be made; after that they only go round.
    to_make: usize,
}

impl Worker {
    /// Fails if the system gives no thread.
    pub(super) fn start(mut slow: Slow) -> io::Result<Self> {
        // Both have room for every piece there is, so that nobody ever waits to hand one over.
        let (full, pieces) = sync_channel::<Buffer>(PIECES + 1);
        let (back, empty) = sync_channel(PIECES + 1);
        let thread = Builder::new().name("pack-digests".to_owned()).spawn(move || {
            for mut piece in pieces {
                slow.update(piece.filled());
                piece.clear();
                // An owner that is gone wants no piece back.
                let _ = back.send(piece);
            }
            slow
        })?;
        Ok(Self { full: Some(full), empty, thread: Some(thread), to_make: PIECES })
    }

    /// Hands a piece over and gets an empty one, waiting for it only when none may be made.
    pub(super) fn exchange(&mut self, piece: Buffer) -> io::Result<Buffer> {
        let handed = self.full.as_ref().map(|full| full.send(piece));
        handed.and_then(Result::ok).ok_or_else(gone)?;
        if let Ok(piece) = self.empty.try_recv() {
            return Ok(piece);
        }
        if let Some(left) = self.to_make.checked_sub(1) {
            self.to_make = left;
            return Ok(Buffer::new());
        }
        self.empty.recv().map_err(|_| gone())
    }

    /// Waits for the last piece.
    pub(super) fn finish(mut self) -> io::Result<Slow> {
        self.close().ok_or_else(gone)
    }

    fn close(&mut self) -> Option<Slow> {
        self.full = None;
        self.thread.take()?.join().ok()
    }
}

/// A refusal, too, leaves no thread behind.
impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that computes SHA-256 is gone")
}
