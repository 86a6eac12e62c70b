//! Hints about files: what was read with a fault is read without one after what the hint says.

use atlas_migrate::bench::Benchmarks;
use atlas_migrate::roles::Roles;
use atlas_migrate::seed::Seeds;
use atlas_migrate::verify::Checks;

use super::*;

type Files<'a> = &'a [(&'a str, &'a str)];
type Read = fn(Files<'_>) -> Result<(), Error>;

const MIGRATIONS: Read = |files| Migrations::from_files("", files.iter().copied()).map(drop);
const SEEDS: Read = |files| Seeds::from_files("", files.iter().copied()).map(drop);
const CHECKS: Read = |files| Checks::from_files("", files.iter().copied()).map(drop);
const BENCHMARKS: Read = |files| Benchmarks::from_files("", files.iter().copied()).map(drop);
const ROLES: Read = |files| files.iter().try_for_each(|(path, text)| Roles::from_toml(path, text).map(drop));

/// These files have a fault with this hint, and whoever does what it says has those.
#[track_caller]
fn folder(read: Read, faulty: Files<'_>, hint: &str, right: Files<'_>) {
    let error = read(faulty).expect_err(hint).to_string();
    let is_said = error.lines().any(|line| line.trim_start().starts_with("= hint: ") && line.contains(hint));
    assert!(is_said, "{hint:?} is not said: {error}");
    read(right).unwrap_or_else(|error| panic!("{hint:?} does not lead out: {error}"));
}

/// The same with texts of one file.
#[track_caller]
fn text(read: Read, name: &str, faulty: &str, hint: &str, right: &str) {
    folder(read, &[(name, faulty)], hint, &[(name, right)]);
}

#[test]
fn names_of_migrations() {
    const S: &str = "SELECT 1;";
    #[track_caller]
    fn name(faulty: &str, hint: &str, right: &str) {
        folder(MIGRATIONS, &[(faulty, S)], hint, &[(right, S)]);
    }
    name("users.sql", "begin it with one, as in 001_users.sql", "001_users.sql");
    name("0001-x.sql", "rename it to 0001_x.sql", "0001_x.sql");
    name("001_a.psql", "rename it to 001_a.sql", "001_a.sql");
    name("a1.sql", "name it like ", "001_a1.sql");
    name("20240101000000_a/migration.sql", "rename it to 20240101000000_a/up.sql", "20240101000000_a/up.sql");
    name("up.sql", "move it to 2024-01-02-000000_init/up.sql", "2024-01-02-000000_init/up.sql");
    name("users/up.sql", "begin it with one, as in 2024-01-02-000000_users", "2024-01-02-000000_users/up.sql");
    name(
        "2024-01-02-000000.users/up.sql",
        "rename it to 2024-01-02-000000_users/up.sql",
        "2024-01-02-000000_users/up.sql",
    );
    name("a1/up.sql", "name it like ", "2024-01-02-000000_a1/up.sql");
    name("afterMigrate.sql", "remove it; or rename it to R__afterMigrate.sql", "R__afterMigrate.sql");
    let flyway = ("V1__a.sql", S);
    folder(MIGRATIONS, &[flyway, ("U1__a.sql", S)], "remove it: files named like V1__init.sql have none", &[flyway]);
    folder(MIGRATIONS, &[flyway, ("B1__a.sql", S)], "remove it: a new database runs the versions", &[flyway]);
    folder(MIGRATIONS, &[], "add a file with a name like 001_init.sql", &[("001_init.sql", S)]);
    folder(MIGRATIONS, &[("old/001_a.sql", S)], "move the files up: ", &[("001_a.sql", S)]);
    folder(MIGRATIONS, &[flyway, ("2_b.sql", S)], "name all files after one layout", &[flyway, ("V2__b.sql", S)]);
    let one = ("1_a.sql", S);
    let hint = "give the one that no database has yet a version of its own, as in 02_a.sql";
    folder(MIGRATIONS, &[one, ("01_b.sql", S)], hint, &[("02_a.sql", S), ("01_b.sql", S)]);
    let dated = [("2024_01_02_120000_a.sql", S), ("2024_01_03_120000_b.sql", S)];
    let hint = "write dates without `_`: rename 2024_01_02_120000_a.sql to 20240102120000_a.sql, and 2024_01_03_120000_b.sql to 20240103120000_b.sql";
    folder(MIGRATIONS, &dated, hint, &[("20240102120000_a.sql", S), ("20240103120000_b.sql", S)]);
    let program = ("002_users.ts", "");
    let hint = "write it in SQL as 002_users.sql, or move it out of the folder";
    folder(MIGRATIONS, &[one, program], hint, &[one, ("002_users.sql", S)]);
    folder(MIGRATIONS, &[one, program], hint, &[one]);
    let halves = [("1_a_up.sql", S), ("1_a_down.sql", S)];
    folder(
        MIGRATIONS,
        &halves,
        "they are halves of one migration: rename 1_a_down.sql to 1_a.down.sql, and 1_a_up.sql to 1_a.up.sql",
        &[("1_a.up.sql", S), ("1_a.down.sql", S)],
    );
    folder(
        MIGRATIONS,
        &[one, ("x/R__v.sql", S), ("y/R__v.sql", S)],
        "rename one of the two",
        &[one, ("x/R__v.sql", S), ("y/R__w.sql", S)],
    );
    let down = ("2_b.down.sql", S);
    folder(MIGRATIONS, &[one, down], "add the file that applies it, or remove this one", &[one, down, ("2_b.sql", S)]);
    folder(MIGRATIONS, &[one, down], "add the file that applies it, or remove this one", &[one]);
    let up = ("2_c.up.sql", S);
    folder(MIGRATIONS, &[up, down], "rename it to 2_c.down.sql", &[up, ("2_c.down.sql", S)]);
    let [up, down] = [("2024-01-02-000000_a/up.sql", S), ("2024-01-02-000000_b/down.sql", S)];
    let right = [up, ("2024-01-02-000000_a/down.sql", S)];
    folder(MIGRATIONS, &[up, down], "rename 2024-01-02-000000_b to 2024-01-02-000000_a", &right);
    let settings = ("2024-01-02-000000_a/metadata.toml", "run_in_transaction = false");
    folder(MIGRATIONS, &[one, settings], "add up.sql beside them, or remove them", &[up, settings]);
    folder(MIGRATIONS, &[one, settings], "add up.sql beside them, or remove them", &[one]);
    let more = (settings.0, "lock_timeout = 2");
    folder(
        MIGRATIONS,
        &[up, more],
        "say the rest in directives, as in `-- atlas:lock-timeout 2s`",
        &[(up.0, "-- atlas:lock-timeout 2s\nSELECT 1;")],
    );
}

#[test]
fn texts_of_migrations() {
    #[track_caller]
    fn one(faulty: &str, hint: &str, right: &str) {
        text(MIGRATIONS, "1_a.sql", faulty, hint, right);
    }
    let unwritten = "-- Migration: a\n";
    one(unwritten, "write its SQL", "-- Migration: a\nSELECT 1;");
    one(unwritten, "say in a comment that it is meant: `-- nothing to do`", "-- Migration: a\n-- nothing to do\n");
    one("SELECT 'open;", "end it with `'`", "SELECT 'open;'");
    one("SELECT 1; /* open", "end it with `*/`", "SELECT 1; /* open*/");
    one("DO $a$ BEGIN END", "end it with `$a$`", "DO $a$ BEGIN END$a$");
    one("SELECT \"open", "end it with `\"`", "SELECT \"open\"");
    let unchecked = |statement: &str| format!("-- atlas:no-syntax-check\n{statement}");
    let open = (unchecked("SELECT (1;"), unchecked("SELECT (1);"));
    one(&open.0, "write `)` behind what it encloses", &open.1);
    one(&unchecked("SELECT 1);"), "remove it, or write `(` before it", &open.1);
    one(&unchecked("SELECT 1);"), "remove it, or write `(` before it", &unchecked("SELECT 1;"));
    one("SELECT 1;\0", "save the file as UTF-8 text", "SELECT 1;");
    one(
        "-- atlas:no-transactoin\nSELECT 1",
        "did you mean `atlas:no-transaction`?",
        "-- atlas:no-transaction\nSELECT 1",
    );
    one("-- atlas:quick\nSELECT 1", "the directives are ", "-- atlas:compatible\nSELECT 1");
    one("-- atlas:compatible\n-- atlas:compatible\nSELECT 1", "remove one of them", "-- atlas:compatible\nSELECT 1");
    one(
        "SELECT 1; -- atlas:compatible",
        "write it as `-- atlas:…` at the top of the file",
        "-- atlas:compatible\nSELECT 1;",
    );
    one(
        "-- atlas:lock-timeout soon\nSELECT 1",
        "for example `-- atlas:lock-timeout 2s`",
        "-- atlas:lock-timeout 2s\nSELECT 1",
    );
    let parts = "-- migrate:up\nCREATE TABLE t ();\n-- migrate:down\nDROP TABLE t;\n";
    let (up, down) = ("CREATE TABLE t ();", "DROP TABLE t;");
    folder(
        MIGRATIONS,
        &[("1_a.sql", parts)],
        "move the down part to 1_a.down.sql",
        &[("1_a.sql", up), ("1_a.down.sql", down)],
    );
    folder(
        MIGRATIONS,
        &[("V1__a.sql", parts)],
        "remove the down part: a file of this name has none",
        &[("V1__a.sql", up)],
    );
    folder(
        MIGRATIONS,
        &[("1_a.sql", up), ("1_a.down.sql", parts)],
        "leave nothing but the down part in this file",
        &[("1_a.sql", up), ("1_a.down.sql", "-- migrate:down\nDROP TABLE t;\n")],
    );
    let compatible = "-- atlas:compatible\nSELECT 1;";
    folder(
        MIGRATIONS,
        &[("1_a.sql", "SELECT 1;"), ("1_a.down.sql", compatible)],
        "move it to the file that applies the migration",
        &[("1_a.sql", compatible), ("1_a.down.sql", "SELECT 1;")],
    );
}

#[test]
fn statements_of_migrations() {
    #[track_caller]
    fn one(faulty: &str, hint: &str, right: &str) {
        text(MIGRATIONS, "1_a.sql", faulty, hint, right);
    }
    let blocks = "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;";
    let hint = "make a file of each block; or remove all `BEGIN` and `COMMIT`, so that the file is one transaction";
    one(blocks, hint, "SELECT 1; SELECT 2;");
    let two = [("1_a.sql", "BEGIN; SELECT 1; COMMIT;"), ("2_b.sql", "BEGIN; SELECT 2; COMMIT;")];
    folder(MIGRATIONS, &[("1_a.sql", blocks)], hint, &two);
    one("SELECT 1; COMMIT;", "remove it: the migration is committed together with its row", "SELECT 1;");
    one("SELECT 1; ROLLBACK;", "remove it: a migration that fails is rolled back as a whole", "SELECT 1;");
    one(
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1;",
        "to keep others out write `LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE;`",
        "LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE; SELECT 1;",
    );
    one(
        "SAVEPOINT a; SELECT 1;",
        "for what may fail write a block: `DO $$ BEGIN …; EXCEPTION WHEN others THEN NULL; END $$;`",
        "DO $$ BEGIN PERFORM 1; EXCEPTION WHEN others THEN NULL; END $$;",
    );
    let alone = "-- atlas:no-transaction\nBEGIN; SELECT 1; COMMIT;";
    let hint = "remove it, or let the whole migration run in a transaction";
    one(alone, hint, "-- atlas:no-transaction\nSELECT 1;");
    one(alone, hint, "BEGIN; SELECT 1; COMMIT;");
    let hint = "move it to a file of its own, or put `-- atlas:no-transaction` at the top of this one";
    one("SELECT 1; VACUUM;", hint, "-- atlas:no-transaction\nSELECT 1; VACUUM;");
    folder(MIGRATIONS, &[("1_a.sql", "SELECT 1; VACUUM;")], hint, &[("1_a.sql", "SELECT 1;"), ("2_b.sql", "VACUUM;")]);
    one("SET standard_conforming_strings = off;", "write strings that have backslashes as E'…'", r"SELECT E'\\';");
    one("SET NAMES 'utf8'; SELECT 1;", "remove it", "SELECT 1;");
    one(
        "\\restrict abc\nSELECT 1;\n\\unrestrict abc\n",
        "remove the lines `\\restrict …` and `\\unrestrict …`",
        "SELECT 1;\n",
    );
    one("\\i b.sql\n", "write the text of that file in its place", "SELECT 1;");
    one("\\copy t from 't.csv'\n", "write the rows as `INSERT`", "INSERT INTO t VALUES (1);");
    folder(SEEDS, &[("s.sql", "\\copy t from 't.csv'\n")], "make a seed of them", &[("t.csv", "a\n1\n")]);
    one("SELECT 1;\n\\.\n", "remove the rows, and write them as `INSERT`", "INSERT INTO t VALUES (1);");
    one("\\d\nSELECT 1;", "remove the line: only psql understands it", "SELECT 1;");
    one("COPY t FROM STDIN;\n1\n\\.\n", "as `pg_dump --inserts` does", "INSERT INTO t VALUES (1);");
    one("COPY t TO STDOUT; SELECT 1;", "remove it", "SELECT 1;");
}

#[test]
fn seeds_as_csv_and_json() {
    #[track_caller]
    fn csv(faulty: &str, hint: &str, right: &str) {
        text(SEEDS, "t.csv", faulty, hint, right);
    }
    csv("", "begin the file with the names of the columns, as in `id,name`", "id,name\n");
    csv("\n1\n", "begin the file with the names of the columns, as in `id,name`", "id\n1\n");
    csv("id,\n1,2\n", "remove the column, or name it", "id,name\n1,2\n");
    csv("id,id\n1,2\n", "remove one of the two", "id\n1\n");
    csv("id,name\n1,a,b\n", "put a cell with a comma in it into quotes", "id,name\n1,\"a,b\"\n");
    csv("id,name\n1,a\n\n2,b\n", "remove the line", "id,name\n1,a\n2,b\n");
    csv("id,name\n1\n", "leave a cell empty for NULL, but keep its comma", "id,name\n1,\n");
    csv("id,name\n1,\"a\n", "close it, and double the quotes within the cell", "id,name\n1,\"a\"\n");
    csv(
        "id,name\n1,\"a\"b\"\n",
        "put the whole cell into quotes, and double those within it",
        "id,name\n1,\"a\"\"b\"\n",
    );
    csv("id\r1\r", "end lines with LF or CRLF", "id\r\n1\r\n");
    csv("id\na\rb\n", "put a cell with a line end in it into quotes", "id\n\"a\rb\"\n");
    let bytes = |bytes: &[u8]| Seeds::from_files("", [("t.csv", bytes)]).map(drop);
    let error = bytes(b"id,name\n1,\xe4\n").unwrap_err();
    leads_out(&error, "save the file as UTF-8", &mut || bytes("id,name\n1,ä\n".as_bytes()));

    #[track_caller]
    fn json(faulty: &str, hint: &str, right: &str) {
        text(SEEDS, "t.json", faulty, hint, right);
    }
    json("", "if that is meant, write `[]` into a .json file", "[]");
    json("{\"a\": 1}", "put the objects into an array", "[{\"a\": 1}]");
    folder(SEEDS, &[("t.json", "{\"a\": 1}")], "and name the file .ndjson", &[("t.ndjson", "{\"a\": 1}")]);
    json("1", "write an array of objects", "[{\"a\": 1}]");
    json("[] 1", "remove it", "[]");
    json("[{\"a\": 1}", "put a `]` at its end", "[{\"a\": 1}]");
    json("[{\"a\": 1} {\"a\": 2}]", "separate objects by commas", "[{\"a\": 1}, {\"a\": 2}]");
    json("[{\"a\": 1},]", "remove the comma before it", "[{\"a\": 1}]");
    json("[1]", "write each row as an object, its keys the names of columns", "[{\"a\": 1}]");
    json("[{\"a\": \"\\u0000\"}]", "leave it out", "[{\"a\": \"\"}]");
    json("[{\"a\": 1", "look for a bracket or a quote without its other half", "[{\"a\": 1}]");
    json("[{\"a\": \"b\n\"}]", "a line end in it is written `\\n`", "[{\"a\": \"b\\n\"}]");
    json("[{\"a\": \"b\t\"}]", "write it as an escape, as in `\\t`", "[{\"a\": \"b\\t\"}]");
    json("[{\"a\" 1}]", "look at the commas, quotes and brackets before it", "[{\"a\": 1}]");
    json("[{\"a\": 1, \"a\": 2}]", "remove one of the two", "[{\"a\": 1}]");
    json("[{\"\": 1, \"a\": 2}]", "remove it, or name it", "[{\"a\": 2}]");
    json("[{}]", "name a column in one of them, or remove them all", "[]");
    text(SEEDS, "t.ndjson", "{\"a\":\n1}", "write each object in one line", "{\"a\": 1}");
    let array = "[{\"a\": 1}]";
    text(SEEDS, "t.ndjson", array, "write an object in each line", "{\"a\": 1}");
    folder(SEEDS, &[("t.ndjson", array)], "or name the file .json, if it is an array", &[("t.json", array)]);
    let columns = |count: usize| (0..count).map(|number| format!("c{number}")).collect::<Vec<_>>().join(",");
    csv(&columns(1601), "PostgreSQL's tables have 1,600 at most", &columns(1600));
}

#[test]
fn names_and_policies_of_seeds() {
    #[track_caller]
    fn name(faulty: &str, hint: &str, right: &str) {
        folder(SEEDS, &[(faulty, "id\n1\n")], hint, &[(right, "id\n1\n")]);
    }
    name("users.CSV", "write it in small letters, as in `.csv`", "users.csv");
    name("my dev/users.csv", "name it with ASCII letters, digits, `_` and `-`", "my-dev/users.csv");
    name("Production/users.csv", "name it `production`", "production/users.csv");
    name("010_.csv", "name it after the table that its rows are for", "010_users.csv");
    name("users.tsv", "convert it to CSV with a header, and name it users.csv", "users.csv");
    name("users.csv.gz", "unpack it", "users.csv");
    folder(SEEDS, &[], "add a file with a name like 010_users.csv", &[("010_users.csv", "id\n1\n")]);
    let policy = ("users.csv.toml", "run = \"always\"");
    let sql = [("010_links.sql", "SELECT 1;"), ("010_links.sql.toml", "run = \"always\"")];
    let hint = "say it in the first lines of the SQL, as in `-- atlas:seed once`";
    folder(SEEDS, &sql, hint, &[("010_links.sql", "-- atlas:seed once\nSELECT 1;")]);
    folder(SEEDS, &[policy], "add users.csv, or remove this one", &[policy, ("users.csv", "id\n")]);

    #[track_caller]
    fn setting(faulty: &str, hint: &str, right: &str) {
        let rows = ("dev/users.csv", "id,email\n1,a\n");
        folder(SEEDS, &[rows, ("dev/users.csv.toml", faulty)], hint, &[rows, ("dev/users.csv.toml", right)]);
    }
    setting("run once", "write settings as in `run = \"once\"`, each in a line", "run = \"once\"");
    setting("exsting = \"skip\"", "did you mean `existing`?", "existing = \"skip\"");
    setting("run = \"sometimes\"", "the values are once, on-change, always", "run = \"on-change\"");
    setting("production = 1", "for example `production = true`", "production = false");
    setting("production = true", "remove it: what is for production is in the folder `production`", "");
    let hint = "add `existing = \"update\"` or `existing = \"skip\"`, or remove the key";
    setting("key = [\"id\"]", hint, "key = [\"id\"]\nexisting = \"update\"");
    setting("key = [\"id\"]", hint, "");
    let keyed = "existing = \"update\"\nkey = [\"email\"]";
    setting("existing = \"update\"", "say which columns tell rows apart, as in `key = [\"email\"]`", keyed);
    setting("existing = \"update\"\nkey = \"email\"", "name columns, as in `key = [\"email\"]`", keyed);
    setting("existing = \"update\"\nkey = [\"email\", \"email\"]", "remove one of the two", keyed);
    setting("existing = \"update\"\nkey = [\"emal\"]", "did you mean `email`?", keyed);
    setting("existing = \"update\"\nkey = [\"name\"]", "the columns are id, email", keyed);
}

#[test]
fn seeds_as_sql() {
    #[track_caller]
    fn one(faulty: &str, hint: &str, right: &str) {
        text(SEEDS, "s.sql", faulty, hint, right);
    }
    one("-- Date: 2026-01-31\n;", "write its SQL", "SELECT 1;");
    one("", "say in a comment that it is meant: `-- nothing to load`", "-- nothing to load\n");
    let copy = "COPY t FROM stdin;\n1\n\\.\n";
    one("COPY t FROM stdin;\n1\n", "close them with a line that has nothing but `\\.`", copy);
    one("COPY t FROM stdin", "close them with a line that has nothing but `\\.`", copy);
    one("COPY t FROM stdin\n1\n\\.\n", "end the statement with `;`, and begin the rows in the line below", copy);
    one("COPY t FROM stdin; 1\n\\.\n", "begin the rows in the line below", copy);
    one(
        "BEGIN; SELECT 1; COMMIT;",
        "remove it: the seed is committed together with its row in the history",
        "SELECT 1;",
    );
    let vacuum = "VACUUM; SELECT 1;";
    one(vacuum, "move it to a migration that has `-- atlas:no-transaction` at its top", "SELECT 1;");
    MIGRATIONS(&[("1_a.sql", "-- atlas:no-transaction\nVACUUM;")]).unwrap();
    one("COPY t TO STDOUT; SELECT 1;", "remove it", "SELECT 1;");
    one(
        "-- atlas:compatible\nSELECT 1;",
        "remove it; the directives here are seed, production",
        "-- atlas:seed once\nSELECT 1;",
    );
    one("-- atlas:seed sometimes\nSELECT 1;", "for example `-- atlas:seed once`", "-- atlas:seed once\nSELECT 1;");
}

#[test]
fn checks_and_benchmarks() {
    #[track_caller]
    fn toml(faulty: &str, hint: &str, right: &str) {
        text(CHECKS, "a.toml", faulty, hint, right);
    }
    let table = "[[table]]\nname = \"app.users\"";
    toml("[[table]\nname = 1", "write each expectation as in `[[table]]` and, below it, `name = \"app.users\"`", table);
    folder(CHECKS, &[("a.toml", "")], "add one, or remove the file", &[("a.toml", table)]);
    toml("[[tble]]\nname = \"a\"", "did you mean `table`?", table);
    toml("[table]\nname = \"a\"", "write `[[table]]`, so that there can be several", table);
    toml("table = [1]", "write `[[table]]`", table);
    toml("[[table]]\nnam = \"a\"", "did you mean `name`?", table);
    toml("[[index]]\nname = \"i\"", "for example `table = ", "[[index]]\nname = \"i\"\ntable = \"app.users\"");
    let rows = |limits: &str| format!("[[rows]]\ntable = \"users\"\n{limits}");
    toml(&rows(""), "for example `min = 1`", &rows("min = 1"));
    toml(&rows("min = 2\nmax = 1"), "no number of rows is both", &rows("min = 1\nmax = 2"));
    let may = |what: &str| format!("[[privilege]]\nrole = \"app\"\non = \"app.users\"\n{what}");
    toml(&may(""), "for example `may = [\"select\"]`", &may("may = [\"select\"]"));
    toml(&may("may = [\"selct\"]"), "did you mean `select`?", &may("may = [\"select\"]"));
    let both = may("may = [\"select\"]\nmay-not = [\"select\"]");
    toml(&both, "remove it from one of them", &may("may-not = [\"select\"]"));

    #[track_caller]
    fn sql(read: Read, faulty: &str, hint: &str, right: &str) {
        text(read, "a.sql", faulty, hint, right);
    }
    sql(CHECKS, "-- nothing", "write a query, or remove the file", "SELECT true");
    let two = "SELECT true; SELECT true";
    let split = [("a.sql", "SELECT true"), ("b.sql", "SELECT true")];
    folder(CHECKS, &[("a.sql", two)], "put it into a file of its own: a check is one query", &split);
    sql(CHECKS, "DELETE FROM t", "begin it with SELECT", "SELECT FROM t");
    sql(
        CHECKS,
        "-- atlas:check never\nSELECT 1",
        "for example `-- atlas:check no-rows`",
        "-- atlas:check no-rows\nSELECT 1",
    );
    folder(CHECKS, &[], "add a file with a name like ", &[("010_tables.toml", table)]);
    folder(CHECKS, &[("a.yaml", "a: 1")], " are in files like ", &[("a.toml", table)]);
    folder(CHECKS, &[("a.SQL", "SELECT 1")], "write it in small letters, as in `.sql`", &[("a.sql", "SELECT 1")]);

    sql(BENCHMARKS, "VACUUM", "begin it with SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE or MERGE", "SELECT 1");
    sql(
        BENCHMARKS,
        "SELECT $1",
        "say where they come from, as in `-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10`",
        "-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10\nSELECT $1",
    );
    let superfluous = "-- atlas:parameters SELECT id FROM users\nSELECT 1";
    let hint = "write `$1` for the first column of the query, `$2` for the second; or remove the directive";
    sql(BENCHMARKS, superfluous, hint, "-- atlas:parameters SELECT id FROM users\nSELECT $1");
    sql(BENCHMARKS, superfluous, hint, "SELECT 1");
    let named_alike = [("1_a.sql", "SELECT 1"), ("2_a.sql", "SELECT 2")];
    let hint = "rename it: 1_a.sql has that name too, numbers and folders aside";
    folder(BENCHMARKS, &named_alike, hint, &[named_alike[0], ("2_b.sql", "SELECT 2")]);
}

#[test]
fn declarations_of_roles() {
    #[track_caller]
    fn one(faulty: &str, hint: &str, right: &str) {
        text(ROLES, "roles.toml", faulty, hint, right);
    }
    let owner = "owner = \"shop_owner\"";
    one("owner shop", "for example `owner = \"shop_owner\"`", owner);
    one("", "for example `owner = \"shop_owner\"`", owner);
    one("roles = 1", "write `[roles]`, and the settings below it", &format!("[roles]\n{owner}"));
    let with = |line: &str| format!("{owner}\n{line}");
    one(&with("migrater = [\"m\"]"), "did you mean `migrators`?", &with("migrators = [\"m\"]"));
    one(
        &with("migrators = \"m\""),
        "for example `migrators = [\"shop_migrator\"]`",
        &with("migrators = [\"shop_migrator\"]"),
    );
    one(&with("migrators = [\"shop_owner\"]"), "let each role be one thing", &with("migrators = [\"m\"]"));
    let grant = |privilege: &str, on: &str| {
        with(&format!("grants = [{{ role = \"shop\", privilege = \"{privilege}\", on = \"{on}\" }}]"))
    };
    let right = grant("TRUNCATE", "shop.queue");
    one(&grant("TRUNCAT", "shop.queue"), "did you mean `TRUNCATE`?", &right);
    one(&grant("TRUNCATE", "queue"), "for example `on = \"shop.queue\"`", &right);
    one(&with("grants = [{ role = \"shop\" }]"), "for example `privilege = \"TRUNCATE\"`", &right);
}
