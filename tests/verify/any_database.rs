//! What holds for any database.

use super::*;

/// What came of the check of this name after this SQL.
#[track_caller]
fn check(name: &str, sql: &str, expected: &str) {
    let (_database, mut connection) = with(Driver::Postgres, sql);
    let report = verify(&mut connection, &verifier(&[]));
    assert_eq!(told(checked(&report, name)), expected, "{sql}\n{report}");
}

#[test]
fn c2_sequences_of_defaults() {
    const NAME: &str = "sequences";
    check(
        NAME,
        "CREATE SCHEMA other; CREATE SEQUENCE other.s; CREATE DOMAIN small AS smallint; SELECT setval('other.s', 30000);
         CREATE TABLE a (id bigint PRIMARY KEY DEFAULT nextval('other.s')); CREATE TABLE b (id small PRIMARY KEY DEFAULT nextval('other.s'))",
        "fail sequences: the fullest is other.s, with 91.6 %\n  \
           sequence other.s: expected at most 80 % used, found 91.6 % (30000 of 32767)\n",
    );
    check(
        NAME,
        "CREATE SEQUENCE s; SELECT setval('s', 2000000000); CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('s'))",
        "fail sequences: the fullest is public.s, with 93.1 %\n  \
           sequence public.s: expected at most 80 % used, found 93.1 % (2000000000 of 2147483647)\n",
    );
    check(
        NAME,
        "CREATE SEQUENCE s INCREMENT -1; SELECT setval('s', -30000); CREATE TABLE t (id int2 PRIMARY KEY DEFAULT nextval('s'))",
        "fail sequences: the fullest is public.s, with 91.6 %\n  \
           sequence public.s: expected at most 80 % used, found 91.6 % (-30000 of -32768)\n",
    );
}

/// What an extension keeps in a schema of its own is the extension's.
#[test]
fn of_extensions() {
    const TABLES: &str = "CREATE EXTENSION pg_trgm; CREATE SCHEMA chunks; ALTER EXTENSION pg_trgm ADD SCHEMA chunks;
        CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE chunks.one () INHERITS (t); ALTER TABLE chunks.one ADD CHECK (id > 0) NOT VALID;
        CREATE SEQUENCE chunks.s MAXVALUE 10; SELECT setval('chunks.s', 10)";
    for name in ["primary keys", "sequences", "validated constraints"] {
        check(name, TABLES, &format!("pass {name}\n"));
    }
}

#[test]
fn connection_and_server() {
    let (database, mut connection) = with(Driver::Postgres, "");
    let report = verify(&mut connection, &verifier(&[]));
    assert_eq!(told(checked(&report, "connection")), "pass connection: as postgres\n");
    let version = database.value("SHOW server_version");
    assert_eq!(told(checked(&report, "server version")), format!("pass server version: {version}\n"));
    assert!(report.passed(), "{report}");
    assert_eq!(report.checks().len(), 6);
}

#[test]
fn indexes() {
    check("valid indexes", "CREATE TABLE a (id int PRIMARY KEY)", "pass valid indexes\n");
    // One that is only on the parent, until each partition has one.
    check(
        "valid indexes",
        "CREATE SCHEMA app; CREATE TABLE app.\"A\" (id int) PARTITION BY LIST (id);
         CREATE TABLE app.b PARTITION OF app.\"A\" DEFAULT; CREATE INDEX i ON ONLY app.\"A\" (id)",
        "fail valid indexes\n  index app.i on app.\"A\": expected valid, found not valid\n",
    );
}

#[test]
fn constraints() {
    const TABLES: &str = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int);";
    check("validated constraints", TABLES, "pass validated constraints\n");
    check(
        "validated constraints",
        &format!(
            "{TABLES} ALTER TABLE b ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES a NOT VALID,
             ADD CONSTRAINT \"C\" CHECK (a > 0) NOT VALID, ADD CHECK (id > 0);
             CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CONSTRAINT positive CHECK (value > 0) NOT VALID"
        ),
        "fail validated constraints\n  \
           constraint \"C\" on public.b: expected validated, found not validated\n  \
           constraint f on public.b: expected validated, found not validated\n  \
           constraint positive on public.d: expected validated, found not validated\n",
    );
    let database = Database::new();
    if database.value("SHOW server_version_num").as_str() >= "180000" {
        let sql = format!("{TABLES} ALTER TABLE b ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES a NOT ENFORCED");
        check("validated constraints", &sql, "pass validated constraints\n");
    }
}

