//! A history that does not take what is written, whatever keeps it from that: nothing is done that could not be recorded, and
//! nothing is done twice.

use atlas_migrate::clean::{Cleaner, Resetter};
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::{Error, ErrorKind, Event, Migrator, OutOfOrder, Repair, Revert, TransactionMode};
use atlas_migrate_tests::{Connection, Database, Driver, migrator, some};

const SOME: [Driver; 2] = [Driver::SqlxConnection, Driver::Postgres];

/// What is in the way, and what removes it. Made by a migration of its own, so that it comes after every look at the table.
struct Obstacle {
    made: &'static str,
    removed: &'static str,
}

/// The row is swallowed, turned into another one, or removed again.
const INSERTS: [Obstacle; 4] = [
    Obstacle {
        made: "CREATE RULE r AS ON INSERT TO schema_migrations DO INSTEAD NOTHING;",
        removed: "DROP RULE r ON schema_migrations",
    },
    Obstacle {
        made: "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER g BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION f();",
        removed: "DROP FUNCTION f CASCADE",
    },
    Obstacle {
        made: "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := NEW.version || '0'; RETURN NEW; END $$;
            CREATE TRIGGER g BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION f();",
        removed: "DROP FUNCTION f CASCADE",
    },
    Obstacle {
        made: "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.schema_migrations WHERE version = NEW.version; RETURN NULL; END';
            CREATE TRIGGER g AFTER INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION f();",
        removed: "DROP FUNCTION f CASCADE",
    },
];

const CHANGES: Obstacle = Obstacle {
    made: "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER g BEFORE UPDATE OR DELETE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION f();",
    removed: "DROP FUNCTION f CASCADE",
};

const COUNTER: (&str, &str) = ("1_counter.sql", "CREATE TABLE counter (step int);");
const COUNTS: &str = "INSERT INTO counter VALUES (2);";

fn rows(database: &Database) -> String {
    database.value("SELECT count(*) FROM counter")
}

#[track_caller]
fn is_not_taken(error: &Error) {
    assert_eq!(error.sqlstate(), Some("AM003"), "{error}");
    assert!(error.to_string().contains("drop the rule or trigger"), "{error}");
}

/// A run whose second migration is in the way of its own row and of those behind it; following the hint, all is well.
#[track_caller]
fn run(driver: Driver, obstacle: &Obstacle, file: &str, mode: TransactionMode) {
    let database = Database::new();
    let mut connection = driver.connect(&database.url());
    connection.run(&migrator(&[COUNTER])).unwrap();
    database.query(obstacle.made);
    let set = migrator(&[COUNTER, ("2_counts.sql", file)]).transaction_mode(mode);
    for _ in 0..2 {
        is_not_taken(&connection.run(&set).unwrap_err());
        assert_eq!(rows(&database), "0", "{driver:?} {}", obstacle.made);
    }
    database.query(obstacle.removed);
    assert_eq!(connection.run(&set).unwrap().applied().count(), 1);
    assert_eq!(rows(&database), "1", "{driver:?}");
}

#[test]
fn d3_a_row_that_is_not_taken_is_an_error_of_a_run() {
    for driver in some(SOME) {
        for obstacle in &INSERTS {
            run(driver, obstacle, COUNTS, TransactionMode::Each);
        }
        run(driver, &INSERTS[1], COUNTS, TransactionMode::All);
        let one_by_one = format!("-- atlas:no-transaction\n{COUNTS}");
        run(driver, &INSERTS[1], &one_by_one, TransactionMode::Each);
        run(driver, &CHANGES, &one_by_one, TransactionMode::Each);
    }
}

/// The obstacle is a migration's own.
#[test]
fn d3_a_migration_that_is_in_its_own_way() {
    for obstacle in &INSERTS {
        let database = Database::new();
        let mut connection = Driver::TokioPostgres.connect(&database.url());
        let set = migrator(&[COUNTER, ("2_way.sql", &format!("{COUNTS}{}", obstacle.made)), ("3_more.sql", COUNTS)]);
        is_not_taken(&connection.run(&set).unwrap_err());
        assert_eq!((rows(&database), database.history()), ("0".to_owned(), vec!["1|applied|1".to_owned()]));
    }
}

