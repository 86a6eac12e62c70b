//! Who finds the errors in the syntax of SQL.

#[cfg(feature = "syntax")]
mod parser;

use std::ops::Range;

use crate::directive::Directives;
use crate::fault::Fault;
use crate::statement::Statement;

/// Who finds the errors in the syntax of SQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// The server, when a file is sent.
    #[default]
    Server,
    /// A parser, when a file is read; the server if the file has the directive `no-syntax-check`.
    #[cfg(feature = "syntax")]
    Parser,
}

#[cfg_attr(not(feature = "syntax"), expect(unused_variables, reason = "without a parser nothing is looked at"))]
impl Syntax {
    /// Who it is for a file with these directives.
    pub(crate) fn with<V>(self, directives: &Directives<V>) -> Self {
        if directives.span("no-syntax-check").is_some() { Self::Server } else { self }
    }

    /// The first error of a statement.
    pub(crate) fn of_statement(self, path: &str, text: &str, statement: &Statement) -> Option<Fault> {
        match self {
            Self::Server => None,
            #[cfg(feature = "syntax")]
            Self::Parser => parser::statement(path, text, statement),
        }
    }

    /// The error of a condition that a directive gives, which runs as `SELECT (condition)`.
    pub(crate) fn of_condition(self, path: &str, text: &str, span: Range<usize>) -> Option<Fault> {
        match self {
            Self::Server => None,
            #[cfg(feature = "syntax")]
            Self::Parser => parser::condition(path, text, span),
        }
    }

    /// The error of a query that a directive gives.
    #[cfg(feature = "bench")]
    pub(crate) fn of_query(self, path: &str, text: &str, span: Range<usize>) -> Option<Fault> {
        match self {
            Self::Server => None,
            #[cfg(feature = "syntax")]
            Self::Parser => parser::query(path, text, span),
        }
    }
}
