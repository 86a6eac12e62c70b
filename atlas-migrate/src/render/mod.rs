//! What reports have in common when they are shown: durations, colors, JSON.

pub(crate) mod json;
#[cfg(any(feature = "bench", feature = "verify"))]
pub(crate) mod paint;
pub mod time;
