//! What any user does.

use std::time::Duration;

use atlas_migrate::bench::Statistic;
use atlas_migrate::{ErrorKind, Migrations, Migrator};
use atlas_migrate_tests::{Cut, Proxy};

use super::*;

const PERSON: (&str, &str) = (
    "020_person.sql",
    "-- atlas:parameters VALUES (1), (7)
SELECT * FROM messages WHERE id = $1",
);
const BROKEN: (&str, &str) = ("030_broken.sql", "SELECT nothing FROM messages");
const SEND: (&str, &str) = ("040_send.sql", "INSERT INTO messages VALUES (0, 1, now(), 'new')");

every_driver! {
    fn measures(driver) {
        let (database, mut connection) = with(driver, MESSAGES);
        let report = bench(&mut connection, &bencher(&[TIMELINE, PERSON, SEND]));
        assert!(report.passed() && report.passed_plans(), "{report}");
        let names: Vec<_> = report.benchmarks().iter().map(Measured::name).collect();
        assert_eq!(names, ["timeline", "person", "send"]);
        let timeline = &report.benchmarks()[0];
        assert_eq!((timeline.title(), timeline.place()), (Some("the newest messages"), "benchmarks/010_timeline.sql:6"));
        for measured in report.benchmarks() {
            let latency = measured.latency().unwrap();
            assert_eq!(latency.iterations(), 6);
            let times = [Statistic::Min, Statistic::P50, Statistic::P95, Statistic::P99, Statistic::Max].map(|one| latency.get(one));
            assert!(times.is_sorted() && times[0] > Duration::ZERO && times[4] < report.duration(), "{times:?}");
            assert!((1..=60).contains(&measured.buffers().unwrap().total()), "{report}");
            assert!(!measured.plan().is_empty());
        }
        assert_eq!(database.value("SELECT count(*) FROM messages"), "20000");
        assert_eq!(database.errors(), [""; 0]);
    }

    fn what_fails_does_not_stop_the_others(driver) {
        let (_database, mut connection) = with(driver, MESSAGES);
        let report = bench(&mut connection, &bencher(&[BROKEN, TIMELINE]));
        assert!(!report.passed() && !report.passed_plans());
        let [timeline, broken] = report.benchmarks() else { panic!("{report}") };
        assert!(timeline.passed(), "{report}");
        assert_eq!(told(broken), "broken 0 times\n  column \"nothing\" does not exist (42703)\n  at benchmarks/030_broken.sql:1:8\n");
    }

    fn the_session_is_left_as_it_was(driver) {
        const SETTINGS: &str = "SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'),
            current_setting('transaction_read_only'), now() = statement_timestamp(),
            (SELECT count(*) FROM pg_prepared_statements WHERE from_sql))";
        let (_database, mut connection) = with(driver, MESSAGES);
        let before = connection.sql(SETTINGS);
        let fails_late = ("050_late.sql", "SELECT 1 / (id - id) FROM messages");
        let _report = bench(&mut connection, &bencher(&[TIMELINE, BROKEN, SEND, fails_late]));
        assert_eq!(connection.sql(SETTINGS), before);
    }

    fn nothing_is_measured_in_the_middle_of_a_transaction(driver) {
        // A pool has no such connection.
        if !matches!(driver, Driver::SqlxPool | Driver::Deadpool) {
            let (_database, mut connection) = with(driver, MESSAGES);
            connection.sql("BEGIN; CREATE TABLE mine (id int)");
            let error = connection.bench(&bencher(&[TIMELINE])).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
            assert_eq!(connection.sql("SELECT count(*) FROM mine"), "0");
        }
    }

    fn a_lost_connection_is_an_error(driver) {
        let database = Database::new();
        database.query(MESSAGES);
        for query in 1..=12 {
            let proxy = Proxy::new(&database.url());
            let mut connection = driver.connect(&proxy.url(&database.url()));
            proxy.cut(Cut::Before(query));
            let error = connection.bench(&bencher(&[TIMELINE])).map(drop).unwrap_err();
            assert!(error.is_connection(), "at query {query}: {error}");
        }
    }
}

#[test]
fn round_trips() {
    let (database, _) = with(Driver::TokioPostgres, MESSAGES);
    let count = |files: &[(&str, &str)]| {
        let proxy = Proxy::new(&database.url());
        let mut connection = Driver::TokioPostgres.connect(&proxy.url(&database.url()));
        connection.sql("SELECT 1");
        proxy.reset();
        let report = bench(&mut connection, &bencher(files));
        assert!(report.passed(), "{report}");
        proxy.counts().round_trips
    };
    // A look; begin, warm-up, plan, iterations and the end.
    assert_eq!(count(&[TIMELINE]), 1 + 1 + 2 + 1 + 6 + 1);
    assert_eq!(count(&[PERSON]), 1 + 1 + 1 + 2 + 1 + 6 + 1);
    assert_eq!(count(&[SEND]), 1 + 1 + 2 * 2 + 1 + 6 * 2 + 1);
}

