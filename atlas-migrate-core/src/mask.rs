//! Texts that are shown, without what in them may be a secret.

use std::iter::Peekable;
use std::str::CharIndices;

/// Settings in TOML, with stars for what may be a secret: each value, except those of settings whose values can be none;
/// comments; and what is no setting. Lines and columns stay what they are, also in a text that is broken.
pub fn settings(text: &str, harmless: &[&str]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut place = Place::Key;
    let mut depth = 0_usize;
    let mut shows = false;
    let mut pieces = Pieces { text, characters: text.char_indices().peekable() };
    while let Some(piece) = pieces.next() {
        let shown = match piece {
            "\n" => {
                if depth == 0 {
                    place = Place::Key;
                }
                true
            }
            "=" if place == Place::Key => {
                place = Place::Value;
                true
            }
            "[" | "{" if place == Place::Value => {
                depth += 1;
                if piece == "{" {
                    place = Place::Key;
                }
                true
            }
            "]" | "}" if depth > 0 => {
                depth -= 1;
                place = Place::Value;
                true
            }
            "," if depth > 0 => {
                place = if pieces.is_key() { Place::Key } else { Place::Value };
                true
            }
            _ if piece.chars().all(char::is_whitespace) => true,
            "[" | "]" => place == Place::Key,
            _ if place == Place::Key && pieces.is_before("=") => {
                shows = harmless.contains(&piece);
                is_plain(piece)
            }
            // The name of a table.
            _ if place == Place::Key => is_plain(piece) && pieces.is_before("]"),
            _ => shows && !piece.contains("://") && !piece.contains('@') && !piece.starts_with('#'),
        };
        match shown {
            true => masked += piece,
            false => masked.extend(piece.chars().map(|c| if c == '\n' { "\n".to_owned() } else { stars(c) })),
        }
    }
    masked
}

/// Whether a name is one that a setting may have: anything else may be a secret in the wrong place.
pub fn is_plain(name: &str) -> bool {
    name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// As many bytes, so that spans stay what they are.
fn stars(character: char) -> String {
    "*".repeat(character.len_utf8())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    Value,
}

/// Words, texts in quotes, comments, signs and spaces.
struct Pieces<'t> {
    text: &'t str,
    characters: Peekable<CharIndices<'t>>,
}

impl<'t> Pieces<'t> {
    fn position(&mut self) -> usize {
        self.characters.peek().map_or(self.text.len(), |(index, _)| *index)
    }

    /// Whether this comes next, behind spaces.
    fn is_before(&mut self, sign: &str) -> bool {
        let position = self.position();
        self.text[position..].trim_start_matches([' ', '\t']).starts_with(sign)
    }

    /// Whether a word and an equals sign come next.
    fn is_key(&mut self) -> bool {
        let position = self.position();
        let rest = self.text[position..].trim_start();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(rest.len());
        end > 0 && rest[end..].trim_start_matches([' ', '\t']).starts_with('=')
    }

    fn skip_while(&mut self, is_meant: impl Fn(char) -> bool) {
        while self.characters.next_if(|(_, character)| is_meant(*character)).is_some() {}
    }

    /// Up to the end of a text in quotes, or of the line.
    fn quoted(&mut self, start: usize, quote: char) {
        let triple = quote.to_string().repeat(3);
        if let Some(rest) = self.text[start..].strip_prefix(triple.as_str()) {
            let end = rest.find(&triple).map_or(self.text.len(), |end| start + 3 + end + 3);
            while self.characters.next_if(|(index, _)| *index < end).is_some() {}
            return;
        }
        let mut is_escaped = false;
        while let Some((_, character)) = self.characters.next_if(|(_, character)| *character != '\n') {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' if quote == '"' => is_escaped = true,
                _ if character == quote => return,
                _ => {}
            }
        }
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        const SIGNS: [char; 6] = ['=', '[', ']', '{', '}', ','];
        let (start, first) = self.characters.next()?;
        match first {
            '\n' => {}
            '#' => self.skip_while(|c| c != '\n'),
            '"' | '\'' => self.quoted(start, first),
            _ if SIGNS.contains(&first) => {}
            _ if first.is_whitespace() => self.skip_while(|c| c != '\n' && c.is_whitespace()),
            _ => self.skip_while(|c| !c.is_whitespace() && !SIGNS.contains(&c) && !matches!(c, '"' | '\'' | '#')),
        }
        let end = self.position();
        Some(&self.text[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let masked = settings(text, &["owner", "wait", "readers", "name"]);
        assert_eq!(masked, expected, "{text}");
        assert_eq!(masked.len(), text.len(), "{text}");
    }

    #[test]
    fn b11_what_may_be_a_secret_is_not_shown() {
        check("wait = '1s'\n[roles]\nowner = \"me\"", "wait = '1s'\n[roles]\nowner = \"me\"");
        check("url = \"postgres://me:x@h\"", "url = *******************");
        check("url = \"postgres://me:x y\"z@h\n", "url = **********************\n");
        check("wait = \"postgres://h\"", "wait = **************");
        check("wait = 'me:x@h'", "wait = ********");
        check("wait = '1s' # was hunter2", "wait = '1s' *************");
        check("# url = hunter2\n", "***************\n");
        check("hunter2\n", "*******\n");
        check("hunter 2 = 1\n", "****** 2 = *\n");
        check("\"hun ter2\" = 1\n", "********** = *\n");
        check("url = abc==\n", "url = *****\n");
        check("url = \"\"\"a\nb\"\"\"\nwait = 1", "url = ****\n****\nwait = 1");
        check("url = [\n  \"a\",\n  'b'\n]\nwait = 1", "url = [\n  ***,\n  ***\n]\nwait = 1");
        check(
            "readers = [{ name = \"a\", password = \"b, c\" }, \"d\"]",
            "readers = [{ name = \"a\", password = ****** }, ***]",
        );
        check("readers = [\"a\", \"b\"]", "readers = [\"a\", \"b\"]");
        check("url = é", "url = **");
    }
}
