//! What is found of each statement.

use super::*;

/// What one file does to the tables: for each statement its number, then locks, rewritten tables and the number of warnings.
#[track_caller]
fn check(driver: Driver, sql: &str, expected: &[&str]) {
    let database = with_tables();
    let rehearsal = rehearse(&database, driver, &[("001_it.sql", sql)]);
    assert!(rehearsal.passed(), "{rehearsal}");
    let mut found = Vec::new();
    for statement in rehearsal.migrations()[0].statements() {
        let locks = statement.locks().iter().map(|lock| format!("{} on {}", lock.mode(), lock.table()));
        let rewrites = statement.rewrites().iter().map(|rewrite| match rewrite.bytes() {
            0 => format!("empties {}", rewrite.table()),
            _ => format!("rewrites {}", rewrite.table()),
        });
        let findings: Vec<_> = locks.chain(rewrites).collect();
        found.push(format!("{}. {}; {}", statement.number(), findings.join(", "), statement.warnings().len()));
    }
    assert_eq!(found, expected, "{sql}");
}

every_driver! {
    fn locks_rewrites_and_warnings(driver) {
        check(
            driver,
            "SELECT count(*) FROM users; UPDATE users SET age = 1 WHERE id = 1; ALTER TABLE users ALTER id TYPE bigint;
             SELECT 1 FROM users",
            &[
                "1. ACCESS SHARE on public.users; 0",
                "2. ROW EXCLUSIVE on public.users; 0",
                "3. ACCESS EXCLUSIVE on public.users, rewrites public.users; 1",
                "4. ; 0",
            ],
        );
    }
}

#[test]
fn each_way_to_lock() {
    let check = |sql, findings| check(Driver::TokioPostgres, sql, findings);
    check("CREATE TABLE t (); ALTER TABLE t ADD a int; DROP TABLE t", &["1. ; 0", "2. ; 0", "3. ; 0"]);
    check("ALTER TABLE users ADD a int", &["1. ACCESS EXCLUSIVE on public.users; 1"]);
    check("ALTER TABLE users RENAME TO people", &["1. ACCESS EXCLUSIVE on public.users; 1"]);
    check("DROP TABLE posts", &["1. ACCESS EXCLUSIVE on public.posts; 1"]);
    check("DROP VIEW names", &["1. ACCESS EXCLUSIVE on public.names; 1"]);
    check("CREATE INDEX ON users (name)", &["1. SHARE on public.users; 1"]);
    check("CREATE VIEW v AS SELECT id FROM posts", &["1. ACCESS SHARE on public.posts; 0"]);
    check("SELECT 1 FROM users WHERE id = 1 FOR UPDATE", &["1. ROW SHARE on public.users; 0"]);
    check("LOCK TABLE posts IN EXCLUSIVE MODE", &["1. EXCLUSIVE on public.posts; 1"]);
    check("ANALYZE posts", &["1. SHARE UPDATE EXCLUSIVE on public.posts; 0"]);
    check("SELECT nextval('numbers')", &["1. ROW EXCLUSIVE on public.numbers; 0"]);
    check(
        "ALTER TABLE posts ADD FOREIGN KEY (author) REFERENCES users",
        &["1. SHARE ROW EXCLUSIVE on public.posts, SHARE ROW EXCLUSIVE on public.users; 2"],
    );
}

