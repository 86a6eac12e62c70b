//! Lines that divide one file into an up part and a down part, as other tools have them.
//!
//! To us, and to the server, they are comments: both parts would run, and what the first one makes the second one would drop.

use std::borrow::Cow;
use std::ops::Range;

use crate::fault::Fault;
use crate::migration::Direction;
use crate::token::{Kind, Lexer, Token};

/// How a tool marks the parts of a file, in small letters and without the dashes, slashes and signs around it.
struct Tool {
    name: &'static str,
    /// Before the up part; in some tools it has no mark.
    up: Option<&'static str>,
    down: &'static str,
    certainty: Certainty,
}

/// How sure it is that a comment is a mark; if it is not, it counts beside a mark of the other part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// Nobody writes this for people.
    Mark,
    /// If the comment says nothing else: with more behind it, it may be what a file that reverts begins with.
    Whole,
}

const TOOLS: [Tool; 10] = [
    Tool { name: "goose", up: Some("+goose up"), down: "+goose down", certainty: Certainty::Mark },
    Tool { name: "sql-migrate", up: Some("+migrate up"), down: "+migrate down", certainty: Certainty::Mark },
    Tool { name: "micrate", up: Some("+micrate up"), down: "+micrate down", certainty: Certainty::Mark },
    Tool { name: "dbmate", up: Some("migrate:up"), down: "migrate:down", certainty: Certainty::Mark },
    Tool { name: "cigogne", up: Some("migration:up"), down: "migration:down", certainty: Certainty::Mark },
    Tool { name: "rambler", up: Some("rambler up"), down: "rambler down", certainty: Certainty::Mark },
    Tool { name: "tern", up: None, down: "create above / drop below", certainty: Certainty::Mark },
    Tool { name: "MyBatis", up: None, down: "@undo", certainty: Certainty::Mark },
    Tool { name: "Play", up: Some("!ups"), down: "!downs", certainty: Certainty::Mark },
    Tool { name: "node-pg-migrate", up: Some("up migration"), down: "down migration", certainty: Certainty::Whole },
];

/// What people and smaller tools call the parts, if no other words than [`BESIDE`] are in the comment.
const UP: [&str; 9] = ["up", "ups", "forward", "forwards", "do", "apply", "upgrade", "deploy", "migrate"];
const DOWN: [&str; 10] =
    ["down", "downs", "backward", "backwards", "undo", "revert", "rollback", "downgrade", "reverse", "unapply"];

/// Words that say nothing beside those: `-- Add down migration script here`, `-- BEGIN DOWN`.
const BESIDE: [&str; 20] = [
    "migration",
    "migrations",
    "migrate",
    "script",
    "scripts",
    "section",
    "part",
    "step",
    "steps",
    "sql",
    "begin",
    "start",
    "name",
    "add",
    "write",
    "your",
    "the",
    "statements",
    "changes",
    "here",
];

/// The statements of a part that only removes begin with one of these, or go around those that do.
const REMOVING: [&str; 3] = ["drop", "delete", "truncate"];
const AROUND: [&str; 4] = ["begin", "start", "commit", "end"];

/// A mark that was found.
#[derive(Clone)]
struct Mark {
    /// None if it is in plain words.
    tool: Option<&'static str>,
    direction: Direction,
    is_certain: bool,
    span: Range<usize>,
}

/// What a comment says about the part that it begins.
struct Meaning {
    tool: Option<&'static str>,
    direction: Direction,
    is_certain: bool,
}

/// The fault of a text, which is normalized, that has an up part and a down part. `rows` are parts of it that are no SQL, each
/// right behind a semicolon.
pub(crate) fn check(path: &str, text: &str, direction: Direction, rows: &[Range<usize>], hint: &str) -> Option<Fault> {
    // Most files have no such word at all.
    let lower = text.to_ascii_lowercase();
    let of_tools = TOOLS.iter().map(|tool| tool.down.split(' ').next_back().unwrap_or_default());
    if !of_tools.chain(DOWN).any(|word| lower.contains(word)) {
        return None;
    }
    let mark = divider(text, direction, rows)?;
    let whose = mark.tool.map_or_else(String::new, |tool| format!(", as {tool} has it"));
    let fault = Fault::new(path, format!("up and down in one file{whose}"));
    Some(fault.at(text, mark.span, "this is a comment here, and what follows would run too").hint(hint))
}

