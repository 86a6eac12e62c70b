//! Values whose meaning depends on settings, and settings under which they would mean something else.

use std::time::Duration;

use atlas_migrate::Migrator;
use atlas_migrate::ephemeral::Server;

use crate::{Database, migrator, wait_for};

/// Settings under which the texts below would mean something else.
const SETTINGS: [(&str, &str); 8] = [
    ("TimeZone", "'America/New_York'"),
    ("DateStyle", "'SQL, DMY'"),
    ("IntervalStyle", "'sql_standard'"),
    ("standard_conforming_strings", "off"),
    ("transform_null_equals", "on"),
    ("bytea_output", "'escape'"),
    ("extra_float_digits", "-10"),
    ("xmloption", "document"),
];

const TABLE: &str =
    "CREATE TABLE a (source text, at timestamptz, d date, i interval, s text, n boolean, b text, f text);";

const MEANT: &str = "2024-07-01 12:00:00|2024-02-03|-1 days +02:03:04|C:\\new|-|\\x41|0.30000000000000004";

/// Who has made the settings.
#[derive(Clone, Copy, Debug)]
pub enum SetBy {
    /// The server, in its configuration file.
    Server,
    /// The database.
    Database,
    /// The role, in this database.
    Role,
}

impl SetBy {
    /// A database whose sessions have the settings.
    #[track_caller]
    pub fn database(self) -> Database {
        let database = match self {
            Self::Server => return Database::on(&configured()),
            Self::Database | Self::Role => Database::new(),
        };
        let name = database.value("SELECT current_database()");
        let subject = match self {
            Self::Role => format!("ROLE postgres IN DATABASE {name}"),
            _ => format!("DATABASE {name}"),
        };
        for (setting, value) in SETTINGS {
            database.query(&format!("ALTER {subject} SET {setting} = {value}"));
        }
        database
    }
}

/// A server that has the settings in its configuration file.
#[track_caller]
fn configured() -> Server {
    let options = Server::options().setting("log_line_prefix", "%d [%p] ").setting("cluster_name", "configured");
    let server = options.shared().unwrap_or_else(|error| panic!("no server to test on: {error}"));
    let database = Database::on(&server);
    for (setting, value) in SETTINGS {
        database.query(&format!("ALTER SYSTEM SET {setting} = {value}"));
    }
    database.query("SELECT pg_reload_conf()");
    wait_for("the server to have its settings", Duration::from_secs(30), || {
        (database.value("SHOW standard_conforming_strings") == "off" && database.value("SHOW xmloption") == "document")
            .then_some(())
    });
    server
}

/// A row of values, each of which depends on a setting.
pub fn row(source: &str) -> String {
    format!(
        "INSERT INTO a VALUES ('{source}', '2024-07-01 12:00', '02/03/2024', '-1 2:03:04', 'C:\\new', \
         (SELECT one = NULL FROM (VALUES (1), (NULL)) v (one) WHERE one IS NULL), '\\x41'::bytea::text, (0.1::float8 + 0.2)::text);"
    )
}

/// Migrations that write such rows, and one with a setting of its own. `alone`: one of them runs statement by statement.
#[track_caller]
pub fn rows_by_migrations(alone: bool) -> Migrator {
    let wrapped = format!("-- atlas:require date '02/03/2024' = date '2024-02-03' | never\n{}", row("migration"));
    let directive = if alone { "-- atlas:no-transaction\n" } else { "" };
    let index = if alone { "CREATE INDEX CONCURRENTLY" } else { "CREATE INDEX" };
    let last = format!("{directive}{}\n{index} a_d ON a (d) WHERE d > '02/03/2024';", row("with an index"));
    migrator(&[
        ("1_a.sql", TABLE),
        ("2_wrapped.sql", &wrapped),
        ("3_index.sql", &last),
        (
            "4_own.sql",
            "SET TimeZone = 'Asia/Kathmandu';\nCREATE TABLE own AS SELECT timestamptz '2024-07-01 12:00' AS at;",
        ),
    ])
}

/// What [`rows_by_migrations`] is meant to have done, and others who wrote such rows.
#[track_caller]
pub fn check_meant(database: &Database, others: &[&str], what: &str) {
    let mut sources = [&["migration", "with an index"], others].concat();
    sources.sort_unstable();
    let expected: Vec<_> = sources.iter().map(|source| format!("{source}|{MEANT}")).collect();
    let found = database.query(
        "SET standard_conforming_strings = on; SET IntervalStyle = postgres; SET DateStyle = ISO;
        SELECT source, at AT TIME ZONE 'UTC', d, i, s, coalesce(n::text, '-'), b, f FROM a ORDER BY source COLLATE \"C\"",
    );
    assert_eq!(found, expected, "{what}");
    let plain = "SET TimeZone = 'UTC'; SET DateStyle = ISO;";
    assert_eq!(database.value(&format!("{plain} SELECT at FROM own")), "2024-07-01 06:15:00+00", "{what}");
    let condition = "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'a_d'::regclass";
    assert_eq!(database.value(&format!("{plain} {condition}")), "(d > '2024-02-03'::date)", "{what}");
}
