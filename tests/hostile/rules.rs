//! The same text means the same, whatever server, database, role and connection have set: in migrations, conditions, seeds,
//! checks, benchmarks and scripts, over every client and from psql.

use std::sync::{Arc, Mutex};

use atlas_migrate::Event;
use atlas_migrate::bench::{Bencher, Benchmarks};
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::verify::{Checks, Verdict, Verifier};
use atlas_migrate_tests::meaning::{SetBy, check_meant, row, rows_by_migrations};
use atlas_migrate_tests::{DRIVERS, Database, Driver, SCRIPT_CLIENTS, ScriptClient, migrator};

const SET_BY: [SetBy; 3] = [SetBy::Server, SetBy::Database, SetBy::Role];

#[test]
fn a4_every_client() {
    for set_by in SET_BY {
        for driver in DRIVERS {
            let database = set_by.database();
            let what = format!("{driver:?}, set by {set_by:?}");
            let mut connection = driver.connect(&database.url());
            let settings = "SELECT string_agg(name || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ('TimeZone', 'DateStyle', \
                'IntervalStyle', 'standard_conforming_strings', 'transform_null_equals', 'bytea_output', 'xmloption')";
            let before = connection.sql(settings);
            connection.run(&rows_by_migrations(true)).unwrap_or_else(|error| panic!("{what}: {error}"));
            check_meant(&database, &[], &format!("{what}, migrations"));

            let csv = "source,at,d,i,s,n,b,f\ncsv,2024-07-01 12:00,02/03/2024,-1 2:03:04,C:\\new,,\\x41,0.30000000000000004\n";
            let seeds = [("1.sql", row("seed")), ("2_a.csv", csv.to_owned())];
            let seeds = Seeds::from_files("seeds", seeds.iter().map(|(name, text)| (*name, text.as_str()))).unwrap();
            let seeder = Seeder::new(seeds, "dev");
            connection.mark(&seeder).unwrap();
            connection.seed(&seeder).unwrap_or_else(|error| panic!("{what}: {error}"));
            check_meant(&database, &["csv", "seed"], &format!("{what}, seeds"));

            let query = "SELECT * FROM a WHERE d <> '02/03/2024' OR at <> '2024-07-01 12:00' OR i <> '-1 2:03:04' OR s <> 'C:\\new'";
            let checks = Checks::from_files("checks", [("a.sql", query)]).unwrap();
            let report = connection.verify(&Verifier::new(checks)).unwrap();
            let of_file = report.checks().iter().filter(|check| check.name() == "checks/a.sql");
            let verdicts: Vec<_> = of_file.map(|check| check.verdict()).collect();
            assert_eq!(verdicts, [Verdict::Pass], "{what}: {report}");

            let parameters = "-- atlas:parameters SELECT s FROM a WHERE d = '02/03/2024' AND s = 'C:\\new'\n";
            let text =
                format!("{parameters}SELECT 1 / count(*) FROM a WHERE s = $1 AND s = 'C:\\new' AND d = '02/03/2024'");
            let benchmarks = Benchmarks::from_files("benchmarks", [("a.sql", text.as_str())]).unwrap();
            let report = connection.bench(&Bencher::new(benchmarks).iterations(1).warm_up(0)).unwrap();
            assert!(report.passed() && report.benchmarks()[0].failure().is_none(), "{what}: {report}");
            // A pool closes what migrations have run on.
            assert_eq!(connection.sql(settings), before, "{what}");
        }
    }
}

/// A script does what a run does, whatever client sends it, statement by statement or as one message.
#[test]
fn a4_scripts() {
    #[track_caller]
    fn check(client: ScriptClient, database: &Database, url: &str, what: &str) {
        let set = rows_by_migrations(client.sends_one_by_one());
        client.send(url, &set.script().unwrap());
        check_meant(database, &[], what);
        assert!(Driver::TokioPostgres.connect(&database.url()).run(&set).unwrap().is_empty(), "{what}");
    }
    for client in SCRIPT_CLIENTS {
        let set_by: &[SetBy] = if matches!(client, ScriptClient::Psql) { &SET_BY } else { &[SetBy::Database] };
        for set_by in set_by {
            let database = set_by.database();
            check(client, &database, &database.url(), &format!("{client:?}, set by {set_by:?}"));
        }
        let database = Database::new();
        let options = "-ctimezone%3DAmerica/New_York%20-cdatestyle%3DDMY%20-cintervalstyle%3Diso_8601%20-cstandard_conforming_strings%3Doff";
        check(
            client,
            &database,
            &format!("{}?options={options}", database.url()),
            &format!("{client:?}, set by itself"),
        );
    }
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
            let database = SetBy::Database.database();
            let set = migrator(&strings).transaction_mode(mode);
            driver.connect(&database.url()).run(&set).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
            assert_eq!(database.query("SELECT s FROM a"), ["\\", "b\\", "\\", "\\"], "{driver:?}");
        }
    }
}
