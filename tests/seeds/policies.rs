//! When a seed runs, and what becomes of rows that exist.

use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate};

use super::*;

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, email text UNIQUE, name text, j json, changed int DEFAULT 0);
    CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed = OLD.changed + 1; RETURN NEW; END';
    CREATE TRIGGER changed BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION changed()";
const ROWS: &str = "SELECT id, email, coalesce(name, '-'), changed FROM t ORDER BY id";

every_driver! {
    fn once(driver) {
        let (database, mut connection) = with(driver, TABLE);
        let set = |name: &str| seeder(&[("t.csv", &format!("id,name\n1,{name}\n")), ("t.csv.toml", "run = \"once\"")]);
        assert_eq!(loaded(&mut connection, &set("a")), ["t.csv 1"]);
        assert_eq!(loaded(&mut connection, &set("b")), [""; 0]);
        assert_eq!(database.value("SELECT name FROM t"), "a");
    }

    fn always(driver) {
        let (database, mut connection) = with(driver, TABLE);
        let set = seeder(&[("s.sql", "-- atlas:seed always\nINSERT INTO t (id) SELECT count(*) FROM t;")]);
        for _ in 0..3 {
            assert_eq!(loaded(&mut connection, &set), ["s.sql 0"]);
        }
        assert_eq!(database.value("SELECT count(*) FROM t"), "3");
    }

    fn on_change(driver) {
        let (database, mut connection) = with(driver, TABLE);
        let set = |rows: &str, policy: &str| seeder(&[("t.csv", &format!("id,email,name,j\n{rows}")), ("t.csv.toml", policy)]);
        let update = "existing = \"update\"\nkey = [\"email\"]";
        assert_eq!(loaded(&mut connection, &set("1,a@b,Anna,{}\n2,c@d,Ben,\n", update)), ["t.csv 2"]);
        assert_eq!(loaded(&mut connection, &set("1,a@b,Anna,{}\n2,c@d,Ben,\n", update)), [""; 0]);
        // Only what differs is written.
        assert_eq!(loaded(&mut connection, &set("1,a@b,Anna,{}\n2,c@d,Bernd,\n3,e@f,,\n", update)), ["t.csv 3"]);
        assert_eq!(database.query(ROWS), ["1|a@b|Anna|0", "2|c@d|Bernd|1", "3|e@f|-|0"]);
        // A policy is a part of the seed.
        let skip = "existing = \"skip\"";
        assert_eq!(loaded(&mut connection, &set("1,a@b,Anna,{}\n2,c@d,Bernd,\n3,e@f,,\n", skip)), ["t.csv 3"]);
        assert_eq!(loaded(&mut connection, &set("1,x@y,Xaver,\n4,g@h,Dora,\n", skip)), ["t.csv 2"]);
        assert_eq!(database.query(ROWS), ["1|a@b|Anna|0", "2|c@d|Bernd|1", "3|e@f|-|0", "4|g@h|Dora|0"]);
        let error = connection.seed(&set("5,z@z,,\n1,x@y,Xaver,\n", "")).unwrap_err();
        assert_eq!(error.position(), Some(("seeds/t.csv", 3, 1)), "{error}");
        assert_eq!(error.sqlstate(), Some("23505"));
        assert_eq!(database.value("SELECT count(*) FROM t"), "4");
    }

    /// What has a name in the file alone is left as it is.
    fn columns_that_the_file_does_not_have(driver) {
        let (database, mut connection) = with(driver, TABLE);
        database.query("INSERT INTO t VALUES (1, 'a@b', 'Anna')");
        let set = seeder(&[("t.json", r#"[{"id": 1, "email": "new@b"}]"#), ("t.json.toml", "existing = \"update\"\nkey = [\"id\"]")]);
        connection.mark(&set).unwrap();
        loaded(&mut connection, &set);
        assert_eq!(database.query(ROWS), ["1|new@b|Anna|1"]);
    }

    fn sequences_go_on(driver) {
        let (database, mut connection) = with(driver, "CREATE TABLE a (id serial, n int); CREATE TABLE b (id bigint GENERATED ALWAYS AS IDENTITY, n int);
            INSERT INTO b (n) SELECT 0 FROM generate_series(1, 50); DELETE FROM b");
        let set = seeder(&[("a.csv", "id,n\n7,1\n3,1\n"), ("b.csv", "id,n\n20,1\n"), ("b.csv.toml", "existing = \"skip\"")]);
        loaded(&mut connection, &set);
        assert_eq!(database.value("INSERT INTO a (n) VALUES (2) RETURNING id"), "8");
        assert_eq!(database.value("INSERT INTO b (n) VALUES (2) RETURNING id"), "51");
    }

    /// Whether a column owns the sequence or not, and whichever columns it numbers.
    fn c2_sequences_of_defaults_go_on(driver) {
        let (database, mut connection) = with(driver, "CREATE SCHEMA other; CREATE SEQUENCE s; CREATE SEQUENCE other.t; CREATE SEQUENCE low AS smallint;
            CREATE TABLE a (id int PRIMARY KEY DEFAULT nextval('s'), m bigint DEFAULT nextval('other.t'), code text DEFAULT 'A' || nextval('s'));
            CREATE TABLE b (id bigint PRIMARY KEY DEFAULT nextval('s'), n int);
            CREATE TABLE c (id int PRIMARY KEY DEFAULT nextval('low'), n int)");
        let set = seeder(&[("a.csv", "id,m,code\n7,3,A1\n"), ("b.csv", "id,n\n20,1\n"), ("c.csv", "id,n\n40000,1\n")]);
        loaded(&mut connection, &set);
        assert_eq!(database.query("INSERT INTO a DEFAULT VALUES RETURNING id, m"), ["21|4"]);
        // What a sequence never reaches is left alone.
        assert_eq!(database.value("INSERT INTO c (n) VALUES (2) RETURNING id"), "1");
        assert_eq!(database.errors(), [""; 0]);
    }
}

/// Rows of which no unique index tells whether they exist, in a table with these indexes.
#[track_caller]
fn check_null(indexes: &str, file: (&str, &str), policy: &str, place: Option<(usize, usize)>) {
    let (database, mut connection) = with(
        Driver::TokioPostgres,
        &format!("CREATE TABLE t (id serial PRIMARY KEY, a text, b text, n int DEFAULT 1); {indexes}"),
    );
    let set = seeder(&[file, (&format!("{}.toml", file.0), &format!("run = \"always\"\n{policy}"))]);
    for _ in 0..2 {
        match (connection.seed(&set), place) {
            (Ok(_), None) => assert_eq!(database.value("SELECT count(*) FROM t"), "2", "{indexes} {file:?}"),
            (Err(error), Some((line, column))) => {
                assert_eq!(error.position(), Some((format!("seeds/{}", file.0).as_str(), line, column)), "{error}");
                assert_eq!(database.value("SELECT count(*) FROM t"), "0", "{error}");
            }
            (result, _) => panic!("{indexes} {file:?}: {result:?}"),
        }
    }
}

#[test]
fn a7_a_null_in_a_key() {
    const UPDATE: &str = "existing = \"update\"\nkey = [\"a\"]";
    const BOTH: &str = "existing = \"update\"\nkey = [\"a\", \"b\"]";
    const CSV: (&str, &str) = ("t.csv", "b,a\nx,1\ny,\n");
    let unique = "CREATE UNIQUE INDEX ON t (a)";
    let pair = "CREATE UNIQUE INDEX ON t (b, a)";
    check_null(unique, CSV, UPDATE, Some((3, 3)));
    check_null(unique, CSV, "existing = \"skip\"\nkey = [\"a\"]", Some((3, 3)));
    check_null(pair, CSV, BOTH, Some((3, 3)));
    check_null(
        unique,
        ("t.json", "[{\"b\": \"x\", \"a\": \"1\"},\n {\"b\": \"y\", \"a\": null}]"),
        UPDATE,
        Some((2, 18)),
    );
    check_null(unique, ("t.json", "[{\"b\": \"x\", \"a\": \"1\"},\n {\"b\": \"y\"}]"), UPDATE, Some((2, 2)));
    check_null(
        unique,
        ("t.ndjson", "{\"b\": \"x\", \"a\": \"1\"}\n{\"b\": \"y\", \"a\": null}\n"),
        UPDATE,
        Some((2, 17)),
    );
    // Without a key, any unique index that the file has the columns of.
    check_null(unique, CSV, "existing = \"skip\"", Some((3, 3)));
    check_null(&format!("{unique}; {pair}"), CSV, "existing = \"skip\"", Some((3, 3)));
    check_null(&format!("{unique}; CREATE UNIQUE INDEX ON t (b)"), CSV, "existing = \"skip\"", None);
    check_null(&format!("{unique}; CREATE UNIQUE INDEX ON t (b, n)"), CSV, "existing = \"skip\"", None);
    check_null(&format!("{unique}; CREATE UNIQUE INDEX ON t (coalesce(a, ''))"), CSV, "existing = \"skip\"", None);
    // An empty text is no null.
    check_null(unique, ("t.csv", "b,a\nx,1\ny,\"\"\n"), UPDATE, None);
    if Database::new().value("SHOW server_version_num").as_str() >= "150000" {
        check_null("CREATE UNIQUE INDEX ON t (a) NULLS NOT DISTINCT", CSV, UPDATE, None);
        check_null("CREATE UNIQUE INDEX ON t (b, a) NULLS NOT DISTINCT", CSV, BOTH, None);
        check_null("CREATE UNIQUE INDEX ON t (a) NULLS NOT DISTINCT", CSV, "existing = \"skip\"", None);
        check_null(&format!("{unique}; CREATE UNIQUE INDEX ON t (a) NULLS NOT DISTINCT"), CSV, UPDATE, None);
    }
}

/// Rows that can be told apart by nothing.
struct Nulls;

impl Generate for Nulls {
    fn table(&self) -> &str {
        "t"
    }

    fn columns(&self) -> &[&str] {
        &["a", "n"]
    }

    fn rows(&self) -> u64 {
        3
    }

    fn row(&self, number: u64, _random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        cells.push((number < 2).then_some(number));
        cells.push(number);
    }

    fn key(&self) -> &[&str] {
        &["a"]
    }
}

#[test]
fn a7_a_null_in_a_generated_key() {
    let (database, mut connection) = with(Driver::Postgres, "CREATE TABLE t (a int UNIQUE, n int)");
    let error = connection.seed(&Seeder::new(Seeds::empty(), "dev").generate("dev", Nulls)).unwrap_err();
    insta::assert_snapshot!(error, @"
    row 2 generated for t has null in `a`, by which existing rows are found
      = note: rolled back: nothing of it was loaded
      = hint: write a value: no null equals another, so that each run would add the row again
    ");
    assert_eq!(database.value("SELECT count(*) FROM t"), "0");
}

/// A file that is loaded a second time, changed, into a table of which nothing tells that its rows exist.
#[track_caller]
fn check_doubled(table: &str, policy: &str, expected: Option<&[&str]>) {
    let (database, mut connection) = with(Driver::TokioPostgres, table);
    let set = |rows: &str| seeder(&[("t.csv", &format!("a,n\n{rows}")), ("t.csv.toml", policy)]);
    connection.seed(&set("1,x\n")).unwrap_or_else(|error| panic!("{table} {policy}: {error}"));
    match (connection.seed(&set("1,x\n2,y\n")), expected) {
        (Ok(_), Some(rows)) => {
            assert_eq!(database.query("SELECT a, n FROM t ORDER BY a, n"), rows, "{table} {policy}");
        }
        (Err(error), None) => {
            assert!(error.to_string().contains("nothing tells which rows of public.t exist"), "{error}");
            assert_eq!(database.value("SELECT count(*) FROM t"), "1", "{error}");
        }
        (result, _) => panic!("{table} {policy}: {result:?}"),
    }
}

#[test]
fn a7_rows_that_nothing_tells() {
    const PLAIN: &str = "CREATE TABLE t (a int, n text)";
    const NUMBERED: &str = "CREATE TABLE t (id serial PRIMARY KEY, a int, n text)";
    const UNIQUE: &str = "CREATE TABLE t (id serial PRIMARY KEY, a int UNIQUE, n text)";
    for table in [PLAIN, NUMBERED, "CREATE TABLE t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), a int, n text)"] {
        check_doubled(table, "existing = \"skip\"", None);
        check_doubled(table, "existing = \"skip\"\nrun = \"always\"", None);
        check_doubled(table, "run = \"once\"", Some(&["1|x"]));
        // Each run adds its rows: that is what it says.
        check_doubled(table, "run = \"always\"", Some(&["1|x", "1|x", "2|y"]));
    }
    check_doubled(UNIQUE, "existing = \"skip\"", Some(&["1|x", "2|y"]));
    check_doubled("CREATE TABLE t (a int, n text, EXCLUDE (a WITH =))", "existing = \"skip\"", Some(&["1|x", "2|y"]));
}
