//! Who it is that a run waits for.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use atlas_migrate::{ErrorKind, Event, Holder, Migrator};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator, wait_for};

const A: (&str, &str) = ("1_a.sql", "CREATE TABLE a (pid int);");

/// Migrations that hold the lock, or the lease of one that runs one by one, for longer than a run waits in silence.
const SLOW: &str = "INSERT INTO a SELECT pg_backend_pid(); SELECT pg_sleep(1.7);";
const SLOW_ALONE: &str = "-- atlas:no-transaction\nINSERT INTO a SELECT pg_backend_pid();\nSELECT pg_sleep(1.7);";

/// What a run was told while it waited.
type Told = Arc<Mutex<Vec<(Duration, Option<Holder>)>>>;

fn listening(set: &Migrator) -> (Migrator, Told) {
    let told = Told::default();
    let heard = told.clone();
    let set = set.clone().on_progress(move |event| {
        if let Event::Waiting { waited, holder, .. } = event {
            heard.lock().unwrap().push((*waited, holder.cloned()));
        }
    });
    (set, told)
}

/// Another process that is in the middle of its second migration.
struct Other {
    run: thread::JoinHandle<()>,
    pid: i32,
}

impl Other {
    #[track_caller]
    fn start(database: &Database, set: &Migrator) -> Self {
        let (url, set) = (format!("{}?application_name=deployer", database.url()), set.clone());
        let run = thread::spawn(move || drop(Driver::Postgres.connect(&url).run(&set).unwrap()));
        let asleep = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'
            AND application_name = 'deployer' AND query LIKE '%2 slow%'";
        let pid = wait_for("the other run's second migration", Duration::from_secs(20), || {
            database.query(asleep).first().map(|pid| pid.parse().unwrap())
        });
        Self { run, pid }
    }
}

/// Told at once that it waits, and once after a second for whom.
#[track_caller]
fn check(driver: Driver, slow: &str, query: &str) {
    let database = Database::new();
    let set = migrator(&[A, ("2_slow.sql", slow)]);
    let mut connection = driver.connect(&database.url());
    connection.run(&migrator(&[A])).unwrap();
    let other = Other::start(&database, &set);
    let (waits, told) = listening(&set);
    assert!(connection.run(&waits).unwrap().is_empty());
    other.run.join().unwrap();

    let told = told.lock().unwrap();
    let [(first, None), (second, Some(holder))] = told.as_slice() else { panic!("{told:?}") };
    assert!(*first < Duration::from_secs(1) && *second >= Duration::from_secs(1), "{told:?}");
    assert_eq!(holder.pid(), other.pid);
    assert_eq!(database.value("SELECT DISTINCT pid FROM a"), other.pid.to_string());
    assert_eq!((holder.user(), holder.application(), holder.host()), ("postgres", "deployer", "127.0.0.1"));
    assert_eq!(holder.query(), query, "{holder}");
    assert!((Duration::from_millis(900)..Duration::from_secs(20)).contains(&holder.since()), "{holder}");
}

/// The budget is over before the other is done.
#[track_caller]
fn check_budget(driver: Driver, slow: &str, said: &str) {
    let database = Database::new();
    let set = migrator(&[A, ("2_slow.sql", slow)]);
    let other = Other::start(&database, &set);
    for budget in [Duration::ZERO, Duration::from_millis(200)] {
        let error = driver.connect(&database.url()).run(&set.clone().wait_budget(budget)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        let expected =
            format!("pid {} (user postgres, application \"deployer\", host 127.0.0.1), active for", other.pid);
        assert!(error.to_string().contains(&expected) && error.to_string().contains(said), "{error}");
    }
    other.run.join().unwrap();
}

every_driver! {
    fn of_the_lock(driver) {
        check(driver, SLOW, "migration 2 slow");
    }

    fn of_a_lease(driver) {
        check(driver, SLOW_ALONE, "migration 2 slow");
    }
}

#[test]
fn of_the_lock_when_the_budget_is_over() {
    check_budget(Driver::Postgres, SLOW, ": migration 1 a, and on to 2 slow\n");
}

#[test]
fn of_a_lease_when_the_budget_is_over() {
    check_budget(Driver::SqlxPool, SLOW_ALONE, ": migration 2 slow\n");
}

/// A login that may not see what others are at is told who it is, and no more.
#[test]
fn behind_the_curtain() {
    for (slow, name) in [(SLOW, "lock"), (SLOW_ALONE, "lease")] {
        let database = Database::new();
        let role = format!("blind_{name}_{}", std::process::id());
        database.query(&format!("CREATE ROLE {role} LOGIN; CREATE SCHEMA own AUTHORIZATION {role}"));
        let table = ("1_a.sql", "CREATE TABLE own.a (pid int);");
        let slow = slow.replace("INTO a", "INTO own.a");
        let set = migrator(&[table, ("2_slow.sql", &slow)]).schema("own");
        let mut connection = Driver::Postgres.connect(&database.url_as(&role));
        connection.run(&migrator(&[table]).schema("own")).unwrap();
        // A superuser trusts no other role's tables, unless it acts as that.
        let other = Other::start(&database, &set.clone().role(&role));

        let error = connection.run(&set.clone().wait_budget(Duration::ZERO)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        let (waits, told) = listening(&set);
        assert!(connection.run(&waits).unwrap().is_empty());
        other.run.join().unwrap();
        let told = told.lock().unwrap();
        let holder = told.iter().find_map(|(_, holder)| holder.as_ref()).unwrap_or_else(|| panic!("{told:?}"));
        assert_eq!((holder.pid(), holder.user(), holder.host()), (other.pid, "postgres", "?"));
        assert_eq!((holder.query(), holder.since()), ("<insufficient privilege>", Duration::ZERO));
        drop(connection);
        database.query(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
    }
}
