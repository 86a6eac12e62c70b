//! Expectations that a file of TOML declares.

mod values;

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Check, Expectation, Index, Object, Privilege, Table};
use crate::fault::{Fault, did_you_mean, line_column};
use crate::version::Version;

/// The sorts of expectations, and the settings of each, with an example.
const KINDS: [(&str, &[(&str, &str)]); 8] = [
    ("extension", &[("name", "name = \"pg_trgm\""), ("version", "version = \"1.5\"")]),
    (
        "table",
        &[
            ("name", "name = \"app.users\""),
            ("columns", "columns = { id = \"bigint\", email = \"text\" }"),
            ("primary-key", "primary-key = false"),
        ],
    ),
    (
        "index",
        &[
            ("name", "name = \"users_email_idx\""),
            ("table", "table = \"app.users\""),
            ("columns", "columns = [\"lower(email)\"]"),
            ("unique", "unique = true"),
            ("method", "method = \"gin\""),
        ],
    ),
    ("function", &[("name", "name = \"app.slug(text)\"")]),
    ("constraint", &[("name", "name = \"users_age_check\""), ("table", "table = \"app.users\"")]),
    ("trigger", &[("name", "name = \"users_touch\""), ("table", "table = \"app.users\"")]),
    ("rows", &[("table", "table = \"app.countries\""), ("min", "min = 1"), ("max", "max = 250")]),
    (
        "privilege",
        &[
            ("role", "role = \"app\""),
            ("on", "on = \"app.users\""),
            ("may", "may = [\"select\"]"),
            ("may-not", "may-not = [\"delete\"]"),
        ],
    ),
];

/// The privileges that there are on an object.
fn privileges(on: &Object) -> &'static [&'static str] {
    match on {
        Object::Table(_) => &["select", "insert", "update", "delete", "truncate", "references", "trigger"],
        Object::Sequence(_) => &["usage", "select", "update"],
        Object::Schema(_) => &["usage", "create"],
        Object::Function(..) => &["execute"],
        Object::Database => &["connect", "create", "temporary"],
    }
}

/// Reads a file, whose text is normalized.
pub(super) fn read(path: &str, text: &str) -> Result<Vec<Check>, Vec<Fault>> {
    let mut reader = Reader { path, text, faults: Vec::new(), checks: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let hint = "write each expectation as in `[[table]]` and, below it, `name = \"app.users\"`";
        reader.fault(error.span().unwrap_or_default(), "broken TOML", error.message(), hint);
    }
    if reader.faults.is_empty() {
        reader.file(table.get_ref());
    }
    let Reader { mut faults, mut checks, .. } = reader;
    if faults.is_empty() && checks.is_empty() {
        faults.push(Fault::new(path, "file without checks").hint("add one, or remove the file"));
    }
    faults.sort();
    checks.sort_by_key(|(start, _)| *start);
    if faults.is_empty() { Ok(checks.into_iter().map(|(_, check)| check).collect()) } else { Err(faults) }
}

struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    faults: Vec<Fault>,
    /// With the byte that each begins at.
    checks: Vec<(usize, Check)>,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl Reader<'_> {
    fn file(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let Some((kind, settings)) = KINDS.into_iter().find(|(kind, _)| kind == name.get_ref()) else {
                let hint = did_you_mean(name.get_ref(), KINDS.iter().map(|(kind, _)| *kind), "sorts");
                self.fault(name.span(), &format!("unknown sort of check `{}`", name.get_ref()), "", &hint);
                continue;
            };
            let DeValue::Array(entries) = value.get_ref() else {
                let hint = format!("write `[[{kind}]]`, so that there can be several");
                self.fault(name.span(), &format!("`{kind}` is not a list"), "", &hint);
                continue;
            };
            for entry in entries {
                match entry.get_ref() {
                    DeValue::Table(table) => {
                        Entry { reader: self, kind, settings, table, span: entry.span() }.read();
                    }
                    _ => {
                        self.fault(entry.span(), "malformed check", "expected a table", &format!("write `[[{kind}]]`"));
                    }
                }
            }
        }
    }

    fn fault(&mut self, span: Range<usize>, message: &str, label: &str, hint: &str) {
        self.faults.push(Fault::new(self.path, message).at(self.text, span, label).hint(hint));
    }
}

