//! A message that is made of parts.

use atlas_migrate_core::statement;

/// Statements that are sent together, in parts that can be told apart when one of them fails or the server says something.
pub(crate) struct Message<P> {
    text: String,
    /// Each with the byte at which it begins.
    parts: Vec<(P, usize)>,
}

impl<P: Copy + PartialEq> Message<P> {
    pub(crate) fn new() -> Self {
        Self { text: String::new(), parts: Vec::new() }
    }

    /// Adds statements; those of the same part come one behind the other.
    pub(crate) fn add(&mut self, part: P, statements: &str) {
        if self.parts.last().is_none_or(|(last, _)| *last != part) {
            self.parts.push((part, self.text.len()));
        }
        self.text += statements;
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What stands before a part.
    pub(crate) fn before(&self, part: P) -> &str {
        let start = self.parts.iter().find(|(other, _)| *other == part).map(|(_, start)| *start);
        &self.text[..start.unwrap_or(self.text.len())]
    }

    /// The part that has this character, counted from 1 as the server does.
    pub(crate) fn part_of(&self, position: usize) -> Option<P> {
        let (byte, _) = self.text.char_indices().nth(position.checked_sub(1)?)?;
        self.parts.iter().take_while(|(_, start)| *start <= byte).last().map(|(part, _)| *part)
    }

    /// The part in which the next statement is when so many have completed, and its number in that; nothing behind all of them.
    ///
    /// They are counted only here, as nobody asks while all goes well.
    pub(crate) fn at(&self, completed: usize) -> Option<(P, usize)> {
        let mut rest = completed;
        for (number, (part, start)) in self.parts.iter().enumerate() {
            let end = self.parts.get(number + 1).map_or(self.text.len(), |(_, next)| *next);
            let statements = statement::split(&self.text[*start..end]).len();
            if rest < statements {
                return Some((*part, rest));
            }
            rest -= statements;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_counted_by_part() {
        let mut message = Message::new();
        message.add("head", "/* a; b */ SET LOCAL a = ';';\n");
        message.add("head", "SELECT set_config('b', 'c', true);\n");
        message.add("nothing", "");
        message.add("file", "SELECT 1; SELECT 2 -- no more;\n;\n");
        message.add("row", "DO $$BEGIN INSERT INTO t VALUES (1); END$$;\n");
        message.add("end", "COMMIT;\n");
        let at = |completed| message.at(completed);
        assert_eq!((at(0), at(1)), (Some(("head", 0)), Some(("head", 1))));
        assert_eq!((at(2), at(3)), (Some(("file", 0)), Some(("file", 1))));
        assert_eq!((at(4), at(5), at(6)), (Some(("row", 0)), Some(("end", 0)), None));
        let first_of_row = message.before("row").chars().count() + 1;
        assert_eq!((message.part_of(1), message.part_of(first_of_row)), (Some("head"), Some("row")));
        assert_eq!((message.part_of(first_of_row - 1), message.part_of(0)), (Some("file"), None));
        assert_eq!(message.part_of(message.text().len() + 1), None);
        assert!(message.before("file").ends_with("true);\n") && message.before("head").is_empty());
        assert_eq!(message.before("elsewhere"), message.text());
    }
}
