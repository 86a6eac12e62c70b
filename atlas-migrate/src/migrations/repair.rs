//! What people say about a migration.

/// What the history is to say of a migration.
///
/// Of one that is being taken back, statements are those of its down file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It took effect, with the file as this binary has it. If its file is gone for good, its row stays, and binaries without
    /// the file run all the same, as with `-- atlas:compatible`.
    Applied,
    /// Nothing of it took effect: the next run runs it.
    Pending,
    /// So many of its statements took effect, and no more: the next run, or revert, goes on with the one after them.
    Failed {
        /// How many, from the first.
        completed: usize,
    },
    /// So many of its statements took effect, and part of the one after them. The next run, or revert, does not run that one as
    /// it is, but goes on once it was changed to do what is left.
    Partly {
        /// How many took effect as a whole, from the first.
        completed: usize,
    },
    /// Its row goes. Its file is gone for good: another one stands for it, or nothing does.
    Removed,
}
