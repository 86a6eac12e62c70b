//! What fails only when a seed is committed.

use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate};

use super::*;

const TABLES: &str = "CREATE TABLE a (id int PRIMARY KEY, b int, n int, UNIQUE (n) DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE c (id int, during int4range, EXCLUDE USING gist (during WITH &&) DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE d (id int);
    CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF (SELECT count(*) > 2 FROM d) THEN RAISE ''too many rows''; END IF; RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER few AFTER INSERT ON d DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION few()";
const COUNT: &str =
    "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b) + (SELECT count(*) FROM c) + (SELECT count(*) FROM d)";

/// The place that is named, in whichever way the seeds are loaded.
#[track_caller]
fn check(more: &str, files: &[(&str, &str)], place: &str) {
    for driver in [Driver::SqlxPool, Driver::Postgres] {
        let (database, mut connection) = with(driver, &format!("{TABLES}; {more}"));
        for attempt in [Connection::seed, Connection::dry_run] {
            let error = attempt(&mut connection, &seeder(files)).unwrap_err().to_string();
            assert!(error.contains(&format!("--> {place}")), "{error}");
            assert!(error.contains("rolled back: nothing of it was loaded"), "{error}");
            assert_eq!(database.value(COUNT), "0", "{error}");
        }
        assert_eq!(connection.sql("SELECT 1"), "1");
    }
}

#[test]
fn b10_file_and_row() {
    check("", &[("b.csv", "id,a\n1,7\n")], "seeds/b.csv:2:3");
    check("", &[("b.json", "[{\"id\": 1,\n  \"a\": 7}]")], "seeds/b.json:2:8");
    check("", &[("b.ndjson", "{\"id\": 1, \"a\": 7}\n")], "seeds/b.ndjson:1:16");
    check("", &[("a.csv", "id,n\n1,5\n2,6\n3,6\n")], "seeds/a.csv:3:3");
    check("", &[("c.csv", "id,during\n1,\"[1,9)\"\n2,\"[8,11)\"\n")], "seeds/c.csv:");
    check("", &[("d.csv", "id\n1\n2\n3\n")], "seeds/d.csv");
    check("", &[("one.sql", "INSERT INTO b VALUES (1, 7);\nSELECT 1;\n")], "seeds/one.sql");
    check("", &[("one.sql", "COPY d FROM stdin;\n1\n2\n3\n\\.\n")], "seeds/one.sql");
    // A circle, whose seeds share a transaction.
    let circle = "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY DEFERRED";
    check(circle, &[("a.csv", "id,b\n1,1\n"), ("b.csv", "id,a\n1,1\n2,8\n")], "seeds/b.csv:3:3");
    check(circle, &[("a.csv", "id,b,n\n1,1,4\n2,1,4\n"), ("b.csv", "id,a\n1,1\n")], "seeds/a.csv:2:5");
}

/// Rows, the last of which refers to one that is not there.
struct Rows;

impl Generate for Rows {
    fn table(&self) -> &str {
        "b"
    }

    fn columns(&self) -> &[&str] {
        &["id", "a"]
    }

    fn rows(&self) -> u64 {
        10_003
    }

    fn row(&self, number: u64, _random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        cells.push(number);
        cells.push(if number == 10_002 { 7 } else { 1 });
    }
}

#[test]
fn b10_generated_rows() {
    let (database, mut connection) = with(Driver::TokioPostgres, &format!("{TABLES}; INSERT INTO a (id) VALUES (1)"));
    let seeder = Seeder::new(Seeds::empty(), "dev").generate("dev", Rows);
    connection.mark(&seeder).unwrap();
    let error = connection.seed(&seeder).unwrap_err().to_string();
    insta::assert_snapshot!(error, @r#"
    seed generated:b failed: insert or update on table "b" violates foreign key constraint "b_a_fkey"
     --> generated:b
      = note: it is row 10002 of those that are generated
      = note: it is deferred, and was checked when all rows were there
      = note: sqlstate: 23503
      = note: detail: Key (a)=(7) is not present in table "a".
      = note: rolled back: its first 10000 rows were loaded before, and stay; the next run goes on behind them
      = hint: no row has what it refers to: load that before, or fix the key
    "#);
    assert_eq!(database.value("SELECT count(*) FROM b"), "10000");
}
