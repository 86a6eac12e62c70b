//! What the database of a test has.

use crate::Error;
use crate::migrations::migrator::{Migrator, OtherHistory};
use crate::postgres::driver::Job;
use crate::postgres::driver::link::Link;

/// What the database of a test has: migrations, and perhaps seeds.
#[derive(Clone, Debug)]
pub struct Contents {
    pub(super) migrator: Migrator,
    #[cfg(feature = "seeds")]
    seeder: Option<crate::seed::Seeder>,
}

impl<T: Into<Migrator>> From<T> for Contents {
    fn from(migrations: T) -> Self {
        Self {
            migrator: migrations.into(),
            #[cfg(feature = "seeds")]
            seeder: None,
        }
    }
}

impl Contents {
    /// Has these seeds loaded as well, once, into the template.
    #[cfg(feature = "seeds")]
    #[must_use]
    pub fn seeded(mut self, seeder: crate::seed::Seeder) -> Self {
        self.seeder = Some(seeder);
        self
    }

    /// What the seeds are made of.
    pub(super) fn seeds(&self) -> String {
        #[cfg(feature = "seeds")]
        if let Some(seeder) = &self.seeder {
            return seeder.digest();
        }
        String::new()
    }

    /// The same, with all that the library itself keeps in this schema.
    pub(super) fn within(mut self, schema: &str) -> Self {
        // Other tests have their schemas in the same database.
        self.migrator = self.migrator.schema(schema).other_history(OtherHistory::Ignore);
        self.migrator.options.at_once = true;
        #[cfg(feature = "seeds")]
        {
            self.seeder = self.seeder.map(|seeder| seeder.schema(schema));
        }
        self
    }

    /// Brings a database to have it all: the migrations by this job.
    pub(super) fn fill<J: Job>(self, url: &str, migrate: impl FnOnce(Migrator) -> J) -> Result<(), Error> {
        let mut link = Link::open(url)?;
        link.perform(migrate(self.migrator))?;
        #[cfg(feature = "seeds")]
        if let Some(seeder) = self.seeder {
            link.perform(seeder.into_job())?;
        }
        Ok(())
    }
}
