//! What people read when a seed is not taken. The snapshots are meant to be read.

use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate};

use super::*;

const TABLES: &str = "
    CREATE TABLE users (id int PRIMARY KEY, name varchar(10) NOT NULL, age int CHECK (age > 0), tags text[], extra jsonb,
        created date NOT NULL DEFAULT '2020-01-01', upper text GENERATED ALWAYS AS (upper(name)) STORED);
    CREATE TABLE posts (id bigint PRIMARY KEY, author int NOT NULL REFERENCES users, title text);
    CREATE VIEW names AS SELECT name FROM users";

/// Compares with the snapshot of this name.
#[track_caller]
fn check(name: &str, text: impl std::fmt::Display) {
    insta::assert_snapshot!(name.replace(' ', "_").replace(',', ""), text);
}

#[track_caller]
fn error(files: &[(&str, &str)]) -> atlas_migrate::Error {
    let (database, mut connection) = with(Driver::TokioPostgres, TABLES);
    let error = connection.seed(&seeder(files)).unwrap_err();
    assert_eq!(database.value("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM posts)"), "0", "{error}");
    error
}

#[test]
fn columns() {
    check("unknown table", error(&[("010_user.csv", "id\n1\n")]));
    check("unknown schema", error(&[("010_app.users.json", "[{\"id\": 1}]")]));
    check("view", error(&[("names.csv", "name\nAnna\n")]));
    check(
        "columns",
        error(&[
            ("010_users.csv", "id,nam,upper\n1,Anna,ANNA\n"),
            ("020_posts.json", "[{\"id\": 1},\n {\"id\": 2, \"author_id\": 1}]"),
        ]),
    );
    check(
        "key",
        error(&[("users.csv", "id,name\n1,Anna\n"), ("users.csv.toml", "existing = \"update\"\nkey = [\"name\"]")]),
    );
}

#[track_caller]
fn check_hint(files: &[(&str, &str)], hint: &str) {
    let text = error(files).to_string();
    assert_eq!(text.matches("= hint: ").count(), 1, "{text}");
    assert!(text.contains(&format!("= hint: {hint}")), "{text}");
}

#[test]
fn b12_files_of_other_habits() {
    let commas = "put commas between the columns, and between the cells of each row";
    check_hint(&[("users.csv", "id;name\n1;Anna\n")], commas);
    check_hint(&[("users.csv", "id\tname\n1\tAnna\n")], commas);
    check_hint(&[("users.csv", "id|name\n1|Anna\n")], commas);
    check_hint(&[("users.csv", "id,name,AGE\n1,Anna,30\n")], "did you mean `age`?");
    check_hint(
        &[("010-users.csv", "id,name\n1,Anna\n")],
        "rename it to seeds/010_users.csv if its table is users; else run the migrations first",
    );
}

#[test]
fn cells() {
    check("type in CSV", error(&[("users.csv", "id,name,age\n1,Anna,30\n2,Ben,old\n")]));
    check("type in JSON", error(&[("users.json", "[\n  {\"id\": 1, \"name\": \"Anna\",\n   \"age\": \"old\"}\n]")]));
    check(
        "type on its way to staging",
        error(&[("users.csv", "id,name,age\n1,Anna,3000000000\n"), ("users.csv.toml", "existing = \"skip\"")]),
    );
    check("too long", error(&[("users.csv", "name,id\n\"Anna\nBerta\nCharlotte\",1\n")]));
    check("null", error(&[("users.csv", "id,name\n1,\n")]));
    check(
        "missing in some",
        error(&[(
            "users.json",
            "[{\"id\": 1, \"name\": \"Anna\", \"created\": \"2020-01-01\"},\n {\"id\": 2, \"name\": \"Ben\"}]",
        )]),
    );
    check("array", error(&[("users.json", "[{\"id\": 1, \"name\": [\"Anna\"]}]")]));
    let deep = format!("[{{\"id\": 1, \"name\": \"Anna\", \"tags\": {}{}}}]", "[".repeat(100_000), "]".repeat(100_000));
    let deep = error(&[("users.json", &deep)]).to_string();
    assert!(deep.contains("an array of more than 6 dimensions in `tags`"), "{deep}");
    check("object in an array", error(&[("users.json", "[{\"id\": 1, \"name\": \"Anna\", \"tags\": [{\"a\": 1}]}]")]));
    check("label", error(&[("users.csv", "id,name\n$id:anna,Anna\n")]));
}

