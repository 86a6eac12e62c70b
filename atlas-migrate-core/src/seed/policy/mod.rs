//! When a seed runs, and what becomes of rows that exist.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::checksum::normalized;
use crate::directive::value::{self, Problem};
use crate::directive::{Piece, Vocabulary};
use crate::fault::{Fault, did_you_mean, nearest};
use crate::mask;

/// When a seed runs, and what becomes of rows that exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When it runs.
    pub run: Run,
    /// What becomes of rows that exist.
    pub existing: Existing,
    /// The columns that say whether a row exists.
    pub key: Cow<'static, [Cow<'static, str>]>,
    /// Whether it runs in production too: it is marked, or in the folder `production`.
    pub production: bool,
}

/// When a seed runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Run {
    /// `once`: never again, however it changes.
    Once,
    /// `on-change`: when it is new or its checksum is not that of the last time.
    OnChange,
    /// `always`: each time.
    Always,
}

/// What becomes of rows that exist already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Existing {
    /// `insert`: there are none, or it is an error.
    Insert,
    /// `skip`: they stay as they are.
    Skip,
    /// `update`: they get what the file says.
    Update,
}

impl Policy {
    /// Of a seed that says nothing: it runs when it has changed, its rows are new, and it is not for production.
    pub const DEFAULT: Self =
        Self { run: Run::OnChange, existing: Existing::Insert, key: Cow::Borrowed(&[]), production: false };
}

const RUNS: [(&str, Run); 3] = [("once", Run::Once), ("on-change", Run::OnChange), ("always", Run::Always)];

const EXISTINGS: [(&str, Existing); 3] =
    [("insert", Existing::Insert), ("skip", Existing::Skip), ("update", Existing::Update)];

/// What the directives of a SQL file say.
#[derive(Default)]
pub(super) struct OfSeed {
    pub(super) run: Option<Run>,
}

impl Vocabulary for OfSeed {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("seed", "-- atlas:seed once"),
        ("production", "-- atlas:production"),
        ("no-syntax-check", "-- atlas:no-syntax-check"),
    ];

    const ELSEWHERE: (&'static [&'static str], &'static str) = (
        &["no-transaction", "lock-timeout", "statement-timeout", "compatible", "require", "skip-unless"],
        "is for migrations",
    );

    fn take(&mut self, name: &str, value: Piece<'_>) -> Result<(), Problem> {
        if name != "seed" {
            return value::none(value.text);
        }
        self.run = RUNS.iter().find(|(word, _)| *word == value.text).map(|(_, run)| *run);
        match self.run {
            Some(_) => Ok(()),
            None => Err(Problem { span: 0..value.text.len(), label: "expected once, on-change or always" }),
        }
    }
}

/// What may stand in it.
const SETTINGS: [&str; 4] = ["run", "existing", "key", "production"];

/// The policy that a file of its own gives to a file of rows.
#[derive(Clone, Debug)]
pub(super) struct Sidecar {
    pub(super) policy: Policy,
    path: String,
    /// Its text, normalized.
    pub(super) text: String,
    /// Where each column of the key is named.
    key: Vec<Range<usize>>,
    production: Option<Range<usize>>,
}

impl Sidecar {
    /// Reads a policy.
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Vec<Fault>> {
        let text = normalized(text).into_owned();
        let (policy, path) = (Policy::DEFAULT, path.to_owned());
        let mut sidecar = Self { policy, path, text: String::new(), key: Vec::new(), production: None };
        let shown = mask::settings(&text, &SETTINGS);
        let mut reader = Reader { sidecar: &mut sidecar, text: &shown, faults: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let hint = "write settings as in `run = \"once\"`, each in a line";
            reader.fault(error.span().unwrap_or_default(), "broken TOML", error.message(), hint);
        }
        if reader.faults.is_empty() {
            reader.settings(table.get_ref());
        }
        let mut faults = reader.faults;
        if faults.is_empty() {
            sidecar.text = text;
            return Ok(sidecar);
        }
        faults.sort();
        Err(faults)
    }

    /// What is wrong with it, going by the columns that the file has.
    pub(super) fn check_columns(&self, columns: &[String]) -> Vec<Fault> {
        let names = self.policy.key.iter().zip(&self.key);
        // A file without rows may have no columns.
        let missing = names.filter(|(name, _)| !columns.is_empty() && !columns.iter().any(|column| column == *name));
        missing
            .map(|(name, span)| {
                let hint = match nearest(name, columns.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the columns are {}", columns.join(", ")),
                };
                let message = format!("column `{name}` of the key is not in the file");
                Fault::new(&self.path, message).at(&self.text, span.clone(), "").hint(hint)
            })
            .collect()
    }

