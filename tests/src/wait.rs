//! Waiting, for a limited time.

use std::thread;
use std::time::{Duration, Instant};

/// Asks again and again until there is an answer; `None` when there is none in time.
pub fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        match ask() {
            None if Instant::now() < end => thread::sleep(Duration::from_millis(2)),
            answer => return answer,
        }
    }
}

/// Does the same, and panics when there is no answer in time, with the name of what was waited for.
#[track_caller]
pub fn wait_for<T>(what: &str, limit: Duration, ask: impl FnMut() -> Option<T>) -> T {
    poll(limit, ask).unwrap_or_else(|| panic!("waited {} s in vain for {what}", limit.as_secs_f32()))
}
