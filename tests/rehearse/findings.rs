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
    check("CREATE INDEX ON users (name)", &["1. SHARE on public.users; 0"]);
    check("CREATE VIEW v AS SELECT id FROM posts", &["1. ACCESS SHARE on public.posts; 0"]);
    check("SELECT 1 FROM users WHERE id = 1 FOR UPDATE", &["1. ROW SHARE on public.users; 0"]);
    check("LOCK TABLE posts IN EXCLUSIVE MODE", &["1. EXCLUSIVE on public.posts; 0"]);
    check("ANALYZE posts", &["1. SHARE UPDATE EXCLUSIVE on public.posts; 0"]);
    check("SELECT nextval('numbers')", &["1. ROW EXCLUSIVE on public.numbers; 0"]);
    check(
        "ALTER TABLE posts ADD FOREIGN KEY (author) REFERENCES users",
        &["1. SHARE ROW EXCLUSIVE on public.posts, SHARE ROW EXCLUSIVE on public.users; 0"],
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
