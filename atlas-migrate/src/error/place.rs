//! A place in a file, and finding it by what the server says.

use std::ops::Range;

/// A place in a file of SQL.
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    pub(crate) label: String,
}

/// The line of a `DO` block that failed, which the server counts from the beginning of its body.
pub(crate) fn line_of_block(statement: &str, context: Option<&str>) -> Option<Range<usize>> {
    let (_, rest) = context?.split_once("PL/pgSQL function inline_code_block line ")?;
    let line: usize = rest.split(' ').next()?.parse().ok()?;
    let open = statement.find('$')?;
    let body = open + statement[open + 1..].find('$')? + 2;
    let start = match line.checked_sub(2) {
        None => body,
        Some(skipped) => body + statement[body..].match_indices('\n').nth(skipped)?.0 + 1,
    };
    let text = statement[start..].lines().next()?;
    let indent = text.len() - text.trim_start().len();
    Some(start + indent..start + text.trim_end().len())
}

/// The word at a position that the server gave: in characters, from 1, counted from the start of the message, in which
/// `head` stands before the text.
pub(crate) fn span_at(text: &str, head: &str, position: usize) -> Option<Range<usize>> {
    let skip = position.checked_sub(1)?.checked_sub(head.chars().count())?;
    let (start, first) = text.char_indices().nth(skip)?;
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let length = match first {
        '"' | '\'' => text[start + 1..].find(first).map_or(1, |end| end + 2),
        c if is_word(c) => text[start..].find(|c| !is_word(c)).unwrap_or(text.len() - start),
        c => c.len_utf8(),
    };
    Some(start..start + length)
}