/// A verb beside an obstacle fails and changes nothing; without it, it does what it should.
#[track_caller]
fn verb(obstacle: &Obstacle, set: &Migrator, prepare: &str, verb: impl Fn(&mut Connection) -> Result<(), Error>) {
    for driver in some(SOME) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(set).unwrap();
        database.query(prepare);
        database.query(obstacle.made);
        let before = database.history();
        is_not_taken(&verb(&mut connection).unwrap_err());
        assert_eq!(database.history(), before, "{driver:?}");
        database.query(obstacle.removed);
        verb(&mut connection).unwrap();
        assert_ne!(database.history(), before, "{driver:?}");
    }
}

#[test]
fn d3_every_verb_that_writes_the_history() {
    let pair = migrator(&[COUNTER, ("2_u.up.sql", COUNTS), ("2_u.down.sql", "DELETE FROM counter;")]);
    let alone =
        migrator(&[COUNTER, ("2_u.up.sql", COUNTS), ("2_u.down.sql", "-- atlas:no-transaction\nDELETE FROM counter;")]);
    for set in [&pair, &alone] {
        verb(&CHANGES, set, "SELECT 1", |connection| connection.revert(set, Revert::Last).map(drop));
    }
    verb(&INSERTS[1], &pair, "DELETE FROM schema_migrations", |connection| connection.baseline(&pair, "2").map(drop));
    let repair = |repair| {
        let pair = &pair;
        move |connection: &mut Connection| connection.repair(pair, "2", repair).map(drop)
    };
    verb(&CHANGES, &pair, "SELECT 1", repair(Repair::Pending));
    verb(&CHANGES, &pair, "UPDATE schema_migrations SET state = 'baseline'", repair(Repair::Applied));
    verb(&CHANGES, &pair, "SELECT 1", repair(Repair::Failed { completed: 0 }));
}

/// A trigger that takes the row away at the commit, when it has been counted.
const DEFERRED: &str = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('DELETE FROM public.%I', TG_TABLE_NAME); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER g AFTER INSERT OR UPDATE OR DELETE ON T DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION f();";

/// It is seen beforehand by a verb that would write; without it, the verb does what it should.
#[track_caller]
fn deferred(table: &str, prepare: &str, verb: impl Fn(&mut Connection) -> Result<(), Error>) {
    for driver in some(SOME) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[COUNTER, PAIR[0], PAIR[1]])).unwrap();
        connection.seed(&seeder(1)).unwrap();
        database.query(prepare);
        database.query(&DEFERRED.replace("ON T", &format!("ON {table}")));
        let error = verb(&mut connection).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignHistory, "{driver:?}: {error}");
        assert!(error.to_string().contains("it has the trigger g, which may run at the commit"), "{error}");
        database.query("DROP FUNCTION f CASCADE");
        verb(&mut connection).unwrap();
    }
}

const PAIR: [(&str, &str); 2] = [("2_u.up.sql", COUNTS), ("2_u.down.sql", "DELETE FROM counter;")];

fn seeder(count: usize) -> Seeder {
    let seeds = [("1.sql", "SELECT 1;"), ("2.sql", "SELECT 2;")].into_iter().take(count);
    Seeder::new(Seeds::from_files("seeds", seeds).unwrap_or_else(|error| panic!("{error}")), "dev")
}

#[test]
fn d3_a_trigger_that_is_deferred_is_seen_beforehand() {
    let pair = migrator(&[COUNTER, PAIR[0], PAIR[1]]);
    let more = migrator(&[COUNTER, PAIR[0], PAIR[1], ("3_more.sql", COUNTS)]);
    let (pair, more) = (&pair, &more);
    let history = "schema_migrations";
    deferred(history, "SELECT 1", |connection| connection.run(more).map(drop));
    deferred(history, "SELECT 1", |connection| connection.revert(pair, Revert::Last).map(drop));
    deferred(history, "SELECT 1", |connection| connection.baseline(more, "3").map(drop));
    deferred(history, "SELECT 1", |connection| connection.repair(pair, "2", Repair::Pending).map(drop));
    deferred("schema_seeds", "SELECT 1", |connection| connection.seed(&seeder(2)).map(drop));
    deferred("schema_environment", "SELECT 1", |connection| connection.mark(&seeder(1)));
    deferred("schema_environment", "DELETE FROM schema_environment", |connection| {
        connection.seed(&seeder(2)).map(drop)
    });
    let confirmed = |connection: &mut Connection| {
        let name = connection.plan_clean(&Cleaner::new())?.database().to_owned();
        connection.clean(&Cleaner::new().confirm(name)).map(drop)
    };
    deferred("schema_seeds", "SELECT 1", confirmed);
}

