//! Nothing of the authority of a URL is shown, whatever is wrong with it, and wherever it comes from.

use atlas_migrate_tests::Database;

use crate::Program;
use crate::files::PEOPLE;

/// Parts of passwords, none of which may be in any output.
const TRACES: [&str; 4] = ["SEC", "RET", "s3cr", "hunter"];

#[track_caller]
fn tells_nothing(program: &Program, arguments: &[&str], given: &str) {
    for more in [&[][..], &["--verbose"], &["--format", "json"]] {
        let said = program.run(&[arguments, more].concat());
        assert_ne!(said.code, Some(0), "{given}: {said:?}");
        for text in [&said.out, &said.err] {
            let told = TRACES.iter().find(|trace| text.contains(**trace));
            assert_eq!(told, None, "{given}:\n{text}");
        }
    }
}

/// URLs that lead nowhere, most of them because their passwords are not encoded.
const URLS: [&str; 24] = [
    "postgres://app:SEC/RET@127.0.0.1:1/db",
    "postgres://app:5432/RET@127.0.0.1:1/db",
    "postgres://app:SEC?RET@127.0.0.1:1/db",
    "postgres://app:1?RET=x@127.0.0.1:1/db",
    "postgres://app:SEC#RET@127.0.0.1:1/db",
    "postgres://app:SEC@RET@127.0.0.1:1/db",
    "postgres://app:SEC:RET@127.0.0.1:port/db",
    "postgres://app:SEC%RET@127.0.0.1:1/db",
    "postgres://app:SEC RET@127.0.0.1:1/db",
    "postgres://app:SEC\"RET'@127.0.0.1:1/db",
    "postgres://app:SEC\nRET@127.0.0.1:1/db",
    "postgres://app:SECRET@[::1/db",
    "postgres://app:SECRET@[::1]:RET/db",
    "postgres://app:SECRET",
    "postgres://:SECRET@127.0.0.1:1",
    "postgres:/app:SECRET@127.0.0.1:1/db",
    "mysql://app:SEC/RET@127.0.0.1:1/db",
    "app:SECRET@127.0.0.1:1/db",
    "host=127.0.0.1 port=1 password=SECRET",
    "postgres://127.0.0.1:1/db?password=SECRET",
    "postgres://127.0.0.1:1/db?password=SEC&RET",
    "postgres://127.0.0.1:1/db?sslpassword=SECRET",
    "postgres://127.0.0.1:1/db?options=SECRET",
    "postgres://127.0.0.1:1/db?sslmode=SEC@RET",
];

#[test]
fn b11_urls() {
    for url in URLS {
        let option = format!("--database-url={url}");
        tells_nothing(&Program::new(PEOPLE), &["status", &option], url);
        tells_nothing(&Program::new(PEOPLE), &["status", "--nonsense", "--database-url", url], url);
        tells_nothing(&Program::new(PEOPLE), &["status", url], url);
        tells_nothing(&Program::new(PEOPLE).set("DATABASE_URL", url), &["run"], url);
        let file = Program::new(PEOPLE);
        file.write("atlas-migrate.toml", &format!("database-url = {url:?}\n"));
        tells_nothing(&file, &["seed", "--environment", "dev"], url);
        let broken = Program::new(PEOPLE);
        broken.write("atlas-migrate.toml", &format!("database-url = {url}\nwait = [1]\n"));
        tells_nothing(&broken, &["check"], url);
        let variables = Program::new(PEOPLE);
        variables.write(".env", &format!("DATABASE_URL={url}\n"));
        tells_nothing(&variables, &["clean", "--yes"], url);
    }
}

#[test]
fn b11_variables() {
    let url = "postgres://app@127.0.0.1:1/db";
    for (name, value) in [
        ("PGPASSWORD", "SECRET"),
        ("PGSERVICE", "SECRET"),
        ("PGSSLMODE", "SEC RET"),
        ("PGPORT", "SECRET"),
        ("PGOPTIONS", "SECRET"),
        ("PGCHANNELBINDING", "SEC:RET"),
    ] {
        let program = Program::new(PEOPLE).set(name, value);
        let program = if name == "PGPORT" { program } else { program.set("DATABASE_URL", url) };
        tells_nothing(&program, &["run"], name);
    }
}

/// Files in which something else is wrong.
#[test]
fn b11_excerpts_of_files() {
    for text in [
        "database-url = \"postgres://app:SEC/RET@h/db\" # SECRET\nshcema = \"SECRET\"\n",
        "password = SECRET\n",
        "databse-url = 'postgres://app:SECRET@h'\n",
        "\"postgres://app:SECRET@h\" = 1\n",
        "SECRET\n",
        "database-url = '''\npostgres://app:SECRET@h\n",
        "database-url = [\"postgres://app:SEC\", \"RET\"]\n",
        "wait = \"SEC@RET\"\n",
    ] {
        let program = Program::new(PEOPLE);
        program.write("atlas-migrate.toml", text);
        tells_nothing(&program, &["status"], text);
    }
    let (database, roles) = (Database::new(), Program::new(PEOPLE));
    let roles = roles.on(&database);
    for text in [
        "owner = \"o\"\napplications = [{ name = \"a\", password = \"SECRET\" }]\n",
        "owner = \"o\"\npasswords = { a = \"SECRET\" }\n",
        "owner = \"o\"\napplications = [{ name = \"a\", password = SECRET }]\n",
        "owner = \"o\" # SECRET\nowner =\n",
    ] {
        roles.write("roles.toml", text);
        tells_nothing(&roles, &["roles", "plan", "--roles", "roles.toml"], text);
    }
    for text in ["run = \"once\"\ntoken = \"SECRET\"\n", "token = SECRET\n", "run = # SECRET\n"] {
        let program = Program::new(PEOPLE).on(&database);
        program.write("seeds/people.csv", "name\nAda\n");
        program.write("seeds/people.toml", text);
        tells_nothing(&program, &["seed", "--environment", "dev"], text);
    }
}

/// What is said instead.
#[test]
fn b11_what_to_encode() {
    let program = Program::new(PEOPLE);
    let urls = ["postgres://app:SEC/RET@h/db", "postgres://app:1?RET@h/db", "postgres://app:SECRET@h:x/db"];
    let said = urls.map(|url| {
        let said = program.run(&["status", "--database-url", url]);
        format!("{}(exit code {})\n", said.err, said.code.unwrap_or_default())
    });
    insta::assert_snapshot!(said.join("\n"));
}

/// A file or a command that a URL comes from may end it with a line feed.
#[test]
fn b12_a_line_feed_behind_the_url() {
    for end in ["\n", "\r\n", " ", "\t"] {
        let database = Database::new();
        let program = Program::new(PEOPLE).set("DATABASE_URL", &format!("{}{end}", database.url()));
        program.out(&["run", "--quiet"]);
        assert_eq!(database.history().len(), 3, "{end:?}");
        let option = format!("--database-url= {}{end}", database.url());
        Program::new(PEOPLE).out(&["check", &option]);
    }
}
