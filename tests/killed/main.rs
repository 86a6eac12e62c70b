//! Processes, sessions and servers that are killed in the middle of a run: afterwards a plain run brings the database to
//! where an undisturbed one does.

mod batches;
mod processes;
mod server;
mod sessions;

use std::time::Duration;

use atlas_migrate_tests::Database;

/// How long a run may take to come to the point at which it is killed, and to end.
const LIMIT: Duration = Duration::from_secs(30);

/// All that migrations did to a database: its schema and history, how often each of them was counted, and what `VACUUM`
/// has found out about `gate`, if that is there.
#[track_caller]
fn effects(database: &Database) -> [Vec<String>; 3] {
    [
        database.snapshot(),
        database.query("SELECT step FROM counter ORDER BY step"),
        database.query("SELECT reltuples FROM pg_class WHERE relname = 'gate'"),
    ]
}

/// Has the tables that the tests need to hold a run up: a migration that needs `gate` waits for whoever has locked it.
const TABLES: (&str, &str) = (
    "1_tables.sql",
    "CREATE TABLE counter (step int); CREATE TABLE gate (id int);
     INSERT INTO counter VALUES (1); INSERT INTO gate VALUES (1);",
);

/// Waits for the gate in a transaction.
const IN_A_TRANSACTION: (&str, &str) =
    ("2_gated.sql", "INSERT INTO counter VALUES (2); LOCK TABLE gate; INSERT INTO counter VALUES (3);");

/// Waits for the gate in a statement that cannot be in a transaction. What comes before it counts once, should it run again.
const ONE_BY_ONE: (&str, &str) = (
    "2_gated.sql",
    "-- atlas:no-transaction
     INSERT INTO counter SELECT 2 WHERE NOT EXISTS (SELECT FROM counter WHERE step = 2);
     VACUUM gate;
     INSERT INTO counter SELECT 3 WHERE NOT EXISTS (SELECT FROM counter WHERE step = 3);",
);

const LAST: (&str, &str) = ("3_last.sql", "INSERT INTO counter VALUES (4);");