#[test]
fn constraints() {
    check("check", error(&[("users.csv", "id,name,age\n1,Anna,30\n2,Ben,-1\n")]));
    check("duplicate", error(&[("users.csv", "id,name\n1,Anna\n2,Ben\n1,Carl\n")]));
    check("reference", error(&[("posts.csv", "id,author\n1,7\n")]));
    let (_database, mut connection) =
        with(Driver::Postgres, "CREATE TABLE a (id uuid PRIMARY KEY); CREATE TABLE b (id bigint, a uuid REFERENCES a)");
    let set = seeder(&[("a.csv", "id\n$id:anna\n"), ("b.csv", "id,a\n$id:x,$id:anna\n$id:y,$id:anne\n")]);
    check("label of nobody", connection.seed(&set).unwrap_err());
    check(
        "twice",
        error(&[
            ("users.csv", "id,name\n1,Anna\n1,Berta\n"),
            ("users.csv.toml", "existing = \"update\"\nkey = [\"id\"]"),
        ]),
    );
}

#[test]
fn sql() {
    check(
        "position",
        error(&[(
            "s.sql",
            "INSERT INTO users (id, name)\n    VALUES (1, 'Anna');\nINSERT INTO users (idd) VALUES (2);\n",
        )]),
    );
    check(
        "statement",
        error(&[(
            "s.sql",
            "INSERT INTO users (id, name) VALUES (1, 'Anna');\nINSERT INTO users (id, name)\n    SELECT id, name FROM users;\n",
        )]),
    );
    check("block", error(&[("s.sql", "COPY users (id, name) FROM stdin;\n1\tAnna\n2\tBen\ttoo many\n\\.\n")]));
    check("line of a block", error(&[("s.sql", "SELECT 1;\nDO $$\nBEGIN\n    PERFORM 1 / 0;\nEND\n$$;\n")]));
    let (_database, mut connection) = with(Driver::Postgres, TABLES);
    let text = "INSERT INTO users (id, name) VALUES (1, 'Anna');\nCOPY posts FROM stdin;\n1\t1\ta\n\\.\nSELECT 1;\nINSERT INTO users (id, name)\n    SELECT id, name FROM users;\n";
    check("statement, of a client that does not tell", connection.seed(&seeder(&[("s.sql", text)])).unwrap_err());
}

struct Wrong;

impl Generate for Wrong {
    fn table(&self) -> &str {
        "users"
    }

    fn columns(&self) -> &[&str] {
        &["id", "name"]
    }

    fn rows(&self) -> u64 {
        10
    }

    fn row(&self, number: u64, _: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        cells.push(number);
        if number < 5 {
            cells.push("a");
        }
    }
}

struct TooLong;

impl Generate for TooLong {
    fn table(&self) -> &str {
        "public.users"
    }

    fn columns(&self) -> &[&str] {
        &["id", "name"]
    }

    fn rows(&self) -> u64 {
        20_000
    }

    fn row(&self, number: u64, _: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        cells.push(number);
        cells.push(if number == 10_003 { "much too long" } else { "a" });
    }
}

#[test]
fn generated() {
    let (_database, mut connection) = with(Driver::TokioPostgres, TABLES);
    let none = || Seeder::new(Seeds::empty(), "dev");
    check("too few cells", connection.seed(&none().generate("dev", Wrong)).unwrap_err());
    check("two of one table", connection.seed(&none().generate("dev", Wrong).generate("dev", Wrong)).unwrap_err());
    check("generated row", connection.seed(&none().generate("dev", TooLong)).unwrap_err());
}

#[test]
fn environments() {
    let (database, mut connection) = with(Driver::TokioPostgres, TABLES);
    let set = |environment: &str| {
        Seeder::new(Seeds::from_files("seeds", [("users.csv", "id,name\n2,Ben\n")]).unwrap(), environment)
    };
    check("no name", connection.seed(&set("my laptop")).unwrap_err());
    database.query("INSERT INTO users VALUES (1, 'Anna')");
    check("not marked", connection.seed(&set("dev")).unwrap_err());
    connection.mark(&set("staging")).unwrap();
    check("another environment", connection.seed(&set("dev")).unwrap_err());
    connection.sql("SET default_transaction_read_only = on");
    check("read only", connection.seed(&set("staging")).unwrap_err());
    let report = database.url();
    let mut connection = Driver::Postgres.connect(&report);
    let text = connection.seed(&set("staging")).unwrap().to_string();
    assert!(text.starts_with("seeded users.csv (1 row, "), "{text}");
}
