//! Roles of tests.

use std::sync::atomic::{AtomicU32, Ordering};

use atlas_migrate_tests::Database;

/// A role of one test, which may connect and nothing else; removed with the value.
pub(crate) struct Role<'d> {
    pub(crate) name: String,
    word: String,
    database: &'d Database,
}

impl<'d> Role<'d> {
    pub(crate) fn new(database: &'d Database, word: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let name = format!("{word}_{process}_{count}");
        database.query(&format!("CREATE ROLE {name} LOGIN"));
        Self { name, word: word.to_owned(), database }
    }

    /// What is told, without the numbers in its name.
    pub(crate) fn masked(&self, text: &str) -> String {
        text.replace(&self.name, &self.word)
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        self.database.query(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name));
    }
}
