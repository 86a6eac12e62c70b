//! What a run costs, counted on the wire.

use atlas_migrate::Migrator;
use atlas_migrate::clean::Cleaner;
use atlas_migrate_tests::{Connection, DRIVERS, Database, Driver, Proxy, migrator};

/// So many migrations of two statements each.
fn set(count: usize) -> Migrator {
    let files: Vec<_> = (1..=count)
        .map(|n| {
            (
                format!("{n:04}_table.sql"),
                format!("CREATE TABLE t{n} (id int PRIMARY KEY);\nINSERT INTO t{n} VALUES (1);"),
            )
        })
        .collect();
    migrator(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
}

/// The round trips and the bytes received of one run, connecting not counted.
fn cost(driver: Driver, database: &Database, migrator: &Migrator) -> (usize, usize) {
    cost_of(driver, database, |connection| drop(connection.run(migrator).unwrap()))
}

fn cost_of(driver: Driver, database: &Database, verb: impl FnOnce(&mut Connection)) -> (usize, usize) {
    let proxy = Proxy::new(&database.url());
    let mut connection = driver.connect(&proxy.url(&database.url()));
    let pid = connection.sql("SELECT pg_backend_pid()::text");
    proxy.reset();
    verb(&mut connection);
    let counts = proxy.counts();
    // The answer has the process id, which may have a digit more from one database to the next.
    (counts.round_trips, counts.received - pid.len())
}

#[test]
fn an_up_to_date_run_is_one_round_trip_of_so_many_bytes_whatever_the_number_of_migrations() {
    for driver in DRIVERS {
        let costs = [1, 12, 300].map(|count| {
            let database = Database::new();
            driver.connect(&database.url()).run(&set(count)).unwrap();
            cost(driver, &database, &set(count))
        });
        let (round_trips, received) = costs[0];
        assert_eq!(round_trips, 1, "{driver:?}");
        assert_eq!(costs, [(1, received); 3], "{driver:?}");
        assert!(received < 1024, "{driver:?}: {received} bytes");
    }
}

/// A look, a beginning, and the migrations together: up to 400 of them, or a mebibyte.
#[test]
fn pending_migrations_are_three_round_trips_and_one_for_each_400() {
    for driver in DRIVERS {
        for (count, expected) in [(1, 3), (12, 3), (100, 3), (1000, 5)] {
            // What makes it take so long is the server, and not the client.
            if count == 1000 && driver != Driver::SqlxConnection {
                continue;
            }
            let (round_trips, _) = cost(driver, &Database::new(), &set(count));
            assert_eq!(round_trips, expected, "{driver:?}: {count}");
        }
    }
}

/// How often the server waited for the disk during a run of 100.
#[test]
fn flushes() {
    let server = atlas_migrate::ephemeral::Server::options()
        .setting("fsync", "on")
        .setting("synchronous_commit", "on")
        // By itself the server would write all five times a second, which on a slow machine is more often.
        .setting("wal_writer_delay", "10s")
        .setting("wal_writer_flush_after", "1GB")
        .private();
    let server = server.unwrap_or_else(|error| panic!("{error}"));
    let flushes = |set: &Migrator| {
        let database = Database::on(&server);
        let count = || -> u64 {
            database.query("SELECT pg_stat_force_next_flush()");
            database.value("SELECT wal_sync FROM pg_stat_wal").parse().unwrap()
        };
        let before = count();
        Driver::SqlxConnection.connect(&database.url()).run(set).unwrap();
        count() - before
    };
    let few = flushes(&set(100));
    assert!(few <= 5, "{few}");
    let many = flushes(&set(100).flush_each_commit(true));
    assert!(many >= 100, "{many}");
}

#[test]
fn conditions_and_skips_cost_nothing_more() {
    let text = "-- atlas:require true\n-- atlas:skip-unless false\nSELECT 1;";
    let conditional = "-- atlas:require (SELECT count(*) FROM t) = 0\nALTER TABLE t ADD b int;";
    let set = migrator(&[("1_t.sql", "CREATE TABLE t (a int);"), ("2_skipped.sql", text), ("3_b.sql", conditional)]);
    for driver in DRIVERS {
        assert_eq!(cost(driver, &Database::new(), &set).0, 3 + 2, "{driver:?}");
    }
}

/// The look, the lock, what is under it, the rows, the commit. How many rows a `DELETE` removed is told by every client.
#[test]
fn cleaning_is_five_round_trips_whatever_the_number_of_tables() {
    for (driver, (count, rows)) in
        DRIVERS.into_iter().flat_map(|driver| [(1, 3), (40, 3), (6, 700)].map(|size| (driver, size)))
    {
        let database = Database::new();
        let table = |n: usize| {
            let parent = n.saturating_sub(1);
            format!(
                "CREATE TABLE t{n} (id int PRIMARY KEY, parent int REFERENCES t{parent});\n\
                 INSERT INTO t{n} SELECT i, i FROM generate_series(1, {rows}) i;\n"
            )
        };
        database.query(&(0..count).map(table).collect::<String>());
        database.query("ANALYZE");
        let cleaner = Cleaner::new().confirm(database.value("SELECT current_database()"));
        let (round_trips, _) = cost_of(driver, &database, |connection| {
            let report = connection.clean(&cleaner).unwrap();
            let removed: Vec<_> = report.tables().iter().map(|table| table.rows()).collect();
            assert_eq!(removed, vec![rows; count], "{driver:?}");
        });
        assert_eq!(round_trips, 5, "{driver:?}: {count} tables of {rows} rows");
    }
}

/// Whatever the reason for which there is nothing to do.
#[test]
fn nothing_to_do_is_one_round_trip_in_every_case() {
    let base = [("1_a.sql", "CREATE TABLE a (id int);"), ("2_b.sql", "-- atlas:compatible\nCREATE TABLE b (id int);")];
    let reformatted = [("001_a.sql", "-- spaced\nCREATE TABLE  a (id int)"), base[1]];
    let skipped = [("1_a.sql", base[0].1), ("2_b.sql", "-- atlas:skip-unless false\nSELECT 1;")];
    #[track_caller]
    fn check(what: &str, first: &Migrator, second: &Migrator) {
        for driver in DRIVERS {
            let database = Database::new();
            driver.connect(&database.url()).run(first).unwrap();
            assert_eq!(cost(driver, &database, second).0, 1, "{what}: {driver:?}");
            let waiting = cost_of(driver, &database, |connection| connection.wait(second).unwrap());
            assert_eq!(waiting.0, 1, "{what}, wait: {driver:?}");
            let checking = cost_of(driver, &database, |connection| connection.check(second).unwrap());
            assert_eq!(checking.0, 1, "{what}, check: {driver:?}");
        }
    }
    check("reformatted files", &migrator(&base), &migrator(&reformatted));
    check("a newer migration that is compatible", &migrator(&base), &migrator(&base[..1]));
    check("a skipped migration", &migrator(&skipped), &migrator(&skipped));
    let view = |one| ("R__view.sql", one);
    let newer = migrator(&[base[0], base[1], view("CREATE OR REPLACE VIEW v AS SELECT 2 AS one;")]);
    let older = migrator(&[base[0], view("CREATE OR REPLACE VIEW v AS SELECT 1 AS one;")]);
    check("an older form of a repeatable one", &newer, &older);
    check("no migrations at all", &migrator(&base[..1]), &migrator(&base[..1]));
}