#[test]
fn sequences() {
    const NAME: &str = "sequences";
    check(NAME, "", "pass sequences\n");
    check(
        NAME,
        "CREATE SEQUENCE a MAXVALUE 10; SELECT setval('a', 8); CREATE SEQUENCE b",
        "pass sequences: the fullest is public.a, with 80.0 %\n",
    );
    check(
        NAME,
        "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY); SELECT setval('t_id_seq', 2000000000);
         CREATE SEQUENCE b MAXVALUE 10; SELECT setval('b', 9)",
        "fail sequences: the fullest is public.t_id_seq, with 93.1 %\n  \
           sequence public.t_id_seq: expected at most 80 % used, found 93.1 % (2000000000 of 2147483647)\n  \
           sequence public.b: expected at most 80 % used, found 90.0 % (9 of 10)\n",
    );
    // It counts further than the column can hold.
    check(
        NAME,
        "CREATE TABLE t (id smallint PRIMARY KEY); CREATE SEQUENCE s OWNED BY t.id; SELECT setval('s', 30000)",
        "fail sequences: the fullest is public.s, with 91.6 %\n  \
           sequence public.s: expected at most 80 % used, found 91.6 % (30000 of 32767)\n",
    );
    check(
        NAME,
        "CREATE SEQUENCE down INCREMENT -1 MINVALUE -10; SELECT setval('down', -9); SELECT nextval('down');
         CREATE SEQUENCE around MAXVALUE 10 CYCLE; SELECT setval('around', 10)",
        "fail sequences: the fullest is public.down, with 100.0 %\n  \
           sequence public.down: expected at most 80 % used, found 100.0 % (-10 of -10)\n",
    );
}

#[test]
fn primary_keys() {
    const NAME: &str = "primary keys";
    check(NAME, "CREATE TABLE a (id int PRIMARY KEY); CREATE TEMPORARY TABLE b (id int)", "pass primary keys\n");
    check(
        NAME,
        "CREATE TABLE a (id int UNIQUE NOT NULL); CREATE TABLE p (id int) PARTITION BY LIST (id);
         CREATE TABLE q PARTITION OF p DEFAULT; CREATE VIEW v AS SELECT * FROM a",
        "fail primary keys\n  table public.a: expected a primary key, found none\n  \
           table public.p: expected a primary key, found none\n",
    );
}

#[test]
fn tables_that_are_to_have_no_primary_key() {
    let (_database, mut connection) =
        with(Driver::Postgres, "CREATE SCHEMA app; CREATE TABLE a (id int); CREATE TABLE app.a (id int)");
    let file = "[[table]]\nname = \"a\"\nprimary-key = false\n";
    let report = verify(&mut connection, &verifier(&[("a.toml", file)]));
    let keys = told(checked(&report, "primary keys"));
    assert_eq!(keys, "fail primary keys\n  table app.a: expected a primary key, found none\n");
    let both = format!("{file}[[table]]\nname = \"app.a\"\nprimary-key = false\n");
    assert!(verify(&mut connection, &verifier(&[("a.toml", &both)])).passed());
}

/// What an extension has brought is its own affair.
#[test]
fn extensions() {
    let database = Database::new();
    database.query(
        "CREATE EXTENSION pg_trgm; CREATE TABLE a (id int); CREATE SEQUENCE s MAXVALUE 10; SELECT setval('s', 10);
         ALTER EXTENSION pg_trgm ADD TABLE a; ALTER EXTENSION pg_trgm ADD SEQUENCE s",
    );
    let report = verify(&mut Driver::Postgres.connect(&database.url()), &verifier(&[]));
    assert!(report.passed(), "{report}");
}
