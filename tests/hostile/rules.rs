//! The same text means the same, whatever server, database, role and connection have set: in migrations, conditions, seeds,
//! checks, benchmarks and scripts, over every client and from psql.

use std::sync::{Arc, Mutex};

use atlas_migrate::bench::{Bencher, Benchmarks};
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::verify::{Checks, Verifier};
use atlas_migrate::{Event, Migrator};
use atlas_migrate_core::statement;
use atlas_migrate_tests::{DRIVERS, Database, Driver, migrator};

/// Whatever would let the texts below mean something else.
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

/// A row of values, each of which depends on a setting.
fn row(source: &str) -> String {
    format!(
        "INSERT INTO a VALUES ('{source}', '2024-07-01 12:00', '02/03/2024', '-1 2:03:04', 'C:\\new', \
         (SELECT one = NULL FROM (VALUES (1), (NULL)) v (one) WHERE one IS NULL), '\\x41'::bytea::text, (0.1::float8 + 0.2)::text);"
    )
}

const MEANT: &str = "2024-07-01 12:00:00|2024-02-03|-1 days +02:03:04|C:\\new|-|\\x41|0.30000000000000004";

fn found(database: &Database) -> Vec<String> {
    database.query(
        "SET standard_conforming_strings = on; SET IntervalStyle = postgres; SET DateStyle = ISO;
        SELECT source, at AT TIME ZONE 'UTC', d, i, s, coalesce(n::text, '-'), b, f FROM a ORDER BY source",
    )
}

#[track_caller]
fn check(database: &Database, sources: &[&str], what: &str) {
    let expected: Vec<_> = sources.iter().map(|source| format!("{source}|{MEANT}")).collect();
    assert_eq!(found(database), expected, "{what}");
}

fn set() -> Migrator {
    migrator(&[
        ("1_a.sql", TABLE),
        (
            "2_wrapped.sql",
            &format!("-- atlas:require date '02/03/2024' = date '2024-02-03' | never\n{}", row("migration")),
        ),
        (
            "3_alone.sql",
            &format!(
                "-- atlas:no-transaction\n{}\nCREATE INDEX CONCURRENTLY a_d ON a (d) WHERE d > '02/03/2024';",
                row("one by one")
            ),
        ),
        (
            "4_own.sql",
            "SET TimeZone = 'Asia/Kathmandu';\nCREATE TABLE own AS SELECT timestamptz '2024-07-01 12:00' AS at;",
        ),
    ])
}

/// A database with the settings: of the database, or of a role.
fn hostile(of_role: Option<&str>) -> Database {
    let database = Database::new();
    let name = database.value("SELECT current_database()");
    let subject = of_role.map_or_else(|| format!("DATABASE {name}"), |role| format!("ROLE {role} IN DATABASE {name}"));
    for (setting, value) in SETTINGS {
        database.query(&format!("ALTER {subject} SET {setting} = {value}"));
    }
    database
}

