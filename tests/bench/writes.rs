//! Statements that write: each execution finds what the one before it found, and nothing stays.

use super::*;

/// What the database holds, all of it.
const ALL: &str = "SELECT string_agg(id || ' ' || coalesce(note, '-'), ', ' ORDER BY id) FROM a";

const TABLES: &str = "CREATE TABLE a (id int PRIMARY KEY, note text);
    INSERT INTO a VALUES (1, 'one'), (2, 'two');
    CREATE TABLE log (id int);
    CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (1); RETURN NULL; END';
    CREATE TRIGGER logs AFTER INSERT OR UPDATE OR DELETE ON a FOR EACH ROW EXECUTE FUNCTION logged();
    CREATE FUNCTION add(id int) RETURNS int LANGUAGE sql AS 'INSERT INTO a VALUES ($1) RETURNING id'";

every_driver! {
    fn are_rolled_back(driver) {
        let (database, mut connection) = with(driver, TABLES);
        // Each fails where the one before it is still there.
        let files = [
            ("1_insert.sql", "INSERT INTO a VALUES (3, 'three')"),
            ("2_update.sql", "UPDATE a SET note = (1 / (note = 'one')::int)::text WHERE id = 1"),
            ("3_delete.sql", "WITH gone AS (DELETE FROM a RETURNING id) SELECT 1 / (count(*) = 2)::int FROM gone"),
            ("4_lock.sql", "SELECT * FROM a FOR UPDATE"),
            ("5_parameters.sql", "-- atlas:parameters VALUES (3, 'x'), (4, NULL)\nINSERT INTO a VALUES ($1, $2) RETURNING *"),
            ("6_function.sql", "SELECT add(7)"),
        ];
        let report = bench(&mut connection, &bencher(&files));
        assert!(report.passed(), "{report}");
        assert_eq!(database.value(ALL), "1 one, 2 two");
        assert_eq!(database.value("SELECT count(*) FROM log"), "0");
    }
}

#[test]
fn a_statement_that_only_reads_cannot_write() {
    let (database, mut connection) = with(Driver::Postgres, "CREATE TABLE a (id int)");
    let shown = "SELECT 1 / (current_setting('transaction_read_only') = 'on')::int";
    let report = bench(&mut connection, &bencher(&[("a.sql", shown)]));
    assert!(report.passed(), "{report}");
    drop(database);
}

#[test]
fn nobody_else_sees_them() {
    let (database, mut connection) = with(Driver::Postgres, TABLES);
    let sleeps = ("a.sql", "INSERT INTO a SELECT 3 FROM pg_sleep(0.05)");
    let url = database.url();
    let looks = std::thread::spawn(move || {
        let mut other = Driver::Postgres.connect(&url);
        (0..20).map(|_| other.sql(&ALL.replace("FROM a", "FROM a, pg_sleep(0.01)"))).collect::<Vec<_>>()
    });
    let report = bench(&mut connection, &bencher(&[sleeps]));
    assert!(report.passed(), "{report}");
    assert_eq!(looks.join().unwrap(), ["1 one, 2 two"; 20]);
}
