//! How a database is used.

use std::time::Duration;

use atlas_migrate::usage::{IndexUsage, Usage};
use atlas_migrate_tests::wait_for;

use super::*;

const SQL: &str = "CREATE SCHEMA app; CREATE TABLE app.users (id int PRIMARY KEY, email text, name text, tags int[]);
    CREATE UNIQUE INDEX users_email_key ON app.users (email); CREATE INDEX users_email_idx ON app.users (email);
    CREATE INDEX users_name_idx ON app.users (name); CREATE INDEX users_name_idx2 ON app.users (name) WHERE id > 0;
    CREATE INDEX users_name_idx3 ON app.users (name DESC); CREATE INDEX users_lower ON app.users (lower(name));
    CREATE INDEX users_lower2 ON app.users (lower(name)); CREATE INDEX users_tags ON app.users USING gin (tags);
    CREATE TABLE small (id int, EXCLUDE (id WITH =)); CREATE TABLE empty (id int); CREATE VIEW v AS SELECT 1;
    INSERT INTO app.users SELECT n, 'email ' || n, 'name ' || n FROM generate_series(1, 5000) n; INSERT INTO small VALUES (1);
    CREATE MATERIALIZED VIEW m AS SELECT n FROM generate_series(1, 1000) n; ANALYZE app.users; ANALYZE small; ANALYZE m";

#[track_caller]
fn usage(connection: &mut Connection) -> Usage {
    connection.usage().unwrap_or_else(|error| panic!("{error}"))
}

every_driver! {
    fn tables_and_indexes(driver) {
        let (database, mut connection) = with(driver, SQL);
        let usage = usage(&mut connection);
        let names: Vec<_> = usage.tables().iter().map(|table| table.name()).collect();
        assert_eq!(names, ["app.users", "public.m", "public.small", "public.empty"]);
        let users = &usage.tables()[0];
        assert_eq!(users.rows(), Some(5000));
        assert_eq!(users.total().to_string(), database.value("SELECT pg_total_relation_size('app.users')"));
        assert_eq!(users.indexes().to_string(), database.value("SELECT pg_indexes_size('app.users')"));
        assert_eq!(users.toast().to_string(), database.value("SELECT pg_total_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'app.users'::regclass"));
        assert_eq!(usage.indexes().len(), 10);
        let duplicates: Vec<Vec<_>> = usage.duplicate_indexes().iter().map(|same| same.iter().map(|index| index.name()).collect()).collect();
        assert_eq!(duplicates, [["app.users_email_idx", "app.users_email_key"], ["app.users_lower", "app.users_lower2"]]);
        let mut unused: Vec<_> = usage.unused_indexes().map(|index| index.name()).collect();
        unused.sort_unstable();
        assert_eq!(unused, [
            "app.users_email_idx", "app.users_lower", "app.users_lower2", "app.users_name_idx", "app.users_name_idx2",
            "app.users_name_idx3", "app.users_tags",
        ]);
        assert_eq!(database.errors(), [""; 0]);
    }
}

#[test]
fn an_index_that_is_used_counts() {
    let (database, mut connection) = with(Driver::Postgres, SQL);
    assert_eq!(database.query("SET enable_seqscan = off; SELECT count(*) FROM app.users WHERE tags @> '{1}'"), ["0"]);
    // The server gathers statistics at its leisure.
    wait_for("the statistics to know of the scan", Duration::from_secs(60), || {
        let usage = usage(&mut connection);
        let is_tags = |index: &&IndexUsage| index.name() == "app.users_tags";
        let is_unused = usage.unused_indexes().any(|index| is_tags(&index));
        (!is_unused && usage.indexes().iter().find(is_tags)?.scans() == 1).then_some(())
    });
}

#[test]
fn connections() {
    let (database, mut connection) = with(Driver::Postgres, "");
    let url = format!("{}?application_name=web", database.url());
    let mut idle: Vec<_> = (0..2).map(|_| Driver::Postgres.connect(&url)).collect();
    let mut open = Driver::Postgres.connect(&url);
    open.sql("BEGIN");
    idle.iter_mut().for_each(|idle| drop(idle.sql("SELECT 1")));
    let told = |usage: &Usage| -> Vec<String> {
        let one =
            |one: &atlas_migrate::usage::Connections| format!("{} {} {}", one.count(), one.state(), one.application());
        usage.connections().iter().map(one).filter(|line| line.ends_with("web")).collect()
    };
    assert_eq!(told(&usage(&mut connection)), ["2 idle web", "1 idle in transaction web"]);
    let role = Role::new(&database, "usage_few");
    let mut stranger = Driver::Postgres.connect(&database.url_as(&role.name));
    assert_eq!(told(&usage(&mut stranger)), ["3 not visible web"]);
}

#[test]
fn since() {
    let (database, mut connection) = with(Driver::Postgres, "SELECT pg_stat_reset()");
    let year = database.value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-')");
    wait_for("the statistics to know of their reset", Duration::from_secs(60), || {
        let usage = usage(&mut connection);
        usage.since().is_some_and(|since| since.starts_with(&year) && since.ends_with('Z')).then_some(())
    });
}

/// Small enough to have the same size on every version.
const SMALL: &str = "CREATE TABLE users (id int PRIMARY KEY, email text) WITH (autovacuum_enabled = off);
    CREATE UNIQUE INDEX users_email_key ON users (email); CREATE INDEX users_email_idx ON users (email);
    CREATE TABLE log (line int) WITH (autovacuum_enabled = off);
    INSERT INTO users SELECT n, 'email ' || n FROM generate_series(1, 50) n; INSERT INTO log VALUES (1); ANALYZE users; ANALYZE log";

#[test]
fn report() {
    let (database, mut connection) = with(Driver::Postgres, SMALL);
    database.query("SELECT pg_stat_reset()");
    let usage = wait_for("the statistics to know of their reset", Duration::from_secs(60), || {
        Some(usage(&mut connection)).filter(|usage| usage.since().is_some())
    });
    // A session of the set-up may still be there, at its end.
    let masked = |text: &str| {
        let text = text.replace(usage.since().unwrap_or_default(), "2026-01-31T12:00:00Z");
        text.split("connections").next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!("text", masked(&usage.to_string()));
    insta::assert_snapshot!("json", masked(&usage.to_json()));
}