#[test]
fn each_way_to_rewrite() {
    let check = |sql, findings| check(Driver::Postgres, sql, findings);
    check("CLUSTER users USING users_pkey", &["1. ACCESS EXCLUSIVE on public.users, rewrites public.users; 1"]);
    check(
        "ALTER TABLE users ADD a float DEFAULT random()",
        &["1. ACCESS EXCLUSIVE on public.users, rewrites public.users; 1"],
    );
    check("ALTER TABLE users ADD a int DEFAULT 1", &["1. ACCESS EXCLUSIVE on public.users; 1"]);
    check(
        "REFRESH MATERIALIZED VIEW ages",
        &["1. ACCESS EXCLUSIVE on public.ages, ACCESS SHARE on public.users, rewrites public.ages; 1"],
    );
    // Of a table without rows that takes no time, but it is locked.
    check(
        "ALTER TABLE posts ALTER author TYPE bigint",
        &["1. ACCESS EXCLUSIVE on public.posts, empties public.posts; 1"],
    );
    check("TRUNCATE users", &["1. ACCESS EXCLUSIVE on public.users, empties public.users; 1"]);
    // Twice, the second time under the same lock.
    check(
        "ALTER TABLE users ALTER id TYPE bigint; CLUSTER users USING users_pkey",
        &["1. ACCESS EXCLUSIVE on public.users, rewrites public.users; 1", "2. rewrites public.users; 1"],
    );
}

#[test]
fn the_history_is_no_finding() {
    let database = with_tables();
    let first = [("001_a.sql", "CREATE TABLE a ()")];
    Driver::Postgres.connect(&database.url()).run(&migrator(&first)).unwrap();
    let files = [first[0], ("002_b.sql", "SELECT 1"), ("003_c.sql", "SELECT 1")];
    let rehearsal = rehearse(&database, Driver::Postgres, &files);
    assert_eq!(verdicts(&rehearsal), ["002 passed", "003 passed"]);
    assert!(rehearsal.migrations().iter().all(|one| one.statements()[0].locks().is_empty()), "{rehearsal}");
}

#[test]
fn times_and_places() {
    let database = Database::new();
    let file = "-- Two of them\nSELECT pg_sleep(0.05);\n\n  SELECT\n 1;";
    let rehearsal = rehearse(&database, Driver::SqlxPool, &[("001_a.sql", file)]);
    let [slow, quick] = rehearsal.migrations()[0].statements() else { panic!("{rehearsal}") };
    assert!(slow.duration().as_millis() >= 50 && quick.duration() < slow.duration(), "{rehearsal}");
    assert_eq!((slow.place(), quick.place()), ((2, 1), (4, 3)));
    assert_eq!((slow.sql(), quick.sql()), ("SELECT pg_sleep(0.05)", "SELECT\n 1"));
    assert_eq!(rehearsal.migrations()[0].duration(), slow.duration() + quick.duration());
}

/// Which locks the last of these files takes, whatever those before it took.
#[track_caller]
fn last_of(files: &[(&str, &str)], expected: &[&str]) {
    let database = with_tables();
    let rehearsal = rehearse(&database, Driver::TokioPostgres, files);
    assert!(rehearsal.passed(), "{rehearsal}");
    let last = rehearsal.migrations().last().unwrap();
    let locks = last.statements().iter().flat_map(|statement| statement.locks());
    let found: Vec<_> = locks.map(|lock| format!("{} on {}", lock.mode(), lock.table())).collect();
    assert_eq!(found, expected, "{rehearsal}");
}

#[test]
fn b4_each_migration_takes_its_locks_anew() {
    let alter = ("001_a.sql", "ALTER TABLE users ADD a int");
    let all = "ALTER TABLE users ADD a int; CREATE INDEX ON posts (author); ALTER TABLE posts DISABLE TRIGGER ALL; \
               UPDATE users SET age = 1; SELECT 1 FROM posts";
    let again = |sql: &str, expected: &[&str]| last_of(&[("001_a.sql", all), ("002_b.sql", sql)], expected);
    last_of(&[alter, ("002_b.sql", "ALTER TABLE users ADD b int")], &["ACCESS EXCLUSIVE on public.users"]);
    last_of(
        &[
            alter,
            ("002_b.sql", "ALTER TABLE posts ADD b int"),
            ("003_c.sql", "ALTER TABLE public.users ADD c int; DROP VIEW names"),
        ],
        &["ACCESS EXCLUSIVE on public.users", "ACCESS EXCLUSIVE on public.names"],
    );
    again("CREATE INDEX ON posts (id, author)", &["SHARE on public.posts"]);
    again("UPDATE users SET age = 2", &["ROW EXCLUSIVE on public.users"]);
    again("SELECT count(*) FROM posts", &["ACCESS SHARE on public.posts"]);
    again("ALTER TABLE posts ENABLE TRIGGER ALL", &["SHARE ROW EXCLUSIVE on public.posts"]);
    again("DO $$ BEGIN EXECUTE 'ALTER TABLE users ADD z int'; END $$", &["ACCESS EXCLUSIVE on public.users"]);
    again("DROP INDEX users_name; SELECT 1", &["ACCESS EXCLUSIVE on public.users"]);
    // Within one migration it is told once.
    again(
        "ALTER TABLE users ADD b int; ALTER TABLE users ADD c int; UPDATE users SET age = 3",
        &["ACCESS EXCLUSIVE on public.users"],
    );
}