/// The mark of the down part of a text that has two parts.
fn divider(text: &str, direction: Direction, rows: &[Range<usize>]) -> Option<Mark> {
    let mut rows = rows.iter().peekable();
    let mut depth = 0_usize;
    let mut down: Option<Mark> = None;
    let mut part = Direction::Up;
    let (mut has_up, mut has_down, mut has_up_mark) = (false, false, false);
    let (mut only_removes, mut drops_first, mut begins_statement) = (true, false, true);
    let mut lexer = Lexer::new(text);
    while let Some(token) = lexer.next() {
        if let Some(rows) = rows.next_if(|rows| rows.start == token.range().end) {
            lexer.skip_to(rows.end);
        }
        match token.kind {
            Kind::LineComment | Kind::BlockComment if depth == 0 => {
                let Some(mark) = mark(text, token) else { continue };
                part = mark.direction;
                has_up_mark |= part == Direction::Up;
                if part == Direction::Down {
                    down.get_or_insert(mark);
                }
            }
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Operator if token.text == "#" && begins_line(text, token.start) => continue,
            _ => {}
        }
        if token.kind == Kind::Semicolon {
            begins_statement = true;
        } else if !token.is_trivia() {
            let begins = std::mem::take(&mut begins_statement);
            match part {
                Direction::Up => has_up = true,
                Direction::Down => {
                    drops_first |= !has_down && token.is("DROP");
                    has_down = true;
                    only_removes &=
                        !begins || REMOVING.iter().chain(&AROUND).any(|word| token.text.eq_ignore_ascii_case(word));
                }
            }
        }
    }
    // Of a file that applies, a down part is too much even where it is all there is.
    let are_two = has_up || direction == Direction::Up;
    // Plain words by themselves count where something is dropped behind them.
    let takes_back = |mark: &Mark| match mark.tool {
        Some(tool) => tool == "shmig" && drops_first,
        None => has_up && only_removes && direction == Direction::Up,
    };
    let is_meant = |mark: &Mark| mark.is_certain || has_up_mark || takes_back(mark);
    down.filter(|mark| has_down && are_two && is_meant(mark))
}

/// What a comment marks, if it is a mark and stands on a line of its own.
fn mark(text: &str, comment: Token<'_>) -> Option<Mark> {
    if !begins_line(text, comment.start) {
        return None;
    }
    let Meaning { tool, direction, is_certain } = meaning(comment.text)?;
    Some(Mark { tool, direction, is_certain, span: comment.range() })
}

/// Whether a comment is one that marks a part of a file.
pub(crate) fn is_mark(comment: &str) -> bool {
    meaning(comment).is_some()
}

/// Whose mark a comment is, of which part, and whether it is one for certain.
fn meaning(comment: &str) -> Option<Meaning> {
    if comment.contains('\n') {
        return None;
    }
    let is_around = |c: char| c.is_whitespace() || matches!(c, '-' | '=' | '#' | '/' | '*');
    let words = comment.trim_matches(is_around).split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.to_ascii_lowercase();
    let of_tool = TOOLS.iter().find_map(|tool| {
        let marks = [(Some(tool.down), Direction::Down), (tool.up, Direction::Up)];
        marks.into_iter().find_map(|(mark, direction)| {
            let rest = words.strip_prefix(mark?)?;
            let is_whole = rest.is_empty();
            let is_certain = tool.certainty == Certainty::Mark || is_whole;
            let is_meant = is_whole || rest.starts_with([' ', '.', ',', ':']);
            is_meant.then_some(Meaning { tool: Some(tool.name), direction, is_certain })
        })
    });
    of_tool.or_else(|| in_plain_words(&words))
}

/// The part that a comment names, if it says nothing else.
fn in_plain_words(comment: &str) -> Option<Meaning> {
    let words: Vec<_> = comment.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_beside = |word: &&str| BESIDE.contains(word);
    let named = |part: &[&str]| words.iter().filter(|word| part.contains(word)).count();
    let directions = words.iter().filter(|word| !is_beside(word)).count();
    let direction = match (named(&DOWN), named(&UP)) {
        (1, _) if directions == 1 => Direction::Down,
        (0, 1..) if directions <= 1 => Direction::Up,
        _ => return None,
    };
    // The only one of these that is seen with words of its own before it.
    let tool = matches!(words.as_slice(), ["up" | "down"]).then_some("shmig");
    Some(Meaning { tool, direction, is_certain: false })
}

/// Whether there is nothing before it in its line; in Play's files a `#`.
fn begins_line(text: &str, start: usize) -> bool {
    let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    matches!(text[line..start].trim(), "" | "#")
}

/// What is to be done about a file with two parts, by its path.
pub(crate) fn hint(direction: Direction, down: Option<&str>) -> Cow<'static, str> {
    match (direction, down) {
        (Direction::Up, Some(down)) => format!("move the down part to {down}").into(),
        (Direction::Up, None) => "remove the down part: a file of this name has none that reverts it".into(),
        (Direction::Down, _) => "leave nothing but the down part in this file".into(),
    }
}

#[cfg(test)]
mod tests;
