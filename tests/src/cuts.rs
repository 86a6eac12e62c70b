//! Connections that are cut at every message.

use atlas_migrate::{Error, Migrator};

use crate::{Connection, Cut, Database, Driver, Proxy, tried};

/// Every migration counts that it ran.
pub const COUNTED: &[(&str, &str)] = &[
    ("1_counter.up.sql", "CREATE TABLE counter (step int); INSERT INTO counter VALUES (1);"),
    ("1_counter.down.sql", "DROP TABLE counter;"),
    ("2_settings.up.sql", "SET search_path = pg_temp; INSERT INTO public.counter VALUES (2);"),
    ("2_settings.down.sql", "DELETE FROM counter WHERE step = 2;"),
    ("3_conditional.up.sql", "-- atlas:require (SELECT count(*) FROM counter) = 2\nINSERT INTO counter VALUES (3);"),
    (
        "3_conditional.down.sql",
        "-- atlas:require (SELECT count(*) FROM counter) > 2\nDELETE FROM counter WHERE step = 3;",
    ),
    ("4_skipped.sql", "-- atlas:skip-unless false\nSELECT 1 / 0;"),
    ("R__view.sql", "CREATE OR REPLACE VIEW steps AS SELECT step FROM counter; INSERT INTO counter VALUES (7);"),
];

/// Goes with them. It has statements that can be in a transaction, that leave a trace in the catalog, and that may run again.
pub const ONE_BY_ONE: &[(&str, &str)] = &[
    (
        "5_alone.up.sql",
        "-- atlas:no-transaction
         INSERT INTO counter VALUES (5);
         CREATE INDEX CONCURRENTLY by_step ON counter (step);
         CREATE TYPE mood AS ENUM ('sad');
         ALTER TYPE mood ADD VALUE 'ok';
         CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_of_each ON counter (step) WHERE step < 7;
         VACUUM counter;
         REINDEX INDEX CONCURRENTLY by_step;",
    ),
    (
        "5_alone.down.sql",
        "-- atlas:no-transaction
         DROP INDEX CONCURRENTLY by_step;
         DELETE FROM counter WHERE step = 5;
         DROP TYPE mood;
         DROP INDEX CONCURRENTLY IF EXISTS one_of_each;",
    ),
];

/// What is to be done in spite of the cut.
pub type Verb = fn(&mut Connection, &Migrator) -> Result<(), Error>;

/// A way to databases on which connections can be cut.
pub struct Route<'a> {
    /// Where they are cut.
    pub proxy: &'a Proxy,
    /// The URL of a database, by way of the proxy.
    pub url: &'a dyn Fn(&Database) -> String,
    /// The URL for what is done after the cut.
    pub url_afterwards: &'a dyn Fn(&Database) -> String,
    /// Looks for what should not have been left.
    pub inspect: &'a dyn Fn(&Database),
}

impl Route<'_> {
    /// Does the verb with the connection cut at the first message, at the second, and so on until it needs no more; after
    /// each it is done again, undisturbed, and the database is compared with one in which it was done just once.
    #[track_caller]
    pub fn check(&self, driver: Driver, migrator: &Migrator, prepare: impl Fn(&Database), verb: Verb) {
        let database = Database::new();
        prepare(&database);
        verb(&mut driver.connect(&database.url()), migrator).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        let expected = state(&database);

        let mut cuts = 0;
        for moment in [Cut::Before, Cut::After] {
            for query in 1.. {
                let cut = moment(query);
                let database = Database::new();
                prepare(&database);
                self.proxy.cut(cut);
                let result = verb(&mut driver.connect(&(self.url)(&database)), migrator);
                if !self.proxy.is_cut() {
                    result.unwrap_or_else(|error| panic!("{driver:?} {cut:?}: {error}"));
                    assert!(query > 3, "the {query}th message was none to cut");
                    break;
                }
                let Err(error) = result else { panic!("{driver:?} {cut:?}: a run whose connection is cut fails") };
                assert!(error.is_connection(), "{driver:?} {cut:?}: {error}");
                verb(&mut driver.connect(&(self.url_afterwards)(&database)), migrator)
                    .unwrap_or_else(|error| panic!("{driver:?} {cut:?}: {error}"));
                assert_eq!(state(&database), expected, "{driver:?} {cut:?}");
                (self.inspect)(&database);
                cuts += 1;
            }
        }
        tried(cuts, "cuts");
    }
}

/// The schema and the steps that were counted.
fn state(database: &Database) -> (Vec<String>, Vec<String>) {
    let steps = match database.value("SELECT to_regclass('counter')").as_str() {
        "" => Vec::new(),
        _ => database.query("SELECT step FROM counter ORDER BY step"),
    };
    (database.snapshot(), steps)
}