#[test]
fn a4_every_client() {
    for of_role in [None, Some("postgres")] {
        for driver in DRIVERS {
            let database = hostile(of_role);
            let mut connection = driver.connect(&database.url());
            let settings = "SELECT string_agg(name || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ('TimeZone', 'DateStyle', \
                'IntervalStyle', 'standard_conforming_strings', 'transform_null_equals', 'bytea_output', 'xmloption')";
            let before = connection.sql(settings);
            connection.run(&set()).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
            check(&database, &["migration", "one by one"], &format!("{driver:?}, migrations"));
            assert_eq!(
                database.value("SET TimeZone = 'UTC'; SET DateStyle = ISO; SELECT at FROM own"),
                "2024-07-01 06:15:00+00"
            );
            assert!(
                database
                    .value(
                        "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'a_d'::regclass AND \
                indpred IS NOT NULL"
                    )
                    .contains("2024")
            );

            let csv = "source,at,d,i,s,n,b,f\ncsv,2024-07-01 12:00,02/03/2024,-1 2:03:04,C:\\new,,\\x41,0.30000000000000004\n";
            let seeds = [("1.sql", row("seed")), ("2_a.csv", csv.to_owned())];
            let seeds = Seeds::from_files("seeds", seeds.iter().map(|(name, text)| (*name, text.as_str()))).unwrap();
            let seeder = Seeder::new(seeds, "dev");
            connection.mark(&seeder).unwrap();
            connection.seed(&seeder).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
            check(&database, &["csv", "migration", "one by one", "seed"], &format!("{driver:?}, seeds"));

            let query = "SELECT * FROM a WHERE d <> '02/03/2024' OR at <> '2024-07-01 12:00' OR i <> '-1 2:03:04' OR s <> 'C:\\new'";
            let checks = Checks::from_files("checks", [("a.sql", query)]).unwrap();
            let report = connection.verify(&Verifier::new(checks)).unwrap();
            let failed: Vec<_> = report
                .checks()
                .iter()
                .filter(|check| check.name() == "checks/a.sql")
                .map(|check| check.verdict())
                .collect();
            assert_eq!(failed, [atlas_migrate::verify::Verdict::Pass], "{driver:?}: {report}");

            let parameters = "-- atlas:parameters SELECT s FROM a WHERE d = '02/03/2024' AND s = 'C:\\new'\n";
            let text =
                format!("{parameters}SELECT 1 / count(*) FROM a WHERE s = $1 AND s = 'C:\\new' AND d = '02/03/2024'");
            let benchmarks = Benchmarks::from_files("benchmarks", [("a.sql", text.as_str())]).unwrap();
            let report = connection.bench(&Bencher::new(benchmarks).iterations(1).warm_up(0)).unwrap();
            assert!(report.passed() && report.benchmarks()[0].failure().is_none(), "{driver:?}: {report}");
            // A pool closes what migrations have run on.
            assert_eq!(connection.sql(settings), before, "{driver:?}");
        }
    }
}

/// As psql does it, and as a client that sends it all at once.
#[test]
fn a4_scripts() {
    let database = hostile(None);
    let script = set().script().unwrap();
    let mut client = postgres::Client::connect(&database.url(), postgres::NoTls).unwrap();
    for statement in statement::split(&script) {
        client.batch_execute(&script[statement.range]).unwrap();
    }
    check(&database, &["migration", "one by one"], "script");
    assert!(Driver::TokioPostgres.connect(&database.url()).run(&set()).unwrap().is_empty());
}

/// Nobody is left to think that what they asked for has any effect.
#[test]
fn a4_what_the_connection_asks_for_in_vain_is_told() {
    let set = migrator(&[("1_a.sql", "CREATE TABLE a ();")]);
    for (options, expected) in [
        ("-ctimezone%3DAmerica/New_York", Some("the connection asks for TimeZone = America/New_York: ")),
        (
            "-cdatestyle%3DDMY%20-cintervalstyle%3Diso_8601",
            Some("the connection asks for DateStyle = ISO, DMY, IntervalStyle = iso_8601: "),
        ),
        ("-ctimezone%3DUTC", None),
        ("-cextra_float_digits%3D0", None),
    ] {
        let database = Database::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = {
            let told = told.clone();
            move |event: &Event<'_>| {
                if let Event::Warning(warning) = event {
                    told.lock().unwrap().push((*warning).to_owned());
                }
            }
        };
        let url = format!("{}?options={options}", database.url());
        let report = Driver::TokioPostgres.connect(&url).run(&set.clone().on_progress(listener)).unwrap();
        let told = told.lock().unwrap();
        assert_eq!(told.len(), usize::from(expected.is_some()), "{options}: {told:?}");
        assert!(told.iter().zip(expected).all(|(told, expected)| told.starts_with(expected)), "{told:?}");
        assert_eq!(report.warnings(), *told);
    }
}

/// Where a string ends is known before a file is read, and so is what a migration in one transaction with others meets.
#[test]
fn d7_strings_end_where_the_file_says() {
    let strings = [
        ("1_a.sql", "CREATE TABLE a (s text); INSERT INTO a VALUES ('\\'); -- ';\nINSERT INTO a VALUES ('b\\');"),
        ("2_b.sql", "SET lock_timeout = '9s';\nINSERT INTO a VALUES ('\\');"),
        ("3_c.sql", "-- atlas:require '\\' <> '' | never\nINSERT INTO a VALUES ('\\');"),
    ];
    for mode in [atlas_migrate::TransactionMode::Each, atlas_migrate::TransactionMode::All] {
        for driver in DRIVERS {
            let database = hostile(None);
            let set = migrator(&strings).transaction_mode(mode);
            driver.connect(&database.url()).run(&set).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
            assert_eq!(database.query("SELECT s FROM a"), ["\\", "b\\", "\\", "\\"], "{driver:?}");
        }
    }
}
