//! `SIGKILL`, at any moment of a run.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use atlas_migrate_tests::{DRIVERS, Database, Driver, Folder, Runner, tried};

use super::effects;

/// Names the seed of an earlier run, which is printed. What moment a kill hits is the machine's business as well.
const SEED: &str = "ATLAS_MIGRATE_TESTS_SEED";

const ROUNDS: usize = 40;

/// How many processes are killed in each round.
const KILLED: usize = 3;

/// Those that run in a transaction count that they ran. Rows of `counter` take their time to be indexed.
const COUNTED: [(&str, &str); 7] = [
    (
        "1_counter.sql",
        "CREATE TABLE counter (step int); INSERT INTO counter VALUES (1);
         CREATE FUNCTION slowly(step int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
           'BEGIN PERFORM pg_sleep(0.005); RETURN step; END';",
    ),
    ("2_slow.sql", "INSERT INTO counter SELECT 2 FROM pg_sleep(0.03); SELECT FROM pg_sleep(0.02);"),
    (
        "3_vacuum.sql",
        "-- atlas:no-transaction\nVACUUM counter; SELECT FROM pg_sleep(0.02); VACUUM counter; SELECT FROM pg_sleep(0.02);",
    ),
    ("4_more.sql", "INSERT INTO counter VALUES (4);"),
    ("6_last.sql", "INSERT INTO counter SELECT 6 FROM pg_sleep(0.02);"),
    ("R__count.sql", "INSERT INTO counter SELECT 7 FROM pg_sleep(0.01);"),
    ("R__view.sql", "CREATE OR REPLACE VIEW steps AS SELECT step FROM counter; INSERT INTO counter VALUES (8);"),
];

const CONCURRENT_INDEXES: (&str, &str) = (
    "5_indexes.sql",
    "CREATE INDEX CONCURRENTLY a ON counter (slowly(step));\nCREATE INDEX CONCURRENTLY b ON counter (slowly(step + 1));",
);

/// SplitMix64.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let seed = std::env::var(SEED).map_or_else(|_| now(), |text| text.parse().expect(SEED));
        println!("{SEED}={seed}");
        Self(seed)
    }

    /// From 0 to 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }
}

/// The moments of kills: one in each of so many equal parts of a run, in an order that mixes early and late ones.
fn moments(random: &mut Random, whole: Duration) -> Vec<Duration> {
    let count = ROUNDS * KILLED;
    let mut moments: Vec<_> =
        (0..count).map(|part| whole.mul_f64((part as f64 + random.fraction()) / count as f64)).collect();
    for index in (1..count).rev() {
        moments.swap(index, (random.fraction() * index as f64) as usize);
    }
    moments
}

/// How far the history is, whether it is there or not.
fn place(database: &Database) -> String {
    match database.value("SELECT to_regclass('schema_migrations')").as_str() {
        "" => "nothing".to_owned(),
        _ => database.history().join(", "),
    }
}

/// Kills the processes of each round one after the other, or beside one that is not killed; what is left is then run.
#[track_caller]
fn check(more: &[(&str, &str)]) {
    let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), &[COUNTED.as_slice(), more].concat());
    let start =
        |driver, database: &Database| Runner::start(env!("CARGO_BIN_EXE_runner"), driver, &database.url(), &folder);

    let undisturbed = Database::new();
    let started = Instant::now();
    start(Driver::TokioPostgres, &undisturbed).outcome().unwrap();
    let whole = started.elapsed();
    let expected = effects(&undisturbed);

    let mut random = Random::new();
    let moments = moments(&mut random, whole);
    let mut drivers = DRIVERS.into_iter().cycle();
    let mut driver = || drivers.next().unwrap();
    let (mut hit, mut places) = (0, BTreeSet::new());
    for (round, moments) in moments.chunks(KILLED).enumerate() {
        let database = Database::new();
        if round % 2 == 0 {
            for moment in moments {
                let process = start(driver(), &database);
                thread::sleep(*moment);
                hit += usize::from(process.kill());
                places.insert(place(&database));
            }
        } else {
            let survivor = start(driver(), &database);
            let processes: Vec<_> = moments.iter().map(|_| start(driver(), &database)).collect();
            let started = Instant::now();
            let mut due: Vec<_> = moments.iter().zip(processes).collect();
            due.sort_by_key(|(moment, _)| **moment);
            for (moment, process) in due {
                thread::sleep(moment.saturating_sub(started.elapsed()));
                hit += usize::from(process.kill());
            }
            survivor.outcome().unwrap_or_else(|error| panic!("round {round}, the survivor: {error}"));
        }
        start(driver(), &database).outcome().unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(effects(&database), expected, "round {round}");
        let errors = database.errors();
        assert!(errors.iter().all(|line| line.ends_with("FATAL:  connection to client lost")), "{round}: {errors:#?}");
    }
    println!("{hit} processes were at work when they were killed, at {} places: {places:#?}", places.len());
    tried(hit, "kills");
    assert!(hit > ROUNDS && places.len() > 5, "the moments do not fit the {} ms of a run", whole.as_millis());
}

#[test]
fn at_any_moment() {
    check(&[]);
}

#[test]
fn at_any_moment_with_indexes_that_are_built_concurrently() {
    check(&[CONCURRENT_INDEXES]);
}
