//! What holds of any input: nothing panics, and what is said about a text is within it.
//!
//! `cargo test` runs so many random inputs of each target. The same targets run under a coverage-guided fuzzer, with
//! `cargo bolero test`; an input that failed is kept in `__fuzz__` beside this file, and is tried first ever after.

mod input;
#[cfg(feature = "seeds")]
mod seeds;

use std::ops::Range;
use std::time::Duration;

use bolero::check;
use squawk_lexer::TokenKind;

use crate::checksum::{Checksum, Fingerprint, normalized};
use crate::fault::{self, Fault, Snippet};
use crate::file_name::{self, FileName};
use crate::migration::Script;
use crate::plan::fingerprint_of_first;
use crate::set::{self, File};
use crate::statement::{Kind, Statement, split};
use crate::syntax::Syntax;

/// How many random inputs `cargo test` gives to a target, unless `BOLERO_RANDOM_ITERATIONS` says otherwise.
const INPUTS: usize = 2_000;

#[test]
fn file_names() {
    check!().with_generator(input::path()).with_iterations(INPUTS).for_each(|path: &String| {
        let parsed = file_name::parse(path, path);
        assert_eq!(file_name::is_ours(path), parsed != Ok(None));
        match parsed {
            Ok(Some(FileName::Versioned(file))) => {
                assert!(!file.name.is_empty() && path.contains(&file.name));
                assert!(file.version.as_str().starts_with(|c: char| c.is_ascii_digit()));
                assert!(path.contains(&format!("{}_", file.version)));
            }
            Ok(Some(FileName::Repeatable(name))) => assert!(path.ends_with(&format!("R__{name}.sql"))),
            Ok(Some(FileName::Settings(_)) | None) => {}
            Err(fault) => is_about(&fault, path, ""),
        }
    });
}

#[test]
fn statements_of_sql() {
    check!().with_generator(input::sql()).with_iterations(INPUTS).for_each(|text: &String| pieces_are_the_text(text));
}

#[test]
fn statements_of_bytes() {
    check!().with_iterations(INPUTS).for_each(|bytes: &[u8]| pieces_are_the_text(&String::from_utf8_lossy(bytes)));
}

#[test]
fn fingerprints() {
    check!().with_generator(input::sql()).with_iterations(INPUTS).for_each(|text: &String| {
        let text = normalized(text);
        let spaced = with_other_spacing(&text);
        assert_eq!(Fingerprint::of(&spaced), Fingerprint::of(&text), "{spaced:?}");
    });
}

#[test]
fn scripts() {
    check!().with_generator(input::sql()).with_iterations(INPUTS).for_each(|text: &String| {
        let read = Script::parse("1_a.sql", text.clone(), Syntax::Parser);
        let with_crlf = Script::parse("1_a.sql", normalized(text).replace('\n', "\r\n"), Syntax::Parser);
        match (read, with_crlf) {
            (Ok(script), Ok(with_crlf)) => {
                can_be_used(&script);
                assert_eq!(script.header(), with_crlf.header());
                assert_eq!(script.checksum(), with_crlf.checksum());
                assert_eq!(script.fingerprint(), with_crlf.fingerprint());
            }
            (Err(faults), Err(with_crlf)) => {
                assert!(!faults.is_empty());
                faults.iter().for_each(|fault| is_about(fault, "1_a.sql", &normalized(text)));
                assert_eq!(faults, with_crlf);
            }
            (read, with_crlf) => assert_eq!(read.is_ok(), with_crlf.is_ok(), "line ends make a difference"),
        }
    });
}

#[test]
fn sets() {
    check!().with_generator(input::files()).with_iterations(INPUTS).for_each(|files: &Vec<(String, String)>| {
        let given =
            files.iter().map(|(path, text)| File { path: path.clone(), bytes: text.clone().into_bytes().into() });
        match set::assemble("folder", given, Syntax::Parser) {
            Ok(migrations) => {
                assert!(migrations.is_sorted_by(|left, right| left.key() < right.key()));
                migrations.iter().for_each(|migration| can_be_used(migration.up()));
                migrations.iter().filter_map(|migration| migration.down()).for_each(can_be_used);
            }
            Err(faults) => {
                assert!(!faults.is_empty());
                for fault in &faults {
                    let of_file = |path: &str| path.strip_prefix("folder/") == fault.path().strip_prefix("folder/");
                    let texts: Vec<&String> = files
                        .iter()
                        .filter(|(path, _)| of_file(&format!("folder/{path}")))
                        .map(|(_, text)| text)
                        .collect();
                    // A file may have been given twice, with another text.
                    match texts.as_slice() {
                        [] => is_about(fault, "folder", ""),
                        [text] => is_about(fault, fault.path(), &normalized(text)),
                        _ => {}
                    }
                }
            }
        }
    });
}

