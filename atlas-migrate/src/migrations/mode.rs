//! How migrations share transactions.

/// How the migrations of a run share transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransactionMode {
    /// A transaction for each migration: what was applied before a failure stays applied.
    #[default]
    Each,
    /// One transaction for all of them: all or nothing. A migration that cannot run in a transaction is an error before
    /// anything ran.
    All,
}
