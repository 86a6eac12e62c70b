//! Races, cut connections and dropped futures: every row is there once, and nothing is left behind.

use std::future::Future;
use std::pin::pin;
use std::sync::Barrier;
use std::task::Poll;
use std::thread;

use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate};
use atlas_migrate_tests::{Cut, DRIVERS, Proxy, drivers};
use sqlx::{Executor as _, Row as _};

use super::*;

const TABLES: &str = "CREATE TABLE users (id int PRIMARY KEY, name text, team int);
    CREATE TABLE teams (id int PRIMARY KEY, lead int REFERENCES users);
    ALTER TABLE users ADD FOREIGN KEY (team) REFERENCES teams;
    CREATE TABLE numbers (n bigint); CREATE TABLE log (what text)";

/// More than a batch, and no key: a row that comes twice is there twice.
struct Numbers;

impl Generate for Numbers {
    fn table(&self) -> &str {
        "numbers"
    }

    fn columns(&self) -> &[&str] {
        &["n"]
    }

    fn rows(&self) -> u64 {
        10_001
    }

    fn row(&self, number: u64, _: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        cells.push(number);
    }
}

/// Each sort of seed; none of them may be loaded twice.
fn all() -> Seeder {
    seeder(&[
        ("010_teams.csv", "id,lead\n1,10\n"),
        ("010_users.json", r#"[{"id": 10, "name": "Anna", "team": 1}, {"id": 20, "name": "Ben", "team": null}]"#),
        ("010_users.json.toml", "existing = \"update\"\nkey = [\"id\"]"),
        (
            "020_log.sql",
            "SET search_path = ''; SET lock_timeout = '1h'; CREATE TEMP TABLE t (id int); SELECT pg_advisory_lock(7);
             COPY public.log FROM stdin;\na\nb\n\\.\nINSERT INTO public.log VALUES ('c');",
        ),
        ("030_log.csv", "what\nd\n"),
    ])
    .generate("dev", Numbers)
}

/// What there is when all of it was loaded once.
fn state(database: &Database) -> Vec<String> {
    database.query(
        "SELECT 'users', count(*), count(team), sum(id) FROM users UNION ALL SELECT 'teams', count(*), count(*), sum(lead) FROM teams
         UNION ALL SELECT 'numbers', count(*), count(DISTINCT n), sum(n) FROM numbers
         UNION ALL SELECT 'log', count(*), count(DISTINCT what), 0 FROM log
         UNION ALL SELECT 'seeds', count(*), count(*) FILTER (WHERE state = 'done'), sum(rows) FROM schema_seeds",
    )
}

const LOADED: [&str; 5] =
    ["users|2|1|30", "teams|1|1|10", "numbers|10001|10001|50005000", "log|4|4|0", "seeds|5|5|10007"];

#[test]
fn nothing_to_do_is_one_round_trip() {
    for driver in DRIVERS {
        let (database, mut connection) = with(driver, TABLES);
        connection.seed(&all()).unwrap();
        let proxy = Proxy::new(&database.url());
        let mut connection = driver.connect(&proxy.url(&database.url()));
        connection.sql("SELECT 1");
        proxy.reset();
        assert!(connection.seed(&all()).unwrap().is_empty());
        assert_eq!(proxy.counts().round_trips, 1, "{driver:?}");
    }
}

#[test]
fn eight_at_once() {
    let database = Database::new();
    database.query(TABLES);
    let barrier = Barrier::new(8);
    let loaded: Vec<usize> = thread::scope(|scope| {
        let runs = (0..8).map(|index| {
            let (url, barrier) = (database.url(), &barrier);
            scope.spawn(move || {
                let mut connection = DRIVERS[index % DRIVERS.len()].connect(&url);
                barrier.wait();
                connection.seed(&all()).unwrap_or_else(|error| panic!("{error}")).seeds().len()
            })
        });
        let runs: Vec<_> = runs.collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(state(&database), LOADED);
    // A generator whose batches two of them shared is done in the report of the one that had the last of them.
    assert_eq!(loaded.iter().sum::<usize>(), 5, "{loaded:?}");
    assert_eq!(database.errors(), [""; 0]);
}

#[test]
fn cut_at_every_message() {
    // What the others send is the same.
    let different = [Driver::SqlxConnection, Driver::TokioPostgres, Driver::Postgres];
    thread::scope(|scope| {
        for driver in drivers().into_iter().filter(|driver| different.contains(driver)) {
            scope.spawn(move || cut_over(driver));
        }
    });
}

fn cut_over(driver: Driver) {
    let proxy = Proxy::new(&Database::new().url());
    for moment in [Cut::Before, Cut::After] {
        for query in 1.. {
            let (database, mut afterwards) = with(driver, TABLES);
            proxy.cut(moment(query));
            let result = driver.connect(&proxy.url(&database.url())).seed(&all());
            if !proxy.is_cut() {
                result.unwrap_or_else(|error| panic!("{driver:?}: {error}"));
                assert!(query > 10, "{driver:?}: the {query}th message was none to cut");
                break;
            }
            let Err(error) = result else { panic!("{driver:?} {:?}: a run that is cut fails", moment(query)) };
            assert!(error.is_connection(), "{driver:?} {:?}: {error}", moment(query));
            afterwards.seed(&all()).unwrap_or_else(|error| panic!("{driver:?} {:?}: {error}", moment(query)));
            assert_eq!(state(&database), LOADED, "{driver:?} {:?}", moment(query));
        }
    }
}

const CLEAN: &str = "SELECT concat_ws(' ', now() = statement_timestamp(), current_setting('search_path'),
    current_setting('lock_timeout'), (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()),
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()))";
const AS_CONNECTED: &str = "t \"$user\", public 0 0 0";

/// Polls so many times and then drops the future. Tells whether it came to its end before.
async fn ends_within<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

/// Drops a run after one poll, after two and so on, until it comes to its end.
#[track_caller]
fn check_dropped(start: &impl AsyncFn(&str, usize) -> (bool, String)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Polls are many where rows are sent: after the first ones, some of them will do.
    let moments = (1..60).chain((60..).step_by(37));
    for polls in moments {
        let database = Database::new();
        database.query(TABLES);
        let (ended, next_user) = runtime.block_on(start(&database.url(), polls));
        assert_eq!(next_user, AS_CONNECTED, "after {polls} polls");
        Driver::Postgres
            .connect(&database.url())
            .seed(&all())
            .unwrap_or_else(|error| panic!("after {polls} polls: {error}"));
        assert_eq!(state(&database), LOADED, "after {polls} polls");
        if ended {
            assert!(polls > 1, "it came to its end without waiting");
            return;
        }
    }
}

/// A test for each client that can be dropped.
mod dropped_at_every_point {
    use super::*;

    #[test]
    fn sqlx_pool() {
        check_dropped(&async |url, polls| {
            let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(url).await.unwrap();
            let ended = ends_within(polls, all().run(&pool)).await;
            (ended, pool.fetch_one(sqlx::raw_sql(CLEAN)).await.unwrap().get_unchecked(0))
        });
    }

    #[test]
    fn sqlx_connection() {
        check_dropped(&async |url, polls| {
            let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap();
            let ended = ends_within(polls, all().run(&mut connection)).await;
            // Dropped in the middle of a `COPY`, the connection is lost; what it must not do is give answers to other questions.
            let mut next_user = None;
            for _ in 0..3 {
                match connection.fetch_one(sqlx::raw_sql(CLEAN)).await {
                    Ok(row) => next_user = Some(row.get_unchecked(0)),
                    Err(error) => assert!(is_lost(&error), "{error}"),
                }
            }
            (ended, next_user.unwrap_or_else(|| AS_CONNECTED.to_owned()))
        });
    }

    fn is_lost(error: &sqlx::Error) -> bool {
        match error.as_database_error() {
            // The protocol was broken, the copying cancelled, the session ended.
            Some(error) => matches!(error.code().as_deref(), Some("08P01" | "57014" | "57P01")),
            None => matches!(error, sqlx::Error::Io(_)),
        }
    }

    #[test]
    fn tokio_postgres() {
        check_dropped(&async |url, polls| {
            let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            let ended = ends_within(polls, all().run(&mut client)).await;
            let messages = client.simple_query(CLEAN).await.unwrap();
            let row = messages.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            (ended, row.unwrap())
        });
    }

    /// Another process loads seeds: it is waited for, and named once the wait is longer than a second, and not at each look.
    #[test]
    fn c5_waits_its_turn() {
        let (database, mut connection) = with(Driver::TokioPostgres, "CREATE TABLE t (id int)");
        let set = seeder(&[("t.csv", "id\n1\n")]);
        connection.mark(&set).unwrap();
        let mut other = Driver::Postgres.connect(&database.url());
        other.sql("SET application_name = 'other replica'");
        let key = database.value(
        "SELECT ('x' || left(encode(sha256('atlas-migrate \"public\" \"schema_seeds\"'), 'hex'), 16))::bit(64)::bigint",
    );
        other.sql(&format!("BEGIN; SELECT pg_advisory_xact_lock({key})"));
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let heard = std::sync::Arc::clone(&told);
        let patient = set.clone().wait_budget(std::time::Duration::from_millis(1600)).on_progress(move |event| {
            if let atlas_migrate::Event::Waiting { doing, holder, .. } = event {
                assert_eq!(*doing, "loading seeds");
                heard.lock().unwrap().push(holder.map(|holder| holder.application().to_owned()));
            }
        });
        let error = connection.seed(&patient).unwrap_err();
        assert_eq!(error.kind(), atlas_migrate::ErrorKind::Busy);
        assert!(error.to_string().contains("another process has been loading seeds"), "{error}");
        assert!(error.to_string().contains("other replica"), "{error}");
        assert_eq!(*told.lock().unwrap(), [None, Some("other replica".to_owned())]);
        other.sql("COMMIT");
        assert_eq!(loaded(&mut connection, &set), ["t.csv 1"]);
        // A table that somebody has locked.
        let mut connection = Driver::SqlxConnection.connect(&database.url());
        let set = seeder(&[("t.csv", "id\n2\n")]).lock_timeout(std::time::Duration::from_millis(20));
        for table in ["t", "schema_seeds", "schema_environment"] {
            other.sql(&format!("BEGIN; LOCK TABLE {table}"));
            let error = connection.seed(&set).unwrap_err();
            assert_eq!(error.kind(), atlas_migrate::ErrorKind::LockTimeout);
            assert!(error.to_string().contains(&format!("{table} is locked by pid")), "{error}");
            other.sql("COMMIT");
        }
        // One that may be read.
        other.sql("BEGIN; LOCK TABLE schema_environment IN SHARE MODE");
        let error = connection.mark(&set).unwrap_err();
        assert_eq!(error.kind(), atlas_migrate::ErrorKind::LockTimeout);
        assert!(error.to_string().contains("schema_environment is locked by pid"), "{error}");
        other.sql("COMMIT");
        loaded(&mut connection, &set);
    }

    /// What would commit by itself does not, in a seed: nothing of it stays, and it is said what to remove.
    #[test]
    fn a2_a_seed_commits_nothing_by_itself() {
        let procedure = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (2); COMMIT; END $$";
        for driver in [Driver::SqlxConnection, Driver::Postgres] {
            for statement in ["DO $$ BEGIN INSERT INTO t VALUES (2); COMMIT; END $$", "CALL p()"] {
                let (database, mut connection) = with(driver, &format!("CREATE TABLE t (id int); {procedure}"));
                let set = seeder(&[("s.sql", &format!("INSERT INTO t VALUES (1);\n{statement};"))]);
                let error = connection.seed(&set).unwrap_err();
                assert_eq!(error.sqlstate(), Some("2D000"), "{driver:?}: {error}");
                let said = error.to_string();
                assert!(said.contains("rolled back: nothing of it was loaded"), "{error}");
                assert!(said.contains("hint: remove the COMMIT or ROLLBACK"), "{error}");
                assert_eq!(database.value("SELECT count(*) FROM t"), "0", "{driver:?} {statement}");
            }
        }
    }

    /// Which seeds were loaded, where row-level security hides that.
    #[test]
    fn a_table_of_seeds_that_is_hidden() {
        let (database, mut connection) = with(Driver::Postgres, "CREATE TABLE t (id int)");
        let set = seeder(&[("t.csv", "id\n1\n")]);
        loaded(&mut connection, &set);
        let login = format!("seeds_hidden_{}", std::process::id());
        database.query(&format!(
            "CREATE ROLE {login} LOGIN; GRANT ALL ON t, schema_seeds, schema_environment TO {login};
         ALTER TABLE schema_seeds ENABLE ROW LEVEL SECURITY"
        ));
        let mut of_login = Driver::Postgres.connect(&database.url_as(&login));
        let error = of_login.seed(&set).unwrap_err().to_string();
        assert!(error.contains("row-level security hides which seeds were loaded"), "{error}");
        assert_eq!(database.value("SELECT count(*) FROM t"), "1");
        let hint = error.lines().last().unwrap_or_default().split_once("ALTER TABLE").unwrap().1;
        database.query(&format!("ALTER TABLE {hint}"));
        assert_eq!(loaded(&mut of_login, &set), [""; 0]);
        drop(of_login);
        database.query(&format!("DROP OWNED BY {login}; DROP ROLE {login}"));
    }

    every_driver! {
        /// A `COPY` that the server refuses: what the connection is asked later is not given another question's answer.
        fn a_copy_that_is_refused(driver) {
            let (database, mut connection) = with(driver, "CREATE TABLE t (id int)");
            let set = seeder(&[("s.sql", "COPY t (nothing) FROM stdin;\n1\n\\.\n")]);
            let error = connection.seed(&set).unwrap_err();
            assert_eq!(error.sqlstate(), Some("42703"), "{error}");
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| connection.sql("SELECT 'mine'")));
            assert!(answer.is_err() || answer.is_ok_and(|answer| answer == "mine"));
            let mut connection = driver.connect(&database.url());
            assert_eq!(loaded(&mut connection, &seeder(&[("t.csv", "id\n1\n")])), ["t.csv 1"]);
        }
    }

    /// A file has other rows of the same columns when it is loaded: what was recorded would not be what was loaded.
    #[track_caller]
    fn changes(name: &str, checked: &str, loaded: &str) {
        let folder = atlas_migrate_tests::Folder::new(env!("CARGO_TARGET_TMPDIR"), &[(name, checked)]);
        let seeder = Seeder::new(Seeds::from_directory(folder.path()).unwrap(), "dev");
        let (database, mut connection) = with(Driver::TokioPostgres, "CREATE TABLE t (id int)");
        std::fs::write(folder.path().join(name), loaded).unwrap();
        let error = connection.seed(&seeder).unwrap_err().to_string();
        let said = "other text than a moment ago";
        assert!(error.contains(said) && error.contains("rolled back"), "{name}: {error}");
        assert_eq!(database.value("SELECT count(*) FROM t"), "0", "{name}");
        assert_eq!(database.value("SELECT to_regclass('schema_seeds')"), "", "{name}");
        std::fs::write(folder.path().join(name), checked).unwrap();
        assert_eq!(connection.seed(&seeder).unwrap().seeds().len(), 1, "{name}");
    }

    #[test]
    fn b8_a_file_that_changes_under_the_same_columns() {
        changes("t.csv", "id\n1\n2\n", "id\n1\n3\n");
        changes("t.csv", "id\n1\n2\n", "id\n1\n2\n3\n");
        changes("t.csv", "id\n1\n2\n", "id\n1\n");
        changes("t.json", "[{\"id\": 1}]", "[{\"id\": 2}]");
        changes("t.ndjson", "{\"id\": 1}\n", "{\"id\": 1}\n{\"id\": 2}\n");
        changes("t.sql", "INSERT INTO t VALUES (1);", "INSERT INTO t VALUES (2);");
    }
}