/// What the only statement of a file means for others.
#[track_caller]
fn warns(sql: &str, expected: &[&str]) {
    let database = with_tables();
    let rehearsal = rehearse(&database, Driver::Postgres, &[("001_it.sql", sql)]);
    let warnings: Vec<_> = rehearsal.migrations()[0].statements()[0].warnings();
    let found: Vec<_> = warnings
        .iter()
        .map(|warning| match (warning.find(" ("), warning.find(" here): ")) {
            (Some(start), Some(end)) => format!("{}{}", &warning[..start], &warning[end + 6..]),
            _ => warning.clone(),
        })
        .collect();
    assert_eq!(found, expected, "{rehearsal}");
}

#[test]
fn b7_what_others_wait_for() {
    let writes = |table: &str| {
        format!("it locks public.{table} until the commit: nobody can write it meanwhile, reading goes on")
    };
    let all = |table: &str| format!("it locks public.{table} until the commit: nobody can read or write it meanwhile");
    warns("CREATE INDEX ON users (name)", &[&writes("users")]);
    warns("ALTER TABLE posts ADD FOREIGN KEY (author) REFERENCES users", &[&writes("posts"), &writes("users")]);
    warns("LOCK TABLE posts IN SHARE ROW EXCLUSIVE MODE", &[&writes("posts")]);
    warns("LOCK TABLE posts IN EXCLUSIVE MODE", &[&writes("posts")]);
    warns("LOCK TABLE posts", &[&all("posts")]);
    warns("TRUNCATE posts", &[&all("posts")]);
    warns("ALTER TABLE users ALTER name SET NOT NULL", &[&all("users")]);
    warns("CREATE POLICY own ON posts", &[&all("posts")]);
    warns("ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID", &[&all("users")]);
    for quiet in [
        "COMMENT ON TABLE users IS 'people'",
        "CREATE STATISTICS s ON id, age FROM users",
        "ANALYZE users",
        "UPDATE users SET age = 1",
        "ALTER TABLE users ALTER name SET STATISTICS 9",
    ] {
        warns(quiet, &[]);
    }
    let rewrites = "it rewrites public.users (64 kB), which nobody can read or write until the commit";
    warns("ALTER TABLE users ADD a float DEFAULT random()", &[rewrites]);
    // Statements that are committed by themselves.
    let alone = "it locks public.posts while it runs: nobody can write it meanwhile, reading goes on";
    warns("-- atlas:no-transaction\nCREATE INDEX ON posts (author)", &[alone]);
    warns("CREATE INDEX CONCURRENTLY ON posts (author)", &[]);
}

#[test]
fn b7_for_how_long() {
    let database = with_tables();
    let file = "ALTER TABLE users ADD a int; SELECT pg_sleep(0.05)";
    let rehearsal =
        rehearse(&database, Driver::SqlxPool, &[("001_a.sql", file), ("002_b.sql", "ALTER TABLE users ADD b int")]);
    let held = |index: usize| rehearsal.migrations()[index].statements()[0].locks()[0].held();
    assert!(held(0).as_millis() >= 50 && held(1) < held(0), "{rehearsal}");
    let lock = &rehearsal.migrations()[0].statements()[0].locks()[0];
    assert!(lock.mode().blocks_reads() && lock.mode().blocks_writes());
}
