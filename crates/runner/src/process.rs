//! The process itself: no core dumps, and a panic that is reported once, by whoever catches it.

use std::sync::Mutex;

use rustix::process::{Resource, Rlimit, setrlimit};

static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Turns core dumps off, since they would hold keys, and keeps a panic's message instead of
/// printing it: the store's panics are caught and answered with a code.
pub fn harden_process() {
    // Without the right to lower a limit there is nothing more to do about it.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    std::panic::set_hook(Box::new(|info| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = Some(info.to_string());
        }
    }));
}

/// The message of the last panic, for a report of it.
#[must_use]
pub fn take_panic() -> Option<String> {
    LAST_PANIC.lock().ok().and_then(|mut last| last.take())
}