/// A migration that makes such a trigger fails before its commit.
#[test]
fn d3_a_migration_that_makes_such_a_trigger() {
    let made = DEFERRED.replace("ON T", "ON schema_migrations");
    for header in ["", "-- atlas:no-transaction\n"] {
        let database = Database::new();
        let mut connection = Driver::TokioPostgres.connect(&database.url());
        let set = migrator(&[COUNTER, ("2_way.sql", &format!("{header}{made}")), ("3_more.sql", COUNTS)]);
        is_not_taken(&connection.run(&set).unwrap_err());
        assert_eq!(rows(&database), "0", "{header}");
        let made = database.value("SELECT count(*) FROM pg_trigger WHERE tgname = 'g'");
        assert_eq!(made, "0", "{header}");
    }
}

/// What clears rows of ours counts them too.
#[test]
fn d3_what_is_forgotten_is_counted() {
    let obstacle = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER g BEFORE UPDATE OR DELETE ON T FOR EACH ROW EXECUTE FUNCTION f();";
    let set = migrator(&[COUNTER]);
    type Verb<'a> = &'a dyn Fn(&mut Connection) -> Result<(), Error>;
    let clean: Verb<'_> = &|connection| connection.clean(&Cleaner::new().confirm("dev")).map(drop);
    let mark: Verb<'_> = &|connection| connection.mark(&seeder(1));
    let reset: Verb<'_> =
        &|connection| connection.reset(&Resetter::new(set.clone()).schemas(["other"]).confirm("dev")).map(drop);
    for (table, verb) in [("schema_seeds", clean), ("schema_environment", mark), ("schema_migrations", reset)] {
        let database = Database::new();
        let mut connection = Driver::Postgres.connect(&database.url());
        connection.run(&set).unwrap();
        connection.seed(&seeder(1)).unwrap();
        database.query("CREATE SCHEMA other; INSERT INTO counter VALUES (1)");
        database.query(&obstacle.replace("ON T", &format!("ON {table}")));
        let before = database.value(&format!("SELECT count(*) FROM {table}"));
        is_not_taken(&verb(&mut connection).unwrap_err());
        assert_eq!(
            (database.value(&format!("SELECT count(*) FROM {table}")), rows(&database)),
            (before, "1".to_owned())
        );
    }
}

/// The statement fails, and that it did is not taken: it is said, and the connection is as it was.
#[test]
fn d3_what_stopped_is_counted() {
    for driver in some(SOME) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[COUNTER])).unwrap();
        database.query(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN IF NEW.state = ''failed'' THEN RETURN NULL; END IF; RETURN NEW; END';
            CREATE TRIGGER g BEFORE UPDATE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION f()",
        );
        let set = migrator(&[COUNTER, ("2_alone.sql", "CREATE INDEX CONCURRENTLY i ON counter (none);")]);
        let error = connection.run(&set).unwrap_err();
        assert!(error.to_string().contains("does not take that 2 has stopped"), "{driver:?}: {error}");
        database.query("DROP FUNCTION f CASCADE");
        let set = migrator(&[COUNTER, ("2_alone.sql", "CREATE INDEX CONCURRENTLY i ON counter (step);")]);
        drop(connection);
        assert_eq!(driver.connect(&database.url()).run(&set).unwrap().applied().count(), 1, "{driver:?}");
    }
}

/// Another process forgets what a run has done, again and again: the run stops.
#[test]
fn d3_nothing_runs_twice_in_one_run() {
    for driver in some(SOME) {
        let database = Database::new();
        let url = database.url();
        let forgets = std::sync::Mutex::new(Some(Driver::Postgres.connect(&url)));
        let set = migrator(&[
            COUNTER,
            ("2_counts.sql", COUNTS),
            ("3_vacuum.sql", "VACUUM counter;"),
            ("4_counts.sql", COUNTS),
        ]);
        let set = set.out_of_order(OutOfOrder::Allow).on_progress(move |event| {
            if let Event::Started { remaining: 2, .. } = event {
                let other = forgets.lock().unwrap().take();
                std::thread::spawn(move || {
                    other.map(|mut other| other.sql("DELETE FROM schema_migrations WHERE version = '2'"))
                })
                .join()
                .unwrap();
            }
        });
        let error = driver.connect(&url).run(&set).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Database, "{driver:?}: {error}");
        assert!(error.to_string().contains("migration 2 counts was applied just now"), "{error}");
        assert_eq!(rows(&database), "1");
    }
}