#[test]
fn how_often() {
    let (_database, mut connection) = with(Driver::Postgres, "CREATE SEQUENCE runs");
    let mut runs = |files: &[(&str, &str)], options: fn(Bencher) -> Bencher| {
        connection.sql("ALTER SEQUENCE runs RESTART");
        let benchmarks = Benchmarks::from_files("benchmarks", files.iter().copied()).unwrap();
        let report = bench(&mut connection, &options(Bencher::new(benchmarks)));
        assert!(report.passed(), "{report}");
        let times: Vec<_> = report.benchmarks().iter().map(|one| one.latency().unwrap().iterations()).collect();
        (times, connection.sql("SELECT last_value FROM runs"))
    };
    // What was measured, and what ran: the plan is one more.
    let plain = ("a.sql", "SELECT nextval('runs')");
    assert_eq!(runs(&[plain], |bencher| bencher), (vec![100], "111".to_owned()));
    assert_eq!(runs(&[plain], |bencher| bencher.iterations(3)), (vec![3], "9".to_owned()));
    assert_eq!(runs(&[plain], |bencher| bencher.iterations(3).warm_up(0)), (vec![3], "4".to_owned()));
    let said = ("b.sql", "-- atlas:iterations 2\nSELECT nextval('runs')");
    assert_eq!(runs(&[plain, said], |bencher| bencher.iterations(3).warm_up(1)), (vec![3, 2], "9".to_owned()));
    assert_eq!(runs(&[plain, said], |bencher| bencher.warm_up(0).only(["b"])), (vec![2], "3".to_owned()));
}

#[test]
fn options_that_make_no_sense() {
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let mut check = |bencher: Bencher, says: [&str; 2]| {
        let error = connection.bench(&bencher).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(says.iter().all(|part| error.to_string().contains(part)), "{error}");
    };
    let files = [TIMELINE, PERSON];
    check(bencher(&files).only(["timelin"]), ["no benchmark `timelin`", "did you mean `timeline`?"]);
    check(bencher(&files).only(["xyz"]), ["no benchmark `xyz`", "the benchmarks are timeline, person"]);
    check(bencher(&files).iterations(0), ["nothing is measured without iterations", "ask for one"]);
}

#[test]
fn from_a_folder() {
    let folder = std::env::temp_dir().join(format!("atlas_migrate_benchmarks_{}", std::process::id()));
    std::fs::create_dir_all(folder.join("more")).unwrap();
    std::fs::write(folder.join("more/1_a.sql"), "SELECT 1").unwrap();
    std::fs::write(folder.join("README.md"), "none of ours").unwrap();
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let report = bench(&mut connection, &Bencher::new(Benchmarks::from_directory(&folder).unwrap()).iterations(1));
    let places: Vec<_> = report.benchmarks().iter().map(Measured::place).collect();
    assert_eq!(places, [format!("{}/more/1_a.sql:1", folder.display())]);
    std::fs::write(folder.join("2_a.sql"), "SELECT 1").unwrap();
    let error = Benchmarks::from_directory(&folder).map(drop).unwrap_err();
    assert!(error.to_string().contains("second benchmark `a`"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(Benchmarks::from_directory(&folder).map(drop).unwrap_err().kind(), ErrorKind::Source);
}

/// Those that the documentation embeds.
#[test]
fn of_the_quickstart() {
    let (_database, mut connection) = with(Driver::SqlxPool, "");
    let beside = |folder: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    connection.run(&Migrator::new(Migrations::from_directory(beside("migrations")).unwrap())).unwrap();
    connection.sql(
        "INSERT INTO notes (title) SELECT 'note ' || n FROM generate_series(1, 50) n;
         INSERT INTO tags SELECT id, 'even' FROM notes WHERE id % 2 = 0",
    );
    let benchmarks = Benchmarks::from_directory(beside("examples/quickstart/benchmarks")).unwrap();
    let report = bench(&mut connection, &Bencher::new(benchmarks).iterations(5));
    assert!(report.passed_plans() && report.benchmarks().len() == 2, "{report}");
}

#[test]
fn nothing_to_measure() {
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let report = bench(&mut connection, &Bencher::new(Benchmarks::empty()));
    assert!(report.passed() && report.benchmarks().is_empty(), "{report}");
}
