//! What migrations say in their directives.

use std::borrow::Cow;
use std::ops::Range;

use super::{Directives, Piece, Vocabulary, value};
use crate::directive::value::Problem;
use crate::migration::{Header, Require};

/// How sqlx has it. A file that is to run under both may say both.
const SQLX_NO_TRANSACTION: &str = "-- no-transaction";

/// What the directives of a migration say. The header's `transaction` is decided later, since statements have a say in it.
#[derive(Default)]
pub(crate) struct OfMigration {
    pub(crate) header: Header,
    /// Where the conditions stand that were given.
    pub(crate) conditions: Vec<Range<usize>>,
}

impl Directives<OfMigration> {
    /// Whether the file says that it runs without a transaction, in our words or in sqlx's.
    pub(crate) fn no_transaction(&self) -> bool {
        self.span("no-transaction").or(self.span(SQLX_NO_TRANSACTION)).is_some()
    }
}

impl Vocabulary for OfMigration {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("no-transaction", "-- atlas:no-transaction"),
        ("lock-timeout", "-- atlas:lock-timeout 2s"),
        ("statement-timeout", "-- atlas:statement-timeout 10min"),
        ("compatible", "-- atlas:compatible"),
        ("require", "-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty"),
        ("skip-unless", "-- atlas:skip-unless to_regclass('orders') IS NOT NULL"),
        ("no-syntax-check", "-- atlas:no-syntax-check"),
    ];

    const SEVERAL: &'static [&'static str] = &["require"];
    const ELSEWHERE: (&'static [&'static str], &'static str) = (&["seed", "production"], "is for seeds");

    fn take(&mut self, name: &str, value: Piece<'_>) -> Result<(), Problem> {
        let Piece { start, text: value } = value;
        let owned = |text: &str| Cow::Owned(text.to_owned());
        let header = &mut self.header;
        match name {
            "lock-timeout" => header.lock_timeout = Some(value::duration(value)?),
            "statement-timeout" => header.statement_timeout = Some(value::duration(value)?),
            "require" => {
                let (condition, message) = value::condition(value)?;
                self.conditions.push(start..start + condition.len());
                header.require.to_mut().push(Require { condition: owned(condition), message: message.map(owned) });
            }
            "skip-unless" => {
                let (condition, message) = value::condition(value)?;
                if let Some(message) = message {
                    let span = value.len() - message.len()..value.len();
                    return Err(Problem { span, label: "takes no message; an SQL `|` has to stand in parentheses" });
                }
                self.conditions.push(start..start + condition.len());
                header.skip_unless = Some(owned(condition));
            }
            _ => {
                value::none(value)?;
                header.compatible |= name == "compatible";
            }
        }
        Ok(())
    }

    fn comment(&mut self, content: Piece<'_>) -> Option<&'static str> {
        if content.word().text.trim_end_matches([':', ',', '.']) == "no-transaction" {
            return Some(SQLX_NO_TRANSACTION);
        }
        let header = &mut self.header;
        let fields =
            [("migration:", &mut header.title), ("description:", &mut header.description), ("date:", &mut header.date)];
        for (name, field) in fields {
            if content.starts_with(name) && field.is_none() {
                *field = Some(content.skip(name.len()).trim().text.to_owned().into());
            }
        }
        None
    }
}
