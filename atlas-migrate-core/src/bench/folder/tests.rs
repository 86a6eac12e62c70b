use std::borrow::Cow;

use insta::assert_snapshot;

use super::*;

fn files(folder: &[(&str, &'static str)]) -> Result<Vec<File>, Vec<Fault>> {
    let file = |(path, text): &(&str, &'static str)| SourceFile {
        path: (*path).to_owned(),
        bytes: Cow::Borrowed(text.as_bytes()),
    };
    assemble("benchmarks", folder.iter().map(file), Syntax::Parser)
}

fn faults(folder: &[(&str, &'static str)]) -> String {
    files(folder).err().unwrap_or_default().iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn names() {
    let read = files(&[
        ("chats/010_timeline.sql", "SELECT 1"),
        ("2024-01_b.sql", "SELECT 1"),
        ("30.sql", "SELECT 1"),
        ("40_.sql", "SELECT 1"),
        ("a_50.sql", "SELECT 1"),
        ("README.md", "none of ours"),
        (".hidden.sql", "none of ours"),
    ]);
    let names: Vec<_> = read.unwrap().iter().map(|file| file.benchmark(Syntax::Server).unwrap().name).collect();
    assert_eq!(names, ["01_b", "30", "40_", "a_50", "timeline"]);
}

#[test]
fn what_is_wrong() {
    assert_snapshot!(faults(&[("README.md", "")]), @"
    no benchmarks in this folder
     --> benchmarks
      = hint: add a file with a name like 010_timeline.sql
    ");
    assert_snapshot!(faults(&[("a.SQL", "SELECT 1"), ("b.sql", "")]), @"
    file name ends in `.SQL`
     --> benchmarks/a.SQL
      = hint: write it in small letters, as in `.sql`
    benchmark without a statement
     --> benchmarks/b.sql
      = hint: write a statement, or remove the file
    ");
    assert_snapshot!(faults(&[("010_a.sql", "SELECT 1"), ("more/020_a.sql", "SELECT 1")]), @"
    second benchmark `a`
     --> benchmarks/more/020_a.sql
      = hint: rename it: benchmarks/010_a.sql has that name too, numbers and folders aside
    ");
}
