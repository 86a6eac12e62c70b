//! How often something was tried that would do harm.

/// Says so, for those who add it up (ARCHITECTURE.md has the command). `what` is one word.
pub fn tried(count: usize, what: &str) {
    println!("\ntried: {count} {what}");
}
