//! What is said about JSON that is wrong.

use insta::assert_snapshot;

use super::{Json, Ndjson, read};
use crate::seed::Format;

fn fault(bytes: impl AsRef<[u8]>) -> String {
    of(Json, bytes)
}

fn in_lines(bytes: impl AsRef<[u8]>) -> String {
    of(Ndjson, bytes)
}

fn of(format: Format, bytes: impl AsRef<[u8]>) -> String {
    read(format, bytes.as_ref()).err().map_or_else(|| "no fault".to_owned(), |fault| fault.to_string())
}

#[test]
fn not_objects() {
    assert_snapshot!(fault(" \n"), @"
    empty file
     --> seeds/a
      = hint: if that is meant, write `[]` into a .json file
    ");
    assert_snapshot!(fault("{\"a\": 1}\n"), @r#"
    not an array
     --> seeds/a:1:1
      |
    1 | {"a": 1}
      | ^ expected `[`
      |
      = hint: put the objects into an array; or write one in each line, and name the file .ndjson
    "#);
    assert_snapshot!(fault("[{\"a\": 1},\n  [2]]"), @"
    not an object
     --> seeds/a:2:3
      |
    2 |   [2]]
      |   ^ expected `{`
      |
      = hint: write each row as an object, its keys the names of columns
    ");
    assert_snapshot!(fault("\"a\""), @r#"
    not an array
     --> seeds/a:1:1
      |
    1 | "a"
      | ^ expected `[`
      |
      = hint: write an array of objects
    "#);
    assert_snapshot!(in_lines("[{\"a\": 1}]"), @r#"
    not an object
     --> seeds/a:1:1
      |
    1 | [{"a": 1}]
      | ^ expected `{`
      |
      = hint: write an object in each line; or name the file .json, if it is an array
    "#);
    assert_snapshot!(in_lines("{\"a\": 1}\n  2\n"), @"
    not an object
     --> seeds/a:2:3
      |
    2 |   2
      |   ^ expected `{`
      |
      = hint: write each row as an object, its keys the names of columns
    ");
    assert!(in_lines("\n").contains("empty file"));
}

#[test]
fn arrays() {
    assert_snapshot!(fault("[\n  {\"a\": 1}\n"), @r#"
    broken JSON
     --> seeds/a:2:11
      |
    2 |   {"a": 1}
      |           ^ the array is not closed
      |
      = hint: put a `]` at its end
    "#);
    assert_snapshot!(fault("[\n  {\"a\": 1}\n  {\"a\": 2}\n]\n"), @r#"
    broken JSON
     --> seeds/a:3:3
      |
    3 |   {"a": 2}
      |   ^ expected `,` or `]`
      |
      = hint: separate objects by commas
    "#);
    assert_snapshot!(fault("[\n  {\"a\": 1},\n]\n"), @"
    broken JSON
     --> seeds/a:3:1
      |
    3 | ]
      | ^ expected an object behind the comma
      |
      = hint: remove the comma before it
    ");
    assert_snapshot!(fault("[{\"a\": 1}]\n[{\"a\": 2}]\n"), @r#"
    text behind the array
     --> seeds/a:2:1
      |
    2 | [{"a": 2}]
      | ^ expected nothing
      |
      = hint: remove it
    "#);
}

#[test]
fn broken() {
    assert_snapshot!(fault("[\n  {\"id\": 1, \"name\" \"Ann\"}\n]\n"), @r#"
    broken JSON
     --> seeds/a:2:20
      |
    2 |   {"id": 1, "name" "Ann"}
      |                    ^ expected `:`
      |
      = hint: look at the commas, quotes and brackets before it
    "#);
    assert_snapshot!(fault("[\n  {\"id\": 1, \"name: \"Ann\"}\n]\n"), @r#"
    broken JSON
     --> seeds/a:2:21
      |
    2 |   {"id": 1, "name: "Ann"}
      |                     ^ expected `:`
      |
      = hint: look at the commas, quotes and brackets before it
    "#);
    assert_snapshot!(fault("[\n  {\"id\": 1, \"name\": \"Ann},\n  {\"id\": 2}\n]\n"), @r#"
    broken JSON
     --> seeds/a:2:27
      |
    2 |   {"id": 1, "name": "Ann},
      |                           ^ the text has no end in this line
      |
      = hint: close it with a quote; a line end in it is written `\n`
    "#);
    assert_snapshot!(fault("[{\"name\": \"A\tnn\"}]"), @r#"
    broken JSON
     --> seeds/a:1:13
      |
    1 | [{"name": "A    nn"}]
      |             ^^^^ control character
      |
      = hint: write it as an escape, as in `\t`
    "#);
    assert_snapshot!(fault("[\n  {\"id\": 1, \"tags\": [1, 2}\n]\n"), @r#"
    broken JSON
     --> seeds/a:2:26
      |
    2 |   {"id": 1, "tags": [1, 2}
      |                          ^ expected `,` or `]`
      |
      = hint: look at the commas, quotes and brackets before it
    "#);
    assert_snapshot!(fault("[\n  {\"id\": 1,\n  \"name\": \"Ann\"\n"), @r#"
    object without an end
     --> seeds/a:2:3
      |
    2 |   {"id": 1,
      |   ^ is not closed
      |
      = hint: look for a bracket or a quote without its other half
    "#);
    assert_snapshot!(fault("[{\"id\": 01}]"), @r#"
    broken JSON
     --> seeds/a:1:10
      |
    1 | [{"id": 01}]
      |          ^ invalid number
      |
      = hint: look at the commas, quotes and brackets before it
    "#);
    assert_snapshot!(fault("[{\"id\": NaN}]"), @r#"
    broken JSON
     --> seeds/a:1:9
      |
    1 | [{"id": NaN}]
      |         ^ expected value
      |
      = hint: look at the commas, quotes and brackets before it
    "#);
    assert_snapshot!(in_lines("{\"id\": 1,\n \"name\": \"Ann\"}\n"), @r#"
    object without an end
     --> seeds/a:1:1
      |
    1 | {"id": 1,
      | ^ is not closed in this line
      |
      = hint: write each object in one line
    "#);
    assert_snapshot!(in_lines("{\"id\": 1} {\"id\": 2}\n"), @r#"
    broken JSON
     --> seeds/a:1:11
      |
    1 | {"id": 1} {"id": 2}
      |           ^ trailing characters
      |
      = hint: look at the commas, quotes and brackets before it
    "#);
}

#[test]
fn keys_and_escapes() {
    assert_snapshot!(fault("[\n  {\"id\": 1, \"a\": 2, \"id\": 3}\n]\n"), @r#"
    key `id` twice
     --> seeds/a:2:21
      |
    2 |   {"id": 1, "a": 2, "id": 3}
      |                     ^^^^ is in the object already
      |
      = hint: remove one of the two
    "#);
    assert!(fault(r#"[{"é": 1, "\u00e9": 2}]"#).contains("key `é` twice\n --> seeds/a:1:11"));
    assert_snapshot!(fault("[{\"\": 1}]"), @r#"
    key without a name
     --> seeds/a:1:3
      |
    1 | [{"": 1}]
      |   ^^ expected the name of a column
      |
      = hint: remove it, or name it
    "#);
    assert_snapshot!(fault(r#"[{"a": "é\u0000"}]"#), @r#"
    character that PostgreSQL's text cannot hold
     --> seeds/a:1:10
      |
    1 | [{"a": "é\u0000"}]
      |          ^^^^^^ NUL
      |
      = hint: leave it out
    "#);
    assert_snapshot!(fault(r#"[{"a": {"b": ["\\\ud83d!"]}}]"#), @r#"
    character that PostgreSQL's text cannot hold
     --> seeds/a:1:18
      |
    1 | [{"a": {"b": ["\\\ud83d!"]}}]
      |                  ^^^^^^ half of a pair of surrogates
      |
      = hint: leave it out
    "#);
    assert!(fault(r#"[{"\ud83d\ud83d": 1}]"#).contains("half of a pair"));
    assert!(fault(r#"[{"\ude42": 1}]"#).contains("half of a pair"));
}

#[test]
fn not_utf8() {
    assert_snapshot!(fault(b"[{\"a\": \"Gr\xfc\xdfe\"}]"), @r#"
    not UTF-8
     --> seeds/a:1:11
      |
    1 | [{"a": "Gr��e"}]
      |           ^ byte 0xfc
      |
      = hint: save the file as UTF-8
    "#);
}

#[test]
fn long_lines_are_cut() {
    let objects: Vec<String> = (0..5_000).map(|id| format!("{{\"id\": {id}, \"name\": \"é\"}}")).collect();
    let text = format!("[{}, {{\"id\" 5}}, {}]", objects.join(", "), objects.join(", "));
    assert_snapshot!(fault(text), @r#"
    broken JSON
     --> seeds/a:1:133898
      |
    1 | ...id": 4998, "name": "é"}, {"id": 4999, "name": "é"}, {"id" 5}, {"id": 0, "name": "é"}, {"id": 1, "name": "é"}, {"id": 2, "name": "é...
      |                                                              ^ expected `:`
      |
      = hint: look at the commas, quotes and brackets before it
    "#);
}
