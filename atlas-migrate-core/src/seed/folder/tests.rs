use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use insta::assert_snapshot;

use super::*;
use crate::seed::{Existing, Rows, Run};

fn files(files: &[(&str, &str)]) -> Vec<File> {
    let content = |text: &str| Content::Embedded(text.as_bytes().to_owned().into());
    files.iter().map(|(path, text)| File { path: (*path).to_owned(), content: content(text) }).collect()
}

fn open(content: &Content) -> io::Result<Box<dyn Read + '_>> {
    match content {
        Content::Embedded(bytes) => Ok(Box::new(bytes.as_ref())),
        Content::File(path) => Err(io::Error::other(format!("{} is not there", path.display()))),
    }
}

fn read(folder: &[(&str, &str)]) -> Vec<Seed> {
    assemble("seeds", files(folder), Syntax::Parser, open)
        .unwrap_or_else(|faults| panic!("{folder:?}\n{}", shown(&faults)))
}

fn shown(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

fn faults(folder: &[(&str, &str)]) -> String {
    shown(&assemble("seeds", files(folder), Syntax::Parser, open).err().unwrap_or_default())
}

/// What a folder with these files has: a line for each seed.
#[track_caller]
fn check(folder: &[(&str, &str)], expected: &[&str]) {
    let lines: Vec<String> = read(folder)
        .iter()
        .map(|seed| {
            assert_eq!(seed.path(), format!("seeds/{}", seed.name()));
            let table =
                seed.table().map_or(String::new(), |(schema, table)| format!(" {}.{table}", schema.unwrap_or("?")));
            let Policy { run, existing, key, production } = seed.policy();
            let environment = seed.environment().unwrap_or("all");
            let production = if *production { " production" } else { "" };
            format!(
                "{}: {environment} {:?}{table} {run:?} {existing:?} {key:?}{production}",
                seed.name(),
                seed.format()
            )
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn seeds() {
    check(
        &[
            ("dev/2_users.json", "[]"),
            ("dev/10_all.sql", "SELECT 1;"),
            ("10_public.users.csv.toml", "existing = 'update'\nkey = ['id']\nproduction = true"),
            ("10_public.users.csv", "id\n1\n"),
            ("2_roles.sql", "-- atlas:production\n-- atlas:seed once\nSELECT 1;"),
            ("production/more/users.ndjson", "{\"id\": 1}"),
            ("README.md", "\0"),
            (".hidden/users.csv", ""),
        ],
        &[
            "2_roles.sql: all Sql Once Insert [] production",
            "10_public.users.csv: all Csv public.users OnChange Update [\"id\"] production",
            "dev/2_users.json: dev Json ?.users OnChange Insert []",
            "dev/10_all.sql: dev Sql OnChange Insert []",
            "production/more/users.ndjson: production Ndjson ?.users OnChange Insert [] production",
        ],
    );
}

#[test]
fn environments() {
    let seeds = read(&[
        ("a.sql", "SELECT 1"),
        ("b.sql", "-- atlas:production\nSELECT 1"),
        ("dev/c.sql", "SELECT 1"),
        ("production/d.sql", "SELECT 1"),
    ]);
    for (environment, expected) in [
        ("dev", ["a.sql", "b.sql", "dev/c.sql"].as_slice()),
        ("test", &["a.sql", "b.sql"]),
        ("production", &["b.sql", "production/d.sql"]),
        ("", &["a.sql", "b.sql"]),
    ] {
        let names: Vec<&str> = seeds.iter().filter(|seed| seed.is_for(environment)).map(Seed::name).collect();
        assert_eq!(names, expected, "{environment}");
    }
}

#[test]
fn checksums() {
    let of = |text: &str, policy: Option<&str>| {
        let sidecar = policy.map(|policy| ("a.csv.toml", policy));
        let files: Vec<_> = [("a.csv", text)].into_iter().chain(sidecar).collect();
        read(&files)[0].checksum()
    };
    assert_eq!(of("id\n1\n", None), Checksum::of("id\n1\n"));
    assert_eq!(of("\u{feff}id\r\n1\r\n", None), of("id\n1\n", None));
    assert_ne!(of("id\n2\n", None), of("id\n1\n", None));
    assert_ne!(of("id\n1\n", Some("")), of("id\n1\n", None));
    assert_ne!(of("id\n1\n", Some("run = 'once'")), of("id\n1\n", Some("run = 'always'")));
    assert_eq!(of("id\n1\n", Some("\u{feff}run = 'once'\r\n")), of("id\n1\n", Some("run = 'once'\n")));
    assert_eq!(read(&[("a.sql", "\u{feff}SELECT 1;\r\n")])[0].checksum(), Checksum::of("SELECT 1;\n"));
}

#[test]
fn nothing_there() {
    assert_snapshot!(faults(&[("README.md", ""), ("a.sql.toml", "run = 'once'")]), @"
    no seeds in this folder
     --> seeds
      = hint: add a file with a name like 010_users.csv
    ");
    assert_snapshot!(faults(&[("a.sql", " \n"), ("b.csv", ""), ("c.ndjson", "\n")]), @"
    empty seed
     --> seeds/a.sql
      = hint: write its SQL; or say in a comment that it is meant: `-- nothing to load`
    empty file
     --> seeds/b.csv
      = hint: begin the file with the names of the columns, as in `id,name`
    empty file
     --> seeds/c.ndjson
      = hint: if that is meant, write `[]` into a .json file
    ");
}

#[test]
fn policies() {
    assert_snapshot!(faults(&[("dev/users.csv.toml", "run = 'once'")]), @"
    policy of a file that is not there
     --> seeds/dev/users.csv.toml
      = hint: add seeds/dev/users.csv, or remove this one
    ");
    assert_snapshot!(
        faults(&[
            ("dev/a.sql", "-- atlas:production\nSELECT 1"),
            ("dev/b.csv", "id\n"),
            ("dev/b.csv.toml", "production = true"),
        ]),
        @"
    mark for production in the folder of another environment
     --> seeds/dev/a.sql:1:4
      |
    1 | -- atlas:production
      |    ^^^^^^^^^^^^^^^^ has no effect
      |
      = hint: remove it: what is for production is in the folder `production`, or in none and marked
    mark for production in the folder of another environment
     --> seeds/dev/b.csv.toml:1:1
      |
    1 | production = true
      | ^^^^^^^^^^ has no effect
      |
      = hint: remove it: what is for production is in the folder `production`, or in none and marked
    "
    );
    assert_snapshot!(
        faults(&[("a.json", "[{\"email\": 1}]"), ("a.json.toml", "existing = 'update'\nkey = ['emial']")]),
        @"
    column `emial` of the key is not in the file
     --> seeds/a.json.toml:2:8
      |
    2 | key = ['emial']
      |        ^^^^^^^
      |
      = hint: the columns are email
    "
    );
}

#[test]
fn all_at_once() {
    assert_snapshot!(
        faults(&[
            ("users.csv.toml", "rum = 'once'\n"),
            ("users.csv", "id,name\n1\n"),
            ("my dev/c.csv", ""),
            ("a.sql", "COMMIT;\n-- atlas:seed once\n"),
        ]),
        @"
    `COMMIT` in a seed
     --> seeds/a.sql:1:1
      |
    1 | COMMIT;
      | ^^^^^^ transaction control
      |
      = hint: remove it: the seed is committed together with its row in the history
    directive without effect
     --> seeds/a.sql:2:4
      |
    2 | -- atlas:seed once
      |    ^^^^^^^^^^^^^^^ comes after the first statement
      |
      = hint: write it as `-- atlas:…` at the top of the file
    folder `my dev` cannot be an environment
     --> seeds/my dev/c.csv
      = hint: name it with ASCII letters, digits, `_` and `-`
    too few cells in a row: 1 cell, expected 2
     --> seeds/users.csv:2:2
      |
    2 | 1
      |  ^ `name` is missing
      |
      = hint: leave a cell empty for NULL, but keep its comma
    unknown setting `rum`
     --> seeds/users.csv.toml:1:1
      |
    1 | rum = ******
      | ^^^
      |
      = hint: did you mean `run`?
    "
    );
}

#[test]
fn not_text() {
    let bytes =
        |path: &str, bytes: &'static [u8]| File { path: path.to_owned(), content: Content::Embedded(bytes.into()) };
    let folder = [
        bytes("a.sql", b"SELECT '\xff';"),
        bytes("b.sql", b"SELECT '\0';"),
        bytes("c.csv", b"id\n"),
        bytes("c.csv.toml", b"run = '\xff'"),
    ];
    let gone = File { path: "d.csv".to_owned(), content: Content::File("d.csv".into()) };
    let faults = assemble("seeds", folder.into_iter().chain([gone]), Syntax::Parser, open).unwrap_err();
    assert_snapshot!(shown(&faults), @"
    not UTF-8
     --> seeds/a.sql:1:9
      |
    1 | SELECT '�';
      |         ^ byte 0xff
      |
      = hint: save the file as UTF-8
    NUL byte
     --> seeds/b.sql:1:9
      |
    1 | SELECT '␀';
      |         ^ PostgreSQL's text cannot hold it
      |
      = hint: save the file as UTF-8 text
    not UTF-8
     --> seeds/c.csv.toml:1:8
      |
    1 | run = '�'
      |        ^ byte 0xff
      |
      = hint: save the file as UTF-8
    cannot be read: d.csv is not there
     --> seeds/d.csv
    ");
}

#[test]
fn parts_are_kept() {
    let key = vec!["id".into()].into();
    let policy = Policy { run: Run::Once, existing: Existing::Update, key, production: false };
    let (content, columns) = (Content::Embedded(b"id\n".into()), vec!["id".into()].into());
    let seed = Seed::new(
        "a.csv".into(),
        "s/a.csv".into(),
        Format::Csv,
        policy.clone(),
        Checksum::of(""),
        columns,
        content.clone(),
    );
    assert_eq!((seed.policy(), seed.content(), seed.checksum()), (&policy, &content, Checksum::of("")));
    assert_eq!((seed.columns(), seed.check_duration()), (&["id".into()][..], Duration::ZERO));
    assert_eq!(format!("{:?}", seed.content()), "Embedded(3 bytes)");
}

/// How often files were opened, and how much was read of them.
#[derive(Default)]
struct Counts {
    opened: Cell<usize>,
    bytes: Cell<usize>,
}

struct Counted<R>(R, Rc<Counts>);

impl Counts {
    fn count<R: Read>(self: &Rc<Self>, input: R) -> Counted<R> {
        self.opened.set(self.opened.get() + 1);
        Counted(input, Rc::clone(self))
    }

    fn take(&self) -> (usize, usize) {
        (self.opened.take(), self.bytes.take())
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(buffer)?;
        self.1.bytes.set(self.1.bytes.get() + length);
        Ok(length)
    }
}

/// A file of rows is read once to be checked and once to be loaded, and what the check found is known.
#[track_caller]
fn check_read_once(name: &str, text: &str, policy: Option<&str>) {
    let counts = Rc::new(Counts::default());
    let sidecar = format!("{name}.toml");
    let folder: Vec<_> = [(name, text)].into_iter().chain(policy.map(|policy| (sidecar.as_str(), policy))).collect();
    let read = assemble("seeds", files(&folder), Syntax::Server, |content| match content {
        Content::Embedded(bytes) if **bytes == *text.as_bytes() => Ok(Box::new(counts.count(bytes.as_ref()))),
        other => open(other),
    });
    let seed = read.unwrap().remove(0);
    assert_eq!(counts.take(), (1, text.len()), "the check of {name}");
    assert_eq!((seed.columns(), seed.check_duration().is_zero()), (&["id".into(), "name".into()][..], false));
    let mut rows = Rows::open(seed.format(), seed.path(), seed.columns(), counts.count(text.as_bytes())).unwrap();
    assert_eq!(rows.columns(), seed.columns());
    let mut number = 0;
    while rows.next().unwrap().is_some() {
        number += 1;
    }
    assert_eq!((number, counts.take()), (1_000, (1, text.len())), "loading {name}");
}

#[test]
fn read_once_to_check_and_once_to_load() {
    let object = |number| format!("{{\"id\": {number}, \"name\": \"Grüße {number}\"}}");
    let lines = |row: &dyn Fn(usize) -> String, between: &str| (0..1_000).map(row).collect::<Vec<_>>().join(between);
    for policy in [None, Some("run = 'once'")] {
        let csv = lines(&|number| format!("{number},Grüße"), "\r\n");
        check_read_once("a.csv", &format!("\u{feff}id,name\r\n{csv}"), policy);
        check_read_once("a.json", &format!("[{}]\n", lines(&object, ",\n")), policy);
        check_read_once("a.ndjson", &lines(&object, "\n"), policy);
    }
}
