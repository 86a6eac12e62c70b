//! Declarations in TOML.

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{On, PRIVILEGES};
use crate::checksum::normalized;
use crate::fault::{Fault, did_you_mean};
use crate::mask;
use crate::name::Name;

/// Which roles a database is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The role that all objects belong to.
    pub owner: String,
    /// Those that run migrations.
    pub migrators: Vec<Login>,
    /// Those that read and write rows.
    pub applications: Vec<Login>,
    /// Those that read rows.
    pub readers: Vec<Login>,
    /// The schemas that the objects are in, if they are said.
    pub schemas: Option<Vec<String>>,
    /// Objects that keep their owner and their privileges.
    pub keep: Vec<String>,
    /// Privileges more.
    pub grants: Vec<Grant>,
}

/// A role that can log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// The environment variable that has its password.
    pub password_env: Option<String>,
}

/// A privilege beyond those that come with what a role is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: String,
    /// The privilege, in capitals.
    pub privilege: String,
    /// What it is for.
    pub on: On,
}

/// The settings, each with an example.
const SETTINGS: [(&str, &str); 7] = [
    ("owner", "owner = \"shop_owner\""),
    ("migrators", "migrators = [\"shop_migrator\"]"),
    ("applications", "applications = [{ name = \"shop\", password-env = \"SHOP_PASSWORD\" }]"),
    ("read-only", "read-only = [\"shop_reports\"]"),
    ("schemas", "schemas = [\"public\", \"shop\"]"),
    ("keep", "keep = [\"shop.prices_history\"]"),
    ("grants", "grants = [{ role = \"shop\", privilege = \"TRUNCATE\", on = \"shop.queue\" }]"),
];

/// Those of a role that logs in.
const OF_LOGINS: [(&str, &str); 2] =
    [("name", "name = \"shop\""), ("password-env", "password-env = \"SHOP_PASSWORD\"")];

/// Those of a privilege.
const OF_GRANTS: [(&str, &str); 3] =
    [("role", "role = \"shop\""), ("privilege", "privilege = \"TRUNCATE\""), ("on", "on = \"shop.queue\"")];

/// Reads a file: what is below `[roles]`, or all of it where there is no such table.
///
/// # Errors
///
/// All that is wrong with it, in the order of the text.
pub fn read(path: &str, text: &str) -> Result<Declaration, Vec<Fault>> {
    let text = normalized(text);
    let (table, errors) = DeTable::parse_recoverable(&text);
    let harmless: Vec<_> = SETTINGS.iter().chain(&OF_LOGINS).chain(&OF_GRANTS).map(|(name, _)| *name).collect();
    // A declaration has no password, but somebody may think so.
    let shown = mask::settings(&text, &harmless);
    let mut reader = Reader { path, text: &shown, faults: Vec::new(), names: HashSet::new() };
    for error in errors {
        reader.fault(
            error.span().unwrap_or_default(),
            "broken TOML",
            error.message(),
            "for example `owner = \"shop_owner\"`",
        );
    }
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    let declaration = match table.get_ref().get("roles") {
        Some(value) => match value.get_ref() {
            DeValue::Table(roles) => reader.declaration(roles, value.span()),
            _ => reader.wrong(value, "`roles` is no table", "", "write `[roles]`, and the settings below it"),
        },
        None => reader.declaration(table.get_ref(), 0..0),
    };
    reader.faults.sort();
    declaration.filter(|_| reader.faults.is_empty()).ok_or(reader.faults)
}

type Value<'t> = Spanned<DeValue<'t>>;

struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    faults: Vec<Fault>,
    /// The roles that were declared so far.
    names: HashSet<String>,
}

