//! What is said about CSV that is wrong.

use insta::assert_snapshot;

use super::{Csv, read};

fn fault(bytes: impl AsRef<[u8]>) -> String {
    read(Csv, bytes.as_ref()).err().map_or_else(|| "no fault".to_owned(), |fault| fault.to_string())
}

#[test]
fn headers() {
    assert_snapshot!(fault(""), @"
    empty file
     --> seeds/a
      = hint: begin the file with the names of the columns, as in `id,name`
    ");
    assert_snapshot!(fault("\r\n1,2\n"), @"
    no header
     --> seeds/a:1:1
      |
    1 |
      | ^ the first line is empty
      |
      = hint: begin the file with the names of the columns, as in `id,name`
    ");
    assert_snapshot!(fault("id,name,id\n"), @"
    column `id` twice
     --> seeds/a:1:9
      |
    1 | id,name,id
      |         ^^ is there before
      |
      = hint: remove one of the two
    ");
    assert_snapshot!(fault("id,,name\n"), @"
    column without a name
     --> seeds/a:1:4
      |
    1 | id,,name
      |    ^ expected the name of a column
      |
      = hint: remove the column, or name it
    ");
    assert!(fault("id,\"\"\n").contains("a:1:4"));
    let columns: Vec<String> = (1..=1_601).map(|column| format!("c{column}")).collect();
    assert_snapshot!(fault(columns.join(",")), @"
    too many columns
     --> seeds/a:1:8494
      |
    1 | ...1,c1592,c1593,c1594,c1595,c1596,c1597,c1598,c1599,c1600,c1601
      |                                                            ^^^^^ column 1,601
      |
      = hint: PostgreSQL's tables have 1,600 at most
    ");
}

#[test]
fn numbers_of_cells() {
    assert_snapshot!(fault("id,name,age\n1,Ann,7\n2,Bob\n3,Cy,5\n"), @"
    too few cells in a row: 2 cells, expected 3
     --> seeds/a:3:6
      |
    3 | 2,Bob
      |      ^ `age` is missing
      |
      = hint: leave a cell empty for NULL, but keep its comma
    ");
    assert_snapshot!(fault("id,name\n1,Smith, Ann\n"), @"
    too many cells in a row: 3 cells, expected 2
     --> seeds/a:2:9
      |
    2 | 1,Smith, Ann
      |         ^^^^ the header has no column for this
      |
      = hint: put a cell with a comma in it into quotes
    ");
    assert_snapshot!(fault("id,name\n1,Ann\n\n2,Bob\n"), @"
    empty line
     --> seeds/a:3:1
      |
    3 |
      | ^ expected 2 cells
      |
      = hint: remove the line
    ");
    assert_snapshot!(fault("id\n1,2,3"), @"
    too many cells in a row: 3 cells, expected 1
     --> seeds/a:2:3
      |
    2 | 1,2,3
      |   ^^^ the header has no column for this
      |
      = hint: put a cell with a comma in it into quotes
    ");
}

#[test]
fn quotes() {
    assert_snapshot!(fault("id,name\n1,\"Ann\n2,Bob\n"), @r#"
    quote without an end
     --> seeds/a:2:3
      |
    2 | 1,"Ann
      |   ^ opens here
      |
      = hint: close it, and double the quotes within the cell
    "#);
    assert_snapshot!(fault("id,name\n1,\"Ann\n2,\"Bob\"\n"), @r#"
    text behind a closing quote
     --> seeds/a:3:4
      |
    3 | 2,"Bob"
      |    ^ the cell began in line 2
      |
      = hint: put the whole cell into quotes, and double those within it
    "#);
    assert_snapshot!(fault("id,name\n1,\"Ann\" Lee\n"), @r#"
    text behind a closing quote
     --> seeds/a:2:8
      |
    2 | 1,"Ann" Lee
      |        ^ the cell began in line 2
      |
      = hint: put the whole cell into quotes, and double those within it
    "#);
    assert_snapshot!(fault("id,name\n1, \"Ann\"\n"), @r#"
    quote within a cell
     --> seeds/a:2:4
      |
    2 | 1, "Ann"
      |    ^ the cell began without one
      |
      = hint: put the whole cell into quotes, and double those within it
    "#);
}

#[test]
fn bytes() {
    assert_snapshot!(fault(b"id,name\n1,\"Gr\xc3\xbc\xdfe\"\n"), @r#"
    not UTF-8
     --> seeds/a:2:7
      |
    2 | 1,"Grü�e"
      |       ^ byte 0xdf
      |
      = hint: save the file as UTF-8
    "#);
    assert_snapshot!(fault("id,name\n1,A\0nn\n"), @"
    NUL byte
     --> seeds/a:2:4
      |
    2 | 1,A␀nn
      |    ^ PostgreSQL's text cannot hold it
      |
      = hint: save the file as UTF-8 text
    ");
    assert!(fault("id,name\n1,\"A\0nn\"\n").contains("NUL byte\n --> seeds/a:2:5"));
    assert_snapshot!(fault("id,name\r1,Ann\r"), @"
    carriage return outside of quotes
     --> seeds/a:1:8
      |
    1 | id,name␍1,Ann
      |        ^ no line feed behind it
      |
      = hint: end lines with LF or CRLF; put a cell with a line end in it into quotes
    ");
    assert_snapshot!(fault(b"\xff\xfei\0d\0"), @"
    not UTF-8
     --> seeds/a:1:1
      |
    1 | ��i␀d␀
      | ^ byte 0xff
      |
      = hint: save the file as UTF-8
    ");
}
