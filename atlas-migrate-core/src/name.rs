//! Names of objects, as one writes them in SQL.

use std::fmt;

use crate::token::{Kind, Lexer, Token};

/// The name of an object, as PostgreSQL keeps it: without quotes, and in small letters if it had none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// Its schema; without one it is looked for in the search path.
    pub schema: Option<String>,
    /// The name in its schema.
    pub name: String,
}

impl Name {
    /// Reads a name: `app.users`, `"Users"`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        match split_name(&tokens(text)) {
            Some((name, [])) => Ok(name),
            _ => Err("expected a name as in SQL"),
        }
    }
}

/// The tokens of a text, without spaces. A comment is one of them.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    Lexer::new(text).filter(|token| token.kind != Kind::Space).collect()
}

/// The name that a token is.
pub(crate) fn unquoted(token: &Token<'_>) -> Option<String> {
    match token.kind {
        Kind::Word => Some(token.text.to_ascii_lowercase()),
        Kind::Other => {
            let inside = token.text.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\"");
            (!inside.is_empty()).then_some(inside)
        }
        _ => None,
    }
}

/// The name at the beginning, and what is behind it.
pub(crate) fn split_name<'s, 't>(tokens: &'s [Token<'t>]) -> Option<(Name, &'s [Token<'t>])> {
    let (first, rest) = tokens.split_first()?;
    let first = unquoted(first)?;
    match rest {
        [dot, name, rest @ ..] if dot.text == "." => Some((Name { schema: Some(first), name: unquoted(name)? }, rest)),
        _ => Some((Name { schema: None, name: first }, rest)),
    }
}

/// A name as one writes it in SQL.
pub(crate) fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if begins_plain && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", quoted(schema))?;
        }
        f.write_str(&quoted(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_name(text: &str, shown: Result<&str, &str>) {
        let name = Name::parse(text).map(|name| name.to_string());
        assert_eq!(name.as_ref().map(String::as_str).map_err(|error| *error), shown, "{text}");
    }

    #[test]
    fn names() {
        check_name("users", Ok("users"));
        check_name(" App.Users ", Ok("app.users"));
        check_name("app.\"Users\"", Ok("app.\"Users\""));
        check_name("\"a\"\"b\".c_1", Ok("\"a\"\"b\".c_1"));
        for wrong in ["", ".", "a.", ".a", "a b", "a.b.c", "\"\"", "\"a", "a;", "1a", "a -- b", "'a'"] {
            check_name(wrong, Err("expected a name as in SQL"));
        }
    }
}
