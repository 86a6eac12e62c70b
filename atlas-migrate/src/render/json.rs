//! Reports as JSON, for people and programs.
//!
//! It is written here, without `serde`: a program that migrates and nothing else would compile that, and what it derives, for a
//! handful of objects.

use std::fmt;
use std::time::Duration;

use atlas_migrate_core::fault::shown;

/// A value of JSON.
///
/// `Display` writes it with line feeds and spaces. What would steer a terminal that shows it is escaped, as JSON has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`, `true`, `false` or a number, as it is written.
    Plain(String),
    /// Without quotes and escapes.
    Text(String),
    /// What is in brackets.
    List(Vec<Self>),
    /// Its fields, in this order.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Without fields.
    pub fn object() -> Self {
        Self::Object(Vec::new())
    }

    /// Of these.
    pub fn list<T: Into<Self>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// With this field; if there is one of this name, it gets the value.
    pub fn with(mut self, name: &str, value: impl Into<Self>) -> Self {
        if let Self::Object(fields) = &mut self {
            match fields.iter_mut().find(|(field, _)| field == name) {
                Some((_, old)) => *old = value.into(),
                None => fields.push((name.to_owned(), value.into())),
            }
        }
        self
    }

    /// With the fields of another object.
    pub fn with_all(self, other: impl Into<Self>) -> Self {
        match other.into() {
            Self::Object(fields) => fields.into_iter().fold(self, |object, (name, value)| object.with(&name, value)),
            _ => self,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, index: usize| {
            write!(f, "{}\n{:width$}", if index == 0 { "" } else { "," }, "", width = 2 * (depth + 1))
        };
        let end = |f: &mut fmt::Formatter<'_>, sign: char| write!(f, "\n{:width$}{sign}", "", width = 2 * depth);
        match self {
            Self::Plain(plain) => f.write_str(plain),
            Self::Text(text) => write_text(f, text),
            Self::List(items) if items.is_empty() => f.write_str("[]"),
            Self::Object(fields) if fields.is_empty() => f.write_str("{}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    line(f, index)?;
                    item.write(f, depth + 1)?;
                }
                end(f, ']')
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    line(f, index)?;
                    write_text(f, name)?;
                    f.write_str(": ")?;
                    value.write(f, depth + 1)?;
                }
                end(f, '}')
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let steers = |c: char| shown(c.encode_utf8(&mut [0; 4])).len() > c.len_utf8();
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            _ if steers(c) => write!(f, "\\u{:04x}", u32::from(c))?,
            _ => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

/// In milliseconds, to the microsecond: what `duration_ms` is, and whatever else ends so.
impl From<Duration> for Json {
    fn from(duration: Duration) -> Self {
        Self::from((duration.as_secs_f64() * 1e6).round() / 1e3)
    }
}

impl From<f64> for Json {
    fn from(number: f64) -> Self {
        Self::Plain(if number.is_finite() { format!("{number:?}") } else { "null".to_owned() })
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(|| Self::Plain("null".to_owned()), Into::into)
    }
}

macro_rules! plain {
    ($($of:ty)*) => {
        $(impl From<$of> for Json {
            fn from(value: $of) -> Self {
                Self::Plain(value.to_string())
            }
        })*
    };
}

plain!(bool u8 u64 usize);

/// The name of a variant: `LockTimeout` as `lock_timeout`.
pub fn variant(variant: &impl fmt::Debug) -> String {
    let mut text = String::new();
    for character in format!("{variant:?}").chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn d15_json_steers_no_terminal() {
        let names = ["a\u{1b}[2J\u{9b}2J\u{7f}", "\u{202e}b", "Größe \"漢字\" \\ 🙂\u{8}\u{c}\0"];
        let text = Json::list(names).to_string();
        assert!(text.contains(r"a\u001b[2J\u009b2J\u007f") && text.contains(r"\u202eb"), "{text}");
        assert!(text.contains("Größe") && text.contains("漢字") && text.contains('🙂'), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), names);
    }

    #[test]
    fn c4_milliseconds_to_the_microsecond() {
        let check = |duration: Duration, expected| assert_eq!(Json::from(duration).to_string(), expected);
        check(Duration::from_nanos(1_234_567), "1.235");
        check(Duration::from_secs(2), "2000.0");
        check(Duration::ZERO, "0.0");
    }

    #[test]
    fn fields_in_their_order() {
        let other = Json::object().with("b", 3_u64).with("c", Json::list([true]));
        let object = Json::object().with("b", 1_u64).with("a", None::<&str>).with_all(other);
        let expected = "{\n  \"b\": 3,\n  \"a\": null,\n  \"c\": [\n    true\n  ]\n}";
        assert_eq!(object.to_string(), expected);
        assert_eq!(Json::from(f64::NAN).to_string(), "null");
        assert_eq!(variant(&crate::ErrorKind::LockTimeout), "lock_timeout");
    }

    fn of(value: &Value) -> Json {
        match value {
            Value::String(text) => Json::from(text),
            Value::Array(items) => Json::list(items.iter().map(of)),
            Value::Object(fields) => {
                fields.iter().fold(Json::object(), |object, (name, value)| object.with(name, of(value)))
            }
            plain => Json::Plain(plain.to_string()),
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let text = "([a-z\"\\\\\n\r\t/é🙂 ]){0,6}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(text, inner, 0..3)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_written_as_serde_json_writes_it(value in value()) {
            prop_assert_eq!(of(&value).to_string(), serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
