use std::fmt;
use std::io;

/// Why there is no throw-away server.
///
/// Its text says what was tried, where, and what came of it (the end of the server's log where there is one), and ends
/// with a line `hint: …` that says what to do about it.
pub struct Error {
    what: String,
    hint: String,
}

impl Error {
    pub(super) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }

    /// What has failed, and what to do about it.
    #[cfg(feature = "testing")]
    pub(crate) fn into_parts(self) -> (String, String) {
        (self.what, self.hint)
    }

    /// The same failure, told as the cause of another.
    pub(super) fn causing(self, what: impl fmt::Display) -> Self {
        Self { what: format!("{what}: {}", self.what), hint: self.hint }
    }

    /// For `map_err`: a failure of the file system or of starting a program.
    pub(super) fn io(what: impl fmt::Display, hint: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::new(format!("{what}: {cause}"), hint)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.what, self.hint)
    }
}

impl fmt::Debug for Error {
    /// As `Display`: this is what a `main` that returns the error prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
