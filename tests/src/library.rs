//! A library that has migrations, takes any client, and has an error of its own.

use atlas_migrate::{Database, Error, Migrator};

/// Its error.
#[derive(Debug)]
pub enum LibraryError {
    /// A verb failed.
    Migrations(Error),
    /// There are so many migrations.
    TooMany(usize),
}

impl From<Error> for LibraryError {
    fn from(error: Error) -> Self {
        Self::Migrations(error)
    }
}

/// It runs two verbs, and may have so many migrations.
#[derive(Debug)]
pub struct Library {
    /// Its migrations.
    pub migrator: Migrator,
    /// How many there may be.
    pub most: usize,
}

impl Library {
    /// Migrates, and gives the number of migrations that were applied.
    pub fn migrate<'c, D: Database<'c>>(&self, database: D) -> D::OutcomeWith<usize, LibraryError> {
        let (migrator, most) = (self.migrator.clone(), self.most);
        database.in_one_session(move |connection| {
            Box::pin(async move {
                let applied = migrator.run(&mut *connection).await?.applied().count();
                let known = migrator.status(&mut *connection).await?.migrations().len();
                if known > most { Err(LibraryError::TooMany(known)) } else { Ok(applied) }
            })
        })
    }
}