    /// The fault of a mark for production in the folder of another environment.
    pub(super) fn check_production(&self) -> Option<Fault> {
        self.production.clone().map(|span| misplaced_mark(&self.path, &self.text, span))
    }
}

pub(super) fn misplaced_mark(path: &str, text: &str, span: Range<usize>) -> Fault {
    Fault::new(path, "mark for production in the folder of another environment")
        .at(text, span, "has no effect")
        .hint("remove it: what is for production is in the folder `production`, or in none and marked")
}

struct Reader<'s> {
    sidecar: &'s mut Sidecar,
    text: &'s str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn settings(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            match name.get_ref().as_ref() {
                "run" => {
                    if let Some(run) = self.word(name.get_ref(), value, RUNS) {
                        self.sidecar.policy.run = run;
                    }
                }
                "existing" => {
                    if let Some(existing) = self.word(name.get_ref(), value, EXISTINGS) {
                        self.sidecar.policy.existing = existing;
                    }
                }
                "key" => self.key(value),
                "production" => match value.get_ref() {
                    DeValue::Boolean(production) => {
                        self.sidecar.policy.production = *production;
                        self.sidecar.production = production.then(|| name.span());
                    }
                    _ => self.wrong(value, "`production` is true or false", "for example `production = true`"),
                },
                other => {
                    let hint = did_you_mean(other, SETTINGS, "settings");
                    let message = if mask::is_plain(other) {
                        format!("unknown setting `{other}`")
                    } else {
                        "unknown setting".to_owned()
                    };
                    self.fault(name.span(), &message, "", &hint);
                }
            }
        }
        if self.faults.is_empty() {
            self.check(table);
        }
    }

    /// What is wrong between settings.
    fn check(&mut self, table: &DeTable<'_>) {
        match (self.sidecar.policy.existing, table.get("key"), table.get("existing")) {
            (Existing::Insert, Some(key), _) => {
                let hint = "add `existing = \"update\"` or `existing = \"skip\"`, or remove the key";
                self.fault(key.span(), "key without effect", "rows that exist are an error in any case", hint);
            }
            (Existing::Update, None, Some(existing)) => {
                let hint = "say which columns tell rows apart, as in `key = [\"email\"]`";
                self.fault(existing.span(), "`existing = \"update\"` without a key", "", hint);
            }
            _ => {}
        }
    }

    fn word<T: Copy, const N: usize>(
        &mut self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        words: [(&str, T); N],
    ) -> Option<T> {
        let known = words.map(|(word, _)| word);
        let DeValue::String(given) = value.get_ref() else {
            self.wrong(value, &format!("`{name}` is a word"), &format!("the values are {}", known.join(", ")));
            return None;
        };
        let found = words.iter().find(|(word, _)| word == given).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let hint = did_you_mean(given, known, "values");
            self.fault(value.span(), &format!("unknown value of `{name}`"), "", &hint);
        }
        found
    }

    fn key(&mut self, value: &Spanned<DeValue<'_>>) {
        const EXAMPLE: &str = "name columns, as in `key = [\"email\"]`";
        let columns = match value.get_ref() {
            DeValue::Array(columns) if !columns.is_empty() => columns,
            _ => return self.wrong(value, "`key` is a list of columns", EXAMPLE),
        };
        let mut names = HashSet::new();
        for column in columns {
            match column.get_ref() {
                DeValue::String(name) if !name.is_empty() => {
                    if !names.insert(name) {
                        self.fault(
                            column.span(),
                            &format!("column `{name}` twice in a key"),
                            "",
                            "remove one of the two",
                        );
                    }
                    self.sidecar.policy.key.to_mut().push(name.clone().into_owned().into());
                    self.sidecar.key.push(column.span());
                }
                _ => self.wrong(column, "the name of a column is a text", EXAMPLE),
            }
        }
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, label: &str, hint: &str) {
        self.fault(value.span(), "malformed setting", label, hint);
    }

    fn fault(&mut self, span: Range<usize>, message: &str, label: &str, hint: &str) {
        self.faults.push(Fault::new(&self.sidecar.path, message).at(self.text, span, label).hint(hint));
    }
}

#[cfg(test)]
mod tests;
