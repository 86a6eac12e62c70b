//! The statements of a seed, and the rows between them.

use std::ops::Range;

use super::policy::OfSeed;
use crate::directive::{self, Directives};
use crate::fault::Fault;
use crate::migration::Direction;
use crate::statement::{self, Kind, Statement, end_of_rows};
use crate::syntax::Syntax;
use crate::token::{self, Lexer};
use crate::{closed, divider, rules};

/// What is sent of a SQL file, one after the other. Ranges are in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Statements that are sent as they are: from the first token of the first to the last of the last.
    Statements(Range<usize>),
    /// A `COPY … FROM stdin`, and its rows.
    Copy {
        /// The statement, without its semicolon.
        statement: Range<usize>,
        /// The lines of its rows, without the `\.` behind them.
        data: Range<usize>,
    },
}

/// Takes a SQL file, whose text is [normalized](crate::checksum::normalized), apart into what is sent.
///
/// `\restrict` and `\unrestrict`, which `pg_dump` writes for psql, are left out.
///
/// # Errors
///
/// All that is wrong with its statements and directives, in the order of the text.
pub fn pieces(path: &str, text: &str) -> Result<Vec<Piece>, Vec<Fault>> {
    read(path, text, Syntax::Server).map(|(pieces, _)| pieces)
}

/// The pieces of a file, and what its directives say.
pub(super) fn read(path: &str, text: &str, syntax: Syntax) -> Result<(Vec<Piece>, Directives<OfSeed>), Vec<Fault>> {
    let mut reader = Reader { path, text, pieces: Vec::new(), faults: Vec::new(), rows: Vec::new(), is_divided: false };
    let mut statements = statement::split(text);
    let are_read = statements.iter().take_while(|statement| reader.statement(statement)).count();
    let Reader { pieces, mut faults, rows, .. } = reader;
    if are_read == statements.len() {
        let last = statements.last().map_or(0, |last| last.range.start);
        let last = rows.last().map_or(last, |rows| last.max(rows.end));
        if let Some(fault) = closed::open_end(path, text, last) {
            faults.push(fault);
            statements.pop();
        }
    }
    // Behind rows without an end nobody can tell what is SQL.
    statements.truncate(are_read);
    let directives: Directives<OfSeed> = directive::read(path, text, &rows, &mut faults);
    faults.extend(divider::check(path, text, Direction::Up, &rows, "remove the down part: nothing reverts a seed"));
    faults.extend(closed::each_statement(path, text, &statements, syntax.with(&directives)));
    faults.sort();
    if faults.is_empty() { Ok((pieces, directives)) } else { Err(faults) }
}

struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    pieces: Vec<Piece>,
    faults: Vec<Fault>,
    /// From behind the semicolon of each `COPY` to the end of its rows.
    rows: Vec<Range<usize>>,
    /// Whether the statement before was none for the server.
    is_divided: bool,
}

impl Reader<'_> {
    /// Takes in a statement; whether what follows can be read.
    fn statement(&mut self, statement: &Statement) -> bool {
        let range = statement.range.clone();
        let is_divided = std::mem::replace(&mut self.is_divided, statement.kind == Kind::Meta);
        match statement.kind {
            Kind::Other => match self.pieces.last_mut() {
                Some(Piece::Statements(run)) if !is_divided => run.end = range.end,
                _ => self.pieces.push(Piece::Statements(range)),
            },
            Kind::CopyFromStdin => match self.rows(&range) {
                Ok(data) => self.pieces.push(Piece::Copy { statement: range, data }),
                Err(fault) => {
                    self.faults.push(fault);
                    return false;
                }
            },
            Kind::Meta => {
                let command = self.text[range.clone()].split_whitespace().next().unwrap_or_default();
                if !matches!(command, "\\restrict" | "\\unrestrict") {
                    let hint = rules::instead_of_meta(command);
                    self.fault(range, &format!("`{command}` is for psql"), "psql meta-command", hint);
                }
            }
            Kind::Reading(name) => {
                let (label, hint) = rules::of_reading(name);
                self.fault(range, &format!("`{name}` in a seed"), label, hint);
            }
            Kind::TransactionControl(name) => {
                let hint = "remove it: the seed is committed together with its row in the history";
                self.fault(range, &format!("`{name}` in a seed"), "transaction control", hint);
            }
            Kind::NotInTransaction(name) => {
                let hint = "move it to a migration that has `-- atlas:no-transaction` at its top";
                let message = format!("`{name}` cannot run in a transaction");
                self.fault(range, &message, "a seed runs in one", hint);
            }
            Kind::CopyToStdout => {
                self.fault(
                    range,
                    "`COPY … TO STDOUT` in a seed",
                    "has no client that would take its rows",
                    "remove it",
                );
            }
        }
        true
    }

    /// The rows behind a `COPY`.
    fn rows(&mut self, copy: &Range<usize>) -> Result<Range<usize>, Fault> {
        let fault = |span, message: &str, label: &str, hint: &str| {
            Fault::new(self.path, message).at(self.text, span, label).hint(hint)
        };
        let endless = || {
            let hint = "close them with a line that has nothing but `\\.`, as pg_dump does";
            fault(copy.clone(), "rows without an end", "no line `\\.` follows", hint)
        };
        let next = Lexer::new(&self.text[copy.end..]).find(|token| !token.is_trivia()).ok_or_else(endless)?;
        if next.kind != token::Kind::Semicolon {
            let hint = "end the statement with `;`, and begin the rows in the line below";
            return Err(fault(copy.clone(), "`COPY … FROM STDIN` without its semicolon", "no `;` follows", hint));
        }
        let start = copy.end + next.range().end;
        let line = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length + 1);
        if !self.text[start..line].trim().is_empty() {
            let behind = self.text[start..line].trim_end().len();
            let hint = "begin the rows in the line below";
            return Err(fault(start..start + behind, "text behind `COPY … FROM STDIN;`", "would be lost", hint));
        }
        let end = end_of_rows(self.text, line).ok_or_else(endless)?;
        self.rows.push(start..end.end);
        Ok(line..end.start)
    }

    fn fault(&mut self, span: Range<usize>, message: &str, label: &str, hint: &str) {
        self.faults.push(Fault::new(self.path, message).at(self.text, span, label).hint(hint));
    }
}

#[cfg(test)]
mod tests;