impl Reader<'_> {
    fn declaration(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<Declaration> {
        self.check_settings(table, &SETTINGS);
        let owner = match table.get("owner") {
            Some(value) => self.role("owner", value),
            None => {
                self.fault(
                    span,
                    "declaration of roles without `owner`",
                    "",
                    &format!("for example `{}`", SETTINGS[0].1),
                );
                None
            }
        };
        let migrators = self.list(table, "migrators", Self::login);
        let applications = self.list(table, "applications", Self::login);
        let readers = self.list(table, "read-only", Self::login);
        let schemas = self.list(table, "schemas", |reader, value| reader.text("schemas", value));
        let keep = self.list(table, "keep", |reader, value| reader.text("keep", value));
        let grants = self.list(table, "grants", Self::grant);
        Some(Declaration {
            owner: owner?,
            migrators: migrators.unwrap_or_default(),
            applications: applications.unwrap_or_default(),
            readers: readers.unwrap_or_default(),
            schemas,
            keep: keep.unwrap_or_default(),
            grants: grants.unwrap_or_default(),
        })
    }

    fn login(&mut self, value: &Value<'_>) -> Option<Login> {
        let DeValue::Table(table) = value.get_ref() else {
            return Some(Login { name: self.role("name", value)?, password_env: None });
        };
        self.check_settings(table, &OF_LOGINS);
        let name = self.required(table, value.span(), "name").and_then(|name| self.role("name", name));
        let password_env = match table.get("password-env") {
            Some(variable) => Some(self.text("password-env", variable)?),
            None => None,
        };
        Some(Login { name: name?, password_env })
    }

    fn grant(&mut self, value: &Value<'_>) -> Option<Grant> {
        let DeValue::Table(table) = value.get_ref() else {
            return self.malformed("grants", value, "expected tables");
        };
        self.check_settings(table, &OF_GRANTS);
        let [role, privilege, on] = OF_GRANTS.map(|(name, _)| self.required(table, value.span(), name));
        let role = role.and_then(|role| self.text("role", role));
        let privilege = privilege.and_then(|privilege| self.privilege(privilege));
        let on = on.and_then(|on| self.on(on));
        Some(Grant { role: role?, privilege: privilege?, on: on? })
    }

    fn privilege(&mut self, value: &Value<'_>) -> Option<String> {
        let privilege = self.text("privilege", value)?.to_ascii_uppercase();
        if PRIVILEGES.contains(&privilege.as_str()) {
            return Some(privilege);
        }
        let hint = did_you_mean(&privilege, PRIVILEGES, "privileges");
        self.wrong(value, &format!("unknown privilege `{privilege}`"), "", &hint)
    }

    fn on(&mut self, value: &Value<'_>) -> Option<On> {
        const EXPECTED: &str = "expected a table with its schema; or `sequence …`, `routine …`, `schema …`, `database`";
        let text = self.text("on", value)?;
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let whole = |name: Name| Some((name.schema?, name.name));
        let of = |text: &str| Name::parse(text).ok().and_then(whole);
        let on = match word {
            "database" if rest.is_empty() => Some(On::Database),
            "schema" => Name::parse(rest).ok().filter(|name| name.schema.is_none()).map(|name| On::Schema(name.name)),
            "sequence" => of(rest).map(|(schema, name)| On::Sequence { schema, name }),
            "routine" => of(rest).map(|(schema, name)| On::Routine { schema, name }),
            "table" => of(rest).map(|(schema, name)| On::Table { schema, name }),
            _ => of(&text).map(|(schema, name)| On::Table { schema, name }),
        };
        on.or_else(|| self.malformed("on", value, EXPECTED))
    }

    /// The name of a role that is declared here.
    fn role(&mut self, setting: &str, value: &Value<'_>) -> Option<String> {
        let name = self.text(setting, value)?;
        if self.names.insert(name.clone()) {
            return Some(name);
        }
        self.wrong(value, &format!("the role `{name}` is declared twice"), "", "let each role be one thing")
    }

    fn text(&mut self, setting: &str, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.is_empty() => Some(text.clone().into_owned()),
            _ => self.malformed(setting, value, "expected a text"),
        }
    }

    fn list<T>(
        &mut self,
        table: &DeTable<'_>,
        setting: &str,
        read: impl Fn(&mut Self, &Value<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = table.get(setting)?;
        match value.get_ref() {
            // All that is wrong with them is told at once.
            DeValue::Array(values) => {
                let read: Vec<_> = values.iter().map(|value| read(self, value)).collect();
                read.into_iter().collect()
            }
            _ => self.malformed(setting, value, "expected a list"),
        }
    }

    fn required<'v>(&mut self, table: &'v DeTable<'v>, span: Range<usize>, setting: &str) -> Option<&'v Value<'v>> {
        let value = table.get(setting);
        if value.is_none() {
            self.fault(span, &format!("missing `{setting}`"), "", &format!("for example `{}`", example(setting)));
        }
        value
    }

    fn check_settings(&mut self, table: &DeTable<'_>, settings: &[(&str, &str)]) {
        for name in table.keys().filter(|name| !settings.iter().any(|(known, _)| known == name.get_ref())) {
            let known: Vec<_> = settings.iter().map(|(known, _)| *known).collect();
            let hint = did_you_mean(name.get_ref(), known, "settings");
            let name_text =
                if mask::is_plain(name.get_ref()) { format!(" `{}`", name.get_ref()) } else { String::new() };
            self.fault(name.span(), &format!("unknown setting{name_text}"), "", &hint);
        }
    }

    fn malformed<T>(&mut self, setting: &str, value: &Value<'_>, label: &str) -> Option<T> {
        self.wrong(value, &format!("malformed `{setting}`"), label, &format!("for example `{}`", example(setting)))
    }

    /// The fault of a value, which reads as nothing.
    fn wrong<T>(&mut self, value: &Value<'_>, message: &str, label: &str, hint: &str) -> Option<T> {
        self.fault(value.span(), message, label, hint);
        None
    }

    fn fault(&mut self, span: Range<usize>, message: &str, label: &str, hint: &str) {
        self.faults.push(Fault::new(self.path, message).at(self.text, span, label).hint(hint));
    }
}

fn example(setting: &str) -> &'static str {
    let all = SETTINGS.iter().chain(&OF_LOGINS).chain(&OF_GRANTS);
    all.into_iter().find(|(known, _)| *known == setting).map_or("", |(_, example)| example)
}

#[cfg(test)]
mod tests;
