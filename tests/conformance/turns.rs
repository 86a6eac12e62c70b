//! Each verb that writes waits for its turn as the others do.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use atlas_migrate::clean::{Cleaner, Resetter};
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::setup::Setup;
use atlas_migrate::{Error, ErrorKind, Event, Migrator, Repair, Revert};
use atlas_migrate_tests::{Connection, Driver, Site, migrator, wait_for};

const FILES: [(&str, &str); 3] =
    [("1_a.up.sql", "CREATE TABLE a (id int);"), ("1_a.down.sql", "DROP TABLE a;"), ("2_b.sql", "CREATE TABLE b ();")];

/// The keys of the locks.
const MIGRATIONS: &str =
    "('x' || left(encode(sha256('atlas-migrate \"public\" \"schema_migrations\"'), 'hex'), 16))::bit(64)::bigint";
const SEEDS: &str =
    "('x' || left(encode(sha256('atlas-migrate \"public\" \"schema_seeds\"'), 'hex'), 16))::bit(64)::bigint";
const ROLES: &str = "hashtextextended('atlas-migrate roles', 0)";

/// What the other process does, and the application that it says it is.
type Waiting = (String, Option<String>);

/// What a verb told while it waited.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Waiting>>>);

impl Told {
    fn hear(&self, event: &Event<'_>) {
        if let Event::Waiting { doing, holder, .. } = event {
            let holder = holder.map(|holder| holder.application().to_owned());
            self.0.lock().unwrap().push(((*doing).to_owned(), holder));
        }
    }

    fn all(&self) -> Vec<Waiting> {
        self.0.lock().unwrap().clone()
    }
}

/// A builder that waits for so long, and tells.
macro_rules! patient {
    ($builder:expr, $budget:expr, $told:expr) => {{
        let told = $told.clone();
        $builder.wait_budget($budget).on_progress(move |event| told.hear(event))
    }};
}

type Verb = fn(&mut Connection, &Site, Duration, &Told) -> Result<(), Error>;

fn set(budget: Duration, told: &Told) -> Migrator {
    patient!(migrator(&FILES), budget, told)
}

fn seeder(budget: Duration, told: &Told) -> Seeder {
    let seeds = Seeds::from_files("seeds", [("a.csv", "id\n1\n")]).unwrap();
    patient!(Seeder::new(seeds, "dev"), budget, told)
}

/// In a database with the first migration.
#[track_caller]
fn check(name: &str, key: &str, doing: &str, verb: Verb) {
    let site = Site::new();
    let mut connection = site.superuser(Driver::TokioPostgres);
    connection.run(&migrator(&FILES[..2])).unwrap();
    let mut holder = site.superuser(Driver::Postgres);
    let lock = format!("SET application_name = 'other replica'; BEGIN; SELECT pg_advisory_xact_lock({key})");
    holder.sql(&lock);

    let told = Told::default();
    let error = verb(&mut connection, &site, Duration::from_millis(100), &told).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{name}: {error}");
    let said = error.to_string();
    assert!(said.starts_with(&format!("another process has been {doing} for all of the ")), "{name}: {error}");
    assert!(said.contains("application \"other replica\""), "{name}: {error}");
    assert_eq!(told.all(), [(doing.to_owned(), None)], "{name}");
    // It leaves no transaction open, and the connection can go on.
    assert_eq!(connection.sql("SELECT (now() = statement_timestamp())::text"), "true", "{name}");

    let told = Told::default();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| verb(&mut connection, &site, Duration::from_secs(60), &told));
        wait_for("the name of the other process", Duration::from_secs(30), || (told.all().len() > 1).then_some(()));
        holder.sql("COMMIT");
        waiting.join().unwrap().unwrap_or_else(|error| panic!("{name}: {error}"));
    });
    let expected = [(doing.to_owned(), None), (doing.to_owned(), Some("other replica".to_owned()))];
    assert_eq!(told.all(), expected, "{name}");
    assert_eq!(site.database.errors(), [""; 0], "{name}");
}

#[test]
fn c5_every_verb_waits_alike() {
    let cases: [(&str, &str, &str, Verb); 15] = [
        ("run", MIGRATIONS, "migrating", |c, _, budget, told| c.run(&set(budget, told)).map(drop)),
        ("revert", MIGRATIONS, "migrating", |c, _, budget, told| c.revert(&set(budget, told), Revert::Last).map(drop)),
        ("baseline", MIGRATIONS, "migrating", |c, _, budget, told| c.baseline(&set(budget, told), "2").map(drop)),
        ("repair", MIGRATIONS, "migrating", |c, _, budget, told| {
            c.repair(&set(budget, told), "1", Repair::Applied).map(drop)
        }),
        ("rehearse", MIGRATIONS, "migrating", |c, _, budget, told| c.rehearse(&set(budget, told)).map(drop)),
        ("seed", SEEDS, "loading seeds", |c, _, budget, told| c.seed(&seeder(budget, told)).map(drop)),
        ("dry run", SEEDS, "loading seeds", |c, _, budget, told| c.dry_run(&seeder(budget, told)).map(drop)),
        ("mark", SEEDS, "loading seeds", |c, _, budget, told| c.mark(&seeder(budget, told))),
        ("clean, migrations", MIGRATIONS, "migrating or loading seeds", |c, site, budget, told| {
            let name = site.database.value("SELECT current_database()");
            c.clean(&patient!(Cleaner::new(), budget, told).confirm(name)).map(drop)
        }),
        ("clean, seeds", SEEDS, "migrating or loading seeds", |c, site, budget, told| {
            let name = site.database.value("SELECT current_database()");
            c.clean(&patient!(Cleaner::new(), budget, told).confirm(name)).map(drop)
        }),
        ("reset, migrations", MIGRATIONS, "migrating or loading seeds", |c, site, budget, told| {
            let name = site.database.value("SELECT current_database()");
            c.reset(&Resetter::new(set(budget, told)).confirm(name)).map(drop)
        }),
        ("reset, seeds", SEEDS, "migrating or loading seeds", |c, site, budget, told| {
            let name = site.database.value("SELECT current_database()");
            c.reset(&Resetter::new(set(budget, told)).confirm(name)).map(drop)
        }),
        ("roles", ROLES, "changing roles", |c, site, budget, told| {
            c.apply_roles(&patient!(site.roles(), budget, told)).map(drop)
        }),
        ("prove", ROLES, "changing roles", |c, site, budget, told| {
            c.prove_roles(&patient!(site.roles(), budget, told)).map(drop)
        }),
        ("setup", ROLES, "changing roles", |c, site, budget, told| {
            c.set_up(&patient!(Setup::new(migrator(&FILES)).roles(site.roles()), budget, told)).map(drop)
        }),
    ];
    thread::scope(|scope| {
        for (name, key, doing, verb) in cases {
            scope.spawn(move || check(name, key, doing, verb));
        }
    });
}
