//! What is said about cells and columns, and about files that cannot be read.

use std::io;

use insta::assert_snapshot;

use super::{Csv, Json, Ndjson};
use crate::seed::{Format, Rows, check};

/// The fault of one cell, and that of its column.
fn of_cell(format: Format, text: &str, row: u64, column: usize) -> String {
    let columns = check(format, "seeds/a", text.as_bytes()).unwrap();
    let of_column = columns.fault(&columns.names()[column], "no such column", "not in the table").unwrap().to_string();
    let mut rows = Rows::open(format, "seeds/a", columns.names(), text.as_bytes()).unwrap();
    while let Some(read) = rows.next().unwrap() {
        if read.number() == row {
            return format!(
                "{of_column}\n{}",
                read.fault(column, "not an integer", "expected integer").hint("mend it")
            );
        }
    }
    panic!("there is no row {row}")
}

#[test]
fn cells_and_columns() {
    assert_snapshot!(of_cell(Csv, "id,name\n1,\"a\nb\"\n2,\"c\nd \"\"e\"\"\"\n", 2, 1), @r#"
    no such column
     --> seeds/a:1:4
      |
    1 | id,name
      |    ^^^^ not in the table
    not an integer
     --> seeds/a:4:3
      |
    4 | 2,"c
      |   ^^ expected integer
      |
      = hint: mend it
    "#);
    assert_snapshot!(of_cell(Csv, "id,name\n1,\n", 1, 1), @"
    no such column
     --> seeds/a:1:4
      |
    1 | id,name
      |    ^^^^ not in the table
    not an integer
     --> seeds/a:2:3
      |
    2 | 1,
      |   ^ expected integer
      |
      = hint: mend it
    ");
    assert_snapshot!(of_cell(Json, "[\n  {\"id\": 1},\n  {\n    \"name\": \"é\", \"id\": \"x\"\n  }\n]", 2, 0), @r#"
    no such column
     --> seeds/a:2:4
      |
    2 |   {"id": 1},
      |    ^^^^ not in the table
    not an integer
     --> seeds/a:4:24
      |
    4 |     "name": "é", "id": "x"
      |                        ^^^ expected integer
      |
      = hint: mend it
    "#);
    assert_snapshot!(of_cell(Json, "[\n  {\"id\": 1},\n  {\"name\": 2}]", 1, 1), @r#"
    no such column
     --> seeds/a:3:4
      |
    3 |   {"name": 2}]
      |    ^^^^^^ not in the table
    not an integer
     --> seeds/a:2:3
      |
    2 |   {"id": 1},
      |   ^ expected integer
      |
      = hint: mend it
    "#);
}

#[test]
fn unreadable() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("device gone"))
        }
    }
    for format in [Csv, Json, Ndjson] {
        let faults = [check(format, "seeds/a", Broken).err(), Rows::open(format, "seeds/a", &["a"], Broken).err()];
        for fault in faults {
            assert_eq!(fault.unwrap().to_string(), "cannot be read: device gone\n --> seeds/a");
        }
    }
}

/// Its columns are found first, and then its rows are read.
#[test]
fn a_file_that_changes_while_it_is_read() {
    let read = |format, first: &str, second: &str| {
        let columns = check(format, "seeds/a", first.as_bytes())?;
        let mut rows = Rows::open(format, "seeds/a", columns.names(), second.as_bytes())?;
        rows.next().map(drop)
    };
    for (format, first, second) in [
        (Json, "[{\"a\": 1}]", "[{\"b\": 1}]"),
        (Ndjson, "{\"a\": 1}", "{\"b\": 1}"),
        (Csv, "a,b\n1,2\n", "b,a\n1,2\n"),
        (Csv, "a,b\n1,2\n", "a\n1\n"),
        (Csv, "a\n1\n", "a,b\n1,2\n"),
    ] {
        let fault = read(format, first, second).map_err(|fault| fault.to_string());
        assert!(fault.is_err_and(|fault| fault.ends_with("hint: don't change the file while it is read")), "{second}");
        read(format, second, second).unwrap();
    }
    let header = |second| read(Csv, "a,b\n1,2\n", second).unwrap_err().to_string();
    assert_snapshot!(header("a\n1\n"), @"
    other columns than a moment ago
     --> seeds/a:1:1
      |
    1 | a
      | ^ expected `b` behind it
      |
      = hint: don't change the file while it is read
    ");
    assert_snapshot!(header("a,c\n1,2\n"), @"
    other columns than a moment ago
     --> seeds/a:1:3
      |
    1 | a,c
      |   ^ expected `b`
      |
      = hint: don't change the file while it is read
    ");
    assert_snapshot!(header("a,b,c\n1,2,3\n"), @"
    other columns than a moment ago
     --> seeds/a:1:5
      |
    1 | a,b,c
      |     ^ was not there a moment ago
      |
      = hint: don't change the file while it is read
    ");
}