#[test]
fn rendering() {
    check!()
        .with_generator((input::sql(), 0..200_usize, 0..200_usize, input::line(), input::line()))
        .with_iterations(INPUTS)
        .for_each(|(text, start, length, message, note): &(String, usize, usize, String, String)| {
            let text = &*normalized(text);
            let span = *start..start + length;
            let snippet = Snippet { path: message, text, span: span.clone(), label: note };
            let notes = [note, text];
            fault::render(message, Some(snippet), &notes, Some(note));
            fault::render(message, None, &notes, None);
            let fault = Fault::new(message, note).at(text, span, message).hint(text);
            is_about(&fault, message, text);
            let (line, column) = fault::line_column(text, *start);
            assert!(line >= 1 && column >= 1);
        });
}

/// Statements are in order and within the text, and around them is nothing but comments, spacing and semicolons, or the
/// rows of a `COPY`.
#[track_caller]
fn pieces_are_the_text(text: &str) {
    let mut end = 0;
    let mut rows_may_follow = false;
    for Statement { range, kind } in split(text) {
        assert!(end <= range.start && range.start < range.end, "{range:?} after {end}");
        assert!(rows_may_follow || is_between_statements(&text[end..range.start]), "{:?}", &text[end..range.start]);
        assert!(!text[range.clone()].ends_with(';') || kind == Kind::Meta || holds_semicolons(&text[range.clone()]));
        end = range.end;
        rows_may_follow = kind == Kind::CopyFromStdin;
    }
    assert!(rows_may_follow || is_between_statements(&text[end..]), "{:?}", &text[end..]);
}

/// Whether a statement may end in a semicolon: it has a parenthesis, body, string or comment without an end.
fn holds_semicolons(statement: &str) -> bool {
    statement.contains(['(', '\'', '"', '$']) || statement.contains("/*") || statement.to_uppercase().contains("ATOMIC")
}

#[track_caller]
fn is_between_statements(text: &str) -> bool {
    squawk_lexer::tokenize(text).all(|token| {
        matches!(
            token.kind,
            TokenKind::Whitespace
                | TokenKind::LineComment
                | TokenKind::BlockComment { terminated: true }
                | TokenKind::Semi
        )
    })
}

/// The same SQL, with other comments and spacing between its statements. As it was, where rows stand among them.
fn with_other_spacing(text: &str) -> String {
    let statements = split(text);
    if statements.iter().any(|statement| statement.kind == Kind::CopyFromStdin) {
        return text.to_owned();
    }
    let mut spaced = String::new();
    let mut end = 0;
    for Statement { range, .. } in statements {
        let semicolons = squawk_lexer::tokenize(&text[end..range.start]).filter(|token| token.kind == TokenKind::Semi);
        spaced += "\n-- a ; comment\n";
        spaced += &";/* another\n; */ ".repeat(semicolons.count());
        spaced += &text[range.clone()];
        end = range.end;
    }
    spaced + &text[end..]
}

/// Whatever is read of a script once it has been accepted.
#[track_caller]
fn can_be_used(script: &Script) {
    const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
    let (text, sql, statements) = (script.text(), script.sql(), script.statements());
    // The server counts positions in characters, and we in bytes.
    assert_eq!((text.len(), text.chars().count()), (sql.len(), sql.chars().count()));
    pieces_are_the_text(&sql);
    assert!(!text.contains(['\0', '\r']));
    assert_eq!(script.checksum(), Checksum::of(&text));
    for Range { start, end } in statements.iter().map(|statement| statement.range.clone()) {
        assert_eq!(sql[start..end], text[start..end]);
    }
    assert!((0..=statements.len()).all(|count| fingerprint_of_first(count, script).is_some()));
    assert_eq!(fingerprint_of_first(statements.len() + 1, script), None);
    let header = script.header();
    assert!(header.lock_timeout.into_iter().chain(header.statement_timeout).all(|timeout| timeout <= LONGEST));
    let conditions = header.require.iter().map(|require| &require.condition).chain(&header.skip_unless);
    for condition in conditions {
        let reaches_out = |kind| matches!(kind, TokenKind::Semi | TokenKind::LineComment);
        assert!(!squawk_lexer::tokenize(condition).any(|token| reaches_out(token.kind)), "{condition}");
        assert_eq!(split(&format!("SELECT ({condition}); SELECT 2")).len(), 2, "{condition}");
    }
    script.may_change_session();
    script.custom_settings();
}

/// The fault names the file, and points into its text.
#[track_caller]
fn is_about(fault: &Fault, path: &str, text: &str) {
    assert_eq!(fault.path(), path);
    assert!(fault.to_string().lines().count() >= 1);
    if let Some((line, column)) = fault.position() {
        let of_text = text.split('\n').nth(line - 1).unwrap_or_else(|| unreachable!("there is no line {line}"));
        assert!((1..=of_text.chars().count() + 1).contains(&column), "{line}:{column} of {of_text:?}");
    }
}