/// One expectation.
struct Entry<'r, 't, 'v> {
    reader: &'r mut Reader<'t>,
    kind: &'static str,
    settings: &'static [(&'static str, &'static str)],
    table: &'v DeTable<'v>,
    span: Range<usize>,
}

impl<'v> Entry<'_, '_, 'v> {
    fn read(mut self) {
        let before = self.reader.faults.len();
        let settings = self.settings;
        for name in self.table.keys().filter(|name| !settings.iter().any(|(known, _)| known == name.get_ref())) {
            let hint = did_you_mean(name.get_ref(), settings.iter().map(|(known, _)| *known), "settings");
            let message = format!("unknown setting `{}` of `[[{}]]`", name.get_ref(), self.kind);
            self.reader.fault(name.span(), &message, "", &hint);
        }
        let expectation = self.expectation();
        if let Some(expectation) = expectation
            && self.reader.faults.len() == before
        {
            let (line, _) = line_column(self.reader.text, self.span.start);
            self.reader.checks.push((self.span.start, Check { line, expectation }));
        }
    }

    fn expectation(&mut self) -> Option<Expectation> {
        Some(match self.kind {
            "extension" => {
                let (name, version) = (self.required("name", Self::text), self.get("version", Self::text));
                Expectation::Extension { name: name?, version: version.map(Version::new) }
            }
            "table" => {
                let (name, columns) = (self.required("name", Self::name), self.get("columns", Self::columns));
                let primary_key = self.get("primary-key", Self::boolean);
                Expectation::Table(Table { name: name?, columns: columns.unwrap_or_default(), primary_key })
            }
            "index" => {
                let (name, table) = (self.required("name", Self::local_name), self.required("table", Self::name));
                let (columns, unique) = (self.get("columns", Self::texts), self.get("unique", Self::boolean));
                let method = self.get("method", Self::text);
                Expectation::Index(Index { name: name?, table: table?, columns, unique, method })
            }
            "function" => {
                let (name, arguments) = self.required("name", Self::function)?;
                Expectation::Function { name, arguments }
            }
            "constraint" | "trigger" => {
                let (name, table) = (self.required("name", Self::local_name), self.required("table", Self::name));
                let (name, table) = (name?, table?);
                if self.kind == "trigger" {
                    Expectation::Trigger { table, name }
                } else {
                    Expectation::Constraint { table, name }
                }
            }
            "rows" => self.rows()?,
            _ => self.privilege()?,
        })
    }

    fn rows(&mut self) -> Option<Expectation> {
        let (table, min) = (self.required("table", Self::name), self.get("min", Self::number));
        let max = self.get("max", Self::number);
        match (min, max) {
            (None, None) if !self.has("min") && !self.has("max") => {
                self.incomplete("`[[rows]]` without `min` or `max`", "for example `min = 1`");
            }
            (Some(min), Some(max)) if min > max => {
                let span = self.table.get("max").map_or(self.span.clone(), Spanned::span);
                self.reader.fault(span, "`max` is below `min`", "", "no number of rows is both");
            }
            _ => {}
        }
        Some(Expectation::Rows { table: table?, min: min.unwrap_or(0), max })
    }

    fn privilege(&mut self) -> Option<Expectation> {
        let (role, on) = (self.required("role", Self::text), self.required("on", Self::object));
        if !self.has("may") && !self.has("may-not") {
            self.incomplete("`[[privilege]]` without `may` or `may-not`", "for example `may = [\"select\"]`");
        }
        let on = on?;
        let (may, may_not) = (self.words("may", privileges(&on)), self.words("may-not", privileges(&on)));
        if let Some(both) = may.iter().find(|word| may_not.contains(word)) {
            let span = self.table.get("may-not").map_or(self.span.clone(), Spanned::span);
            self.reader.fault(
                span,
                &format!("`{both}` is in `may` and in `may-not`"),
                "",
                "remove it from one of them",
            );
        }
        Some(Expectation::Privilege(Privilege { role: role?, on, may, may_not }))
    }
}

#[cfg(test)]
mod tests;
