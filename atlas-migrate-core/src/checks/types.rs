//! Types, as one writes them in SQL.

use std::fmt;

use crate::name::{Name, quoted, split_name, tokens, unquoted};
use crate::token::{Kind, Token};

/// A type, as one declares a column of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// The schema, if one is named.
    pub schema: Option<String>,
    /// The type without its modifiers, quoted where it was: `character varying[]`.
    pub base: String,
    /// Its modifiers, without spaces: `10,2`.
    pub modifiers: Option<String>,
}

/// Types that are more than one word.
const PHRASES: [&str; 7] = [
    "double precision",
    "character varying",
    "bit varying",
    "timestamp with time zone",
    "timestamp without time zone",
    "time with time zone",
    "time without time zone",
];

impl Name {
    /// Reads a name and the types of arguments: `app.f(integer, text)`.
    pub(super) fn parse_function(text: &str) -> Result<(Self, Vec<Type>), &'static str> {
        let tokens = tokens(text);
        let (name, rest) = split_name(&tokens).ok_or("expected a name as in SQL")?;
        let arguments = match rest {
            [open, arguments @ .., close] if open.text == "(" && close.text == ")" => arguments,
            _ => return Err("expected the types of its arguments in parentheses"),
        };
        if arguments.is_empty() {
            return Ok((name, Vec::new()));
        }
        let mut depth = 0_i32;
        let types = arguments.split(|token| {
            depth += i32::from(token.text == "(") - i32::from(token.text == ")");
            token.text == "," && depth == 0
        });
        let types = types.map(Type::read).collect::<Result<_, _>>()?;
        Ok((name, types))
    }
}

impl Type {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        Self::read(&tokens(text))
    }

    fn read(tokens: &[Token<'_>]) -> Result<Self, &'static str> {
        Self::take(tokens).ok_or("expected a type as in SQL")
    }

    fn take(tokens: &[Token<'_>]) -> Option<Self> {
        let (schema, rest) = match tokens {
            [schema, dot, rest @ ..] if dot.text == "." => (Some(unquoted(schema)?), rest),
            _ => (None, tokens),
        };
        let (mut words, rest) = split_words(rest);
        let (mut modifiers, rest) = split_modifiers(rest)?;
        let (more, mut rest) = split_words(rest);
        words.extend(more);
        let is_array = !rest.is_empty();
        while let [open, inside @ ..] = rest {
            rest = match inside {
                [close, rest @ ..] if close.text == "]" => rest,
                [size, close, rest @ ..] if close.text == "]" && size.text.parse::<u32>().is_ok() => rest,
                _ => return None,
            };
            if open.text != "[" {
                return None;
            }
        }
        let mut base = words.join(" ");
        match (base.as_str(), &modifiers) {
            ("char" | "character" | "bit", None) if schema.is_none() => modifiers = Some("1".to_owned()),
            ("numeric" | "decimal" | "dec", Some(precision)) if !precision.contains(',') => {
                modifiers = Some(format!("{precision},0"));
            }
            // It says how many bytes the type has.
            ("float", Some(_)) => base = format!("float({})", modifiers.take()?),
            _ => {}
        }
        let is_one = words.len() == 1 || schema.is_none() && PHRASES.contains(&base.as_str());
        base += if is_array { "[]" } else { "" };
        is_one.then_some(Self { schema, base, modifiers })
    }
}

/// The words at the beginning, in small letters unless they are quoted.
fn split_words<'s, 't>(tokens: &'s [Token<'t>]) -> (Vec<String>, &'s [Token<'t>]) {
    let count = tokens.iter().take_while(|token| unquoted(token).is_some()).count();
    let word = |token: &Token<'_>| match token.kind {
        Kind::Word => token.text.to_ascii_lowercase(),
        _ => token.text.to_owned(),
    };
    (tokens[..count].iter().map(word).collect(), &tokens[count..])
}

/// What is in parentheses at the beginning, if they are there.
fn split_modifiers<'s, 't>(tokens: &'s [Token<'t>]) -> Option<(Option<String>, &'s [Token<'t>])> {
    let [open, inside @ ..] = tokens else { return Some((None, tokens)) };
    if open.text != "(" {
        return Some((None, tokens));
    }
    let end = inside.iter().position(|token| token.text == ")")?;
    let text: String = inside[..end].iter().map(|token| token.text).collect();
    (!text.is_empty() && !text.contains('(')).then_some((Some(text), &inside[end + 1..]))
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", quoted(schema))?;
        }
        f.write_str(&self.base)?;
        self.modifiers.as_ref().map_or(Ok(()), |modifiers| write!(f, "({modifiers})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_type(text: &str, shown: Option<&str>) {
        assert_eq!(Type::parse(text).ok().map(|ty| ty.to_string()).as_deref(), shown, "{text}");
    }

    #[test]
    fn types() {
        check_type("BigInt", Some("bigint"));
        check_type("varchar(20)", Some("varchar(20)"));
        check_type("character varying ( 20 ) []", Some("character varying[](20)"));
        check_type("timestamp(3) with time zone", Some("timestamp with time zone(3)"));
        check_type("Double  Precision", Some("double precision"));
        check_type("int[3][]", Some("int[]"));
        check_type("app.mood", Some("app.mood"));
        check_type("\"App\".\"Mood\"[]", Some("\"App\".\"Mood\"[]"));
        check_type("geometry(Point, 4326)", Some("geometry(Point,4326)"));
        check_type("numeric(5,-2)", Some("numeric(5,-2)"));
        // What PostgreSQL adds when it is not said.
        check_type("char", Some("char(1)"));
        check_type("\"char\"", Some("\"char\""));
        check_type("numeric(10)", Some("numeric(10,0)"));
        check_type("float(24)", Some("float(24)"));
        for wrong in [
            "",
            "(3)",
            "int 8",
            "a b c",
            "int[",
            "int]",
            "int[a]",
            "int[](3)",
            "varchar(",
            "varchar()",
            "a.b.c",
            "int;",
            "setof int",
        ] {
            check_type(wrong, None);
        }
    }

    #[test]
    fn functions() {
        let shown = |text: &str| {
            let (name, arguments) = Name::parse_function(text)?;
            Ok(format!("{name} {:?}", arguments.iter().map(Type::to_string).collect::<Vec<_>>()))
        };
        assert_eq!(shown("f()"), Ok("f []".to_owned()));
        assert_eq!(
            shown("App.f(integer, numeric(10, 2), text[])"),
            Ok("app.f [\"integer\", \"numeric(10,2)\", \"text[]\"]".to_owned())
        );
        for wrong in ["f", "f(", "f)", "f integer", "f() x"] {
            assert_eq!(shown(wrong), Err("expected the types of its arguments in parentheses"), "{wrong}");
        }
        for wrong in ["f(,)", "f(a integer)", "f(int,)", "f(())"] {
            assert_eq!(shown(wrong), Err("expected a type as in SQL"), "{wrong}");
        }
    }
}
