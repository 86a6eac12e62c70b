//! The values of settings.

use toml::Spanned;
use toml::de::DeValue;

use super::{Entry, Value};
use crate::checks::{Name, Object, Type};
use crate::fault::did_you_mean;

impl<'v> Entry<'_, '_, 'v> {
    pub(super) fn has(&self, setting: &str) -> bool {
        self.table.contains_key(setting)
    }

    pub(super) fn get<T>(
        &mut self,
        setting: &'static str,
        read: impl Fn(&mut Self, &'static str, &'v Value<'v>) -> Option<T>,
    ) -> Option<T> {
        let value = self.table.get(setting)?;
        read(self, setting, value)
    }

    pub(super) fn required<T>(
        &mut self,
        setting: &'static str,
        read: impl Fn(&mut Self, &'static str, &'v Value<'v>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(setting) {
            let message = format!("`[[{}]]` without `{setting}`", self.kind);
            let hint = format!("for example `{}`", self.example(setting));
            self.incomplete(&message, &hint);
        }
        self.get(setting, read)
    }

    pub(super) fn incomplete(&mut self, message: &str, hint: &str) {
        self.reader.fault(self.span.clone(), message, "", hint);
    }

    pub(super) fn example(&self, setting: &str) -> &'static str {
        self.settings.iter().find(|(known, _)| *known == setting).map_or("", |(_, example)| example)
    }

    /// The fault of a value, which reads as nothing.
    pub(super) fn wrong<T>(&mut self, setting: &str, value: &Value<'_>, label: &str) -> Option<T> {
        let hint = format!("for example `{}`", self.example(setting));
        self.reader.fault(value.span(), &format!("malformed `{setting}`"), label, &hint);
        None
    }

    pub(super) fn text(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.is_empty() => Some(text.clone().into_owned()),
            _ => self.wrong(setting, value, "expected a text"),
        }
    }

    pub(super) fn boolean(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(boolean) => Some(*boolean),
            _ => self.wrong(setting, value, "expected true or false"),
        }
    }

    pub(super) fn number(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<u64> {
        let number = match value.get_ref() {
            DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        // So that the server can count one further.
        match number.filter(|number| *number < i64::MAX as u64) {
            Some(number) => Some(number),
            None => self.wrong(setting, value, "expected a whole number from 0 up"),
        }
    }

    pub(super) fn texts(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<Vec<String>> {
        match value.get_ref() {
            DeValue::Array(texts) if !texts.is_empty() => texts.iter().map(|text| self.text(setting, text)).collect(),
            _ => self.wrong(setting, value, "expected a list of texts"),
        }
    }

    pub(super) fn parsed<T>(
        &mut self,
        setting: &'static str,
        value: &'v Value<'v>,
        parse: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        match parse(&self.text(setting, value)?) {
            Ok(parsed) => Some(parsed),
            Err(label) => self.wrong(setting, value, label),
        }
    }

    pub(super) fn name(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<Name> {
        self.parsed(setting, value, Name::parse)
    }

    /// A name without a schema: it is that of the table.
    pub(super) fn local_name(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<String> {
        self.parsed(setting, value, |text| match Name::parse(text)? {
            Name { schema: None, name } => Ok(name),
            _ => Err("expected no schema: it is that of the table"),
        })
    }

    pub(super) fn function(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<(Name, Vec<Type>)> {
        self.parsed(setting, value, Name::parse_function)
    }

    pub(super) fn object(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<Object> {
        self.parsed(setting, value, |text| {
            let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
            match word {
                "sequence" => Name::parse(rest).map(Object::Sequence),
                "function" => Name::parse_function(rest).map(|(name, arguments)| Object::Function(name, arguments)),
                "schema" => match Name::parse(rest)? {
                    Name { schema: None, name } => Ok(Object::Schema(name)),
                    _ => Err("expected the name of a schema"),
                },
                "database" if rest.is_empty() => Ok(Object::Database),
                "table" => Name::parse(rest).map(Object::Table),
                _ => Name::parse(text)
                    .map(Object::Table)
                    .map_err(|_| "expected a table; or `schema …`, `sequence …`, `function …(…)`, `database`"),
            }
        })
    }

    pub(super) fn columns(&mut self, setting: &'static str, value: &'v Value<'v>) -> Option<Vec<(String, Type)>> {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong(setting, value, "expected columns and their types");
        };
        let mut columns: Vec<_> = table.iter().collect();
        columns.sort_by_key(|(name, _)| name.span().start);
        let mut column = |(name, ty): (&'v Spanned<_>, &'v Value<'v>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            self.parsed(setting, ty, Type::parse).map(|ty| (name.clone().into_owned(), ty))
        };
        columns.into_iter().map(&mut column).collect()
    }

    /// Words of which each has to be a known one.
    pub(super) fn words(&mut self, setting: &'static str, known: &[&str]) -> Vec<String> {
        let Some(DeValue::Array(words)) = self.table.get(setting).map(Spanned::get_ref) else {
            return self.get(setting, Self::texts).unwrap_or_default();
        };
        for word in words {
            if let DeValue::String(text) = word.get_ref()
                && !known.contains(&text.as_ref())
            {
                let hint = did_you_mean(text, known.iter().copied(), "privileges on it");
                self.reader.fault(word.span(), &format!("unknown privilege `{text}`"), "", &hint);
            }
        }
        self.get(setting, Self::texts).unwrap_or_default()
    }
}
