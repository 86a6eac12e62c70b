//! What is said about cells and columns, and about files that cannot be read.

use std::io;

use insta::assert_snapshot;

use super::{Csv, Json};
use crate::fault::Fault;
use crate::seed::{Format, Rows};

/// The fault of one cell, and that of its column.
fn of_cell(format: Format, text: &str, row: u64, column: usize) -> String {
    let mut rows = Rows::open(format, "seeds/a", || Ok(text.as_bytes())).unwrap();
    let of_column = rows.column_fault(column, "no such column", "not in the table").to_string();
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
    let open = |opened: io::Result<Broken>| {
        let fault: Fault = Rows::open(Csv, "seeds/a", || {
            opened.as_ref().map(|_| io::BufReader::new(Broken)).map_err(|_| io::Error::other("no such file"))
        })
        .err()
        .unwrap();
        fault.to_string()
    };
    assert_snapshot!(open(Ok(Broken)), @"
    cannot be read: device gone
     --> seeds/a
    ");
    assert_snapshot!(open(Err(io::Error::other(""))), @"
    cannot be read: no such file
     --> seeds/a
    ");
}

/// Its columns are read first, and then its rows.
#[test]
fn a_file_that_changes_while_it_is_read() {
    let read = |times: [&'static str; 2]| {
        let mut times = times.into_iter();
        let mut rows = Rows::open(Json, "seeds/a", || Ok(times.next().unwrap_or_default().as_bytes()))?;
        rows.next().map(drop)
    };
    let (first, second) = (r#"[{"a": 1}]"#, r#"[{"b": 1}]"#);
    let fault = read([first, second]).map_err(|fault| fault.to_string());
    assert!(fault.is_err_and(|fault| fault.contains("hint: don't change the file while it is read")));
    read([second, second]).unwrap();
}
