use std::borrow::Cow;

use insta::assert_snapshot;

use super::*;

fn files(files: &[(&str, &'static [u8])]) -> Result<Vec<File>, Vec<Fault>> {
    let file =
        |(path, bytes): &(&str, &'static [u8])| SourceFile { path: (*path).to_owned(), bytes: Cow::Borrowed(*bytes) };
    assemble("checks", files.iter().map(file), Syntax::Parser)
}

fn faults(folder: &[(&str, &'static [u8])]) -> String {
    files(folder).err().unwrap_or_default().iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn in_the_order_of_their_paths() {
    let read = files(&[
        ("020_b.sql", b"SELECT 1"),
        ("more/a.toml", b"[[extension]]\nname = \"a\"\n"),
        ("010_a.sql", b"\xef\xbb\xbfSELECT\r\n1"),
        ("README.md", b"\xff"),
        (".hidden/a.sql", b"\xff"),
    ]);
    let read = read.unwrap();
    let paths: Vec<_> = read.iter().map(File::path).collect();
    assert_eq!(paths, ["checks/010_a.sql", "checks/020_b.sql", "checks/more/a.toml"]);
    assert_eq!(read[0].text(), "SELECT\n1");
    assert_eq!(read[2].checks(Syntax::Server).unwrap().len(), 1);
}

#[test]
fn what_is_wrong() {
    assert_snapshot!(faults(&[("README.md", b"")]), @"
    no checks in this folder
     --> checks
      = hint: add a file with a name like 010_tables.toml or 020_orphans.sql
    ");
    assert_snapshot!(faults(&[("a.SQL", b"SELECT 1"), ("b.sql", b"SELECT '\xff'"), ("c.toml", b"a = \"\0\""), ("d.sql", b"")]), @r#"
    file name ends in `.SQL`
     --> checks/a.SQL
      = hint: write it in small letters, as in `.sql`
    not UTF-8
     --> checks/b.sql:1:9
      |
    1 | SELECT '�'
      |         ^ byte 0xff
      |
      = hint: save the file as UTF-8
    NUL byte
     --> checks/c.toml:1:6
      |
    1 | a = "␀"
      |      ^ PostgreSQL's text cannot hold it
      |
      = hint: save the file as UTF-8 text
    check without a query
     --> checks/d.sql
      = hint: write a query, or remove the file
    "#);
}
