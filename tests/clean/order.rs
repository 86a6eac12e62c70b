//! Foreign keys, many rows, and triggers.

use super::*;

#[track_caller]
fn check(tables: &str, expected: &[&str]) {
    let (database, mut connection) = with(Driver::Postgres, tables);
    assert_eq!(emptied(&mut connection, &Cleaner::new()), expected, "{tables}");
    assert_eq!(filled(&database), [""; 0], "{tables}");
    assert_eq!(database.errors(), [""; 0], "{tables}");
}

#[test]
fn references() {
    check(
        "CREATE TABLE c (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY REFERENCES c); CREATE TABLE a (id int REFERENCES b);
         INSERT INTO c VALUES (1); INSERT INTO b VALUES (1); INSERT INTO a VALUES (1), (1)",
        &["1. public.a: 2 rows, DELETE", "2. public.b: 1 row, DELETE", "3. public.c: 1 row, DELETE"],
    );
    check(
        "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON DELETE RESTRICT); INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2)",
        &["1. public.tree: 3 rows, DELETE"],
    );
    check(
        "CREATE SCHEMA app; CREATE TABLE app.a (id int PRIMARY KEY); CREATE TABLE z (id int REFERENCES app.a);
         INSERT INTO app.a VALUES (1); INSERT INTO z VALUES (1)",
        &["1. public.z: 1 row, DELETE", "2. app.a: 1 row, DELETE"],
    );
}

#[test]
fn circles() {
    check(
        "CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a ON DELETE RESTRICT);
         ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b ON DELETE RESTRICT; CREATE TABLE c (a int REFERENCES a);
         INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1); UPDATE a SET b = 1; INSERT INTO c VALUES (1)",
        &["1. public.c: 1 row, DELETE", "2. public.a: 2 rows, DELETE", "2. public.b: 1 row, DELETE"],
    );
    // Where one of them has no rows, there is none.
    check(
        "CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
         ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; INSERT INTO a VALUES (1)",
        &["1. public.a: 1 row, DELETE"],
    );
}

#[test]
fn many_rows() {
    check(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int REFERENCES a); CREATE TABLE c (id int REFERENCES a);
         CREATE TABLE d (id int PRIMARY KEY); CREATE TABLE e (d int REFERENCES d); ALTER TABLE a ADD d int REFERENCES d;
         INSERT INTO d VALUES (1); INSERT INTO e VALUES (1);
         INSERT INTO a SELECT n, 1 FROM generate_series(1, 500) n; INSERT INTO b VALUES (1)",
        &[
            "1. public.a: 500 rows, TRUNCATE", "1. public.b: 1 row, TRUNCATE", "2. public.e: 1 row, DELETE",
            "3. public.d: 1 row, DELETE",
        ],
    );
    // With 4-byte rows, 226 to a page.
    check(
        "CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 22600)",
        &["1. public.a: about 20020 rows, TRUNCATE"],
    );
}

/// Whoever is large and is referred to by what stays, though that is empty, is not truncated.
#[test]
fn many_rows_that_an_empty_table_may_refer_to() {
    let (database, mut connection) = with(
        Driver::Postgres,
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE kept (id int REFERENCES a ON DELETE CASCADE);
         INSERT INTO a SELECT generate_series(1, 500); INSERT INTO kept VALUES (NULL)",
    );
    let cleaner = Cleaner::new().keep(["kept"]);
    assert_eq!(emptied(&mut connection, &cleaner), ["1. public.a: 500 rows, DELETE"]);
    assert_eq!(filled(&database), ["public.kept 1"]);
}

const AUDIT: &str = "CREATE TABLE audit (what text); CREATE TABLE users (id int); INSERT INTO users VALUES (1), (2);
    CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit VALUES (TG_OP); RETURN OLD; END$$;
    CREATE TRIGGER audit AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION audit();";

#[test]
fn triggers() {
    check(AUDIT, &["1. public.users: 2 rows, DELETE", "2. public.audit: 2 rows, DELETE"]);
    check(
        &format!("{AUDIT} INSERT INTO audit VALUES ('before')"),
        &["1. public.users: 2 rows, DELETE", "2. public.audit: 3 rows, DELETE"],
    );
}

/// In a race with somebody who writes rows that refer to others, nothing is removed that was not seen.
#[test]
fn others_at_work() {
    let (database, mut connection) = with(
        Driver::Postgres,
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE kept (id int REFERENCES a ON DELETE CASCADE); INSERT INTO a VALUES (1)",
    );
    let cleaner = Cleaner::new().tables(["a"]).lock_timeout(std::time::Duration::from_millis(50));
    let mut other = Driver::Postgres.connect(&database.url());
    other.sql("BEGIN; INSERT INTO kept VALUES (1)");
    let error = connection.clean(&cleaner).unwrap_err();
    assert_eq!(error.kind(), atlas_migrate::ErrorKind::LockTimeout, "{error}");
    other.sql("COMMIT");
    let error = connection.clean(&cleaner).unwrap_err();
    assert_eq!(error.kind(), atlas_migrate::ErrorKind::Usage, "{error}");
    assert_eq!(filled(&database), ["public.a 1", "public.kept 1"]);
}

/// A superuser's deletes do not see to foreign keys row by row; the session's setting is as it was.
#[test]
fn as_a_superuser_and_as_none() {
    let tables =
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)";
    let (database, mut connection) = with(Driver::TokioPostgres, tables);
    connection.sql("SET session_replication_role = local");
    connection.clean(&Cleaner::new()).unwrap();
    assert_eq!(connection.sql("SHOW session_replication_role"), "local");
    assert_eq!(filled(&database), [""; 0]);

    let (database, mut connection) = with(Driver::TokioPostgres, tables);
    connection.sql("CREATE TABLE kept (a int REFERENCES a); INSERT INTO kept VALUES (1)");
    connection.clean(&Cleaner::new().keep(["kept"])).unwrap_err();
    assert_eq!(filled(&database), ["public.a 1", "public.b 1", "public.kept 1"]);

    // Foreign keys are seen to again in the same transaction: of a seed that is forgotten, for one.
    let (database, mut connection) = with(Driver::TokioPostgres, tables);
    connection.sql(
        "CREATE TABLE schema_seeds (namespace text, name text PRIMARY KEY, environment text, seeded_at timestamptz, checksum text);
         CREATE TABLE noted (seed text REFERENCES schema_seeds ON DELETE CASCADE, what text); INSERT INTO schema_seeds VALUES ('default', 'b.csv');
         INSERT INTO noted VALUES ('b.csv', 'loaded')",
    );
    connection.clean(&Cleaner::new().keep(["noted"])).unwrap();
    assert_eq!(filled(&database), [""; 0]);
}
