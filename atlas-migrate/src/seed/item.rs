//! What there is to load: files, and rows that a program makes.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use atlas_migrate_core::checksum::{Checksum, normalized};
use atlas_migrate_core::seed::{Existing, Format, Piece, Policy, Run, Seed, changed, pieces};
use atlas_migrate_core::session;

use super::{Environment, Generate, generate, source};
use crate::{Error, ErrorKind};

/// Rows that a program makes, and the environment that they are for.
#[derive(Clone)]
pub(super) struct Generated {
    pub(super) environment: Environment,
    pub(super) generate: Arc<dyn Generate>,
}

/// One thing to load.
pub(super) struct Item<'a> {
    pub(super) name: String,
    pub(super) checksum: String,
    pub(super) run: Run,
    pub(super) existing: Existing,
    pub(super) key: Vec<String>,
    pub(super) source: Source<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Sql(&'a Seed),
    Rows(&'a Seed),
    Generated(&'a dyn Generate),
}

impl<'a> Item<'a> {
    pub(super) fn of_file(seed: &'a Seed) -> Self {
        let Policy { run, existing, key, .. } = seed.policy();
        Self {
            name: seed.name().to_owned(),
            checksum: seed.checksum().to_string(),
            run: *run,
            existing: *existing,
            key: key.iter().map(|column| column.as_ref().to_owned()).collect(),
            source: if seed.format() == Format::Sql { Source::Sql(seed) } else { Source::Rows(seed) },
        }
    }

    pub(super) fn generated(generated: &'a Generated) -> Self {
        let generate = &*generated.generate;
        Self {
            name: format!("generated:{}", generate.table()),
            checksum: generate::checksum(generate),
            run: Run::OnChange,
            existing: if generate.key().is_empty() { Existing::Insert } else { Existing::Update },
            key: generate.key().iter().map(|column| (*column).to_owned()).collect(),
            source: Source::Generated(generate),
        }
    }

    /// The columns that it gives; none of SQL.
    pub(super) fn columns(&self) -> Vec<String> {
        match self.source {
            Source::Sql(_) => Vec::new(),
            Source::Rows(seed) => seed.columns().iter().map(|column| column.as_ref().to_owned()).collect(),
            Source::Generated(generate) => generate.columns().iter().map(|column| (*column).to_owned()).collect(),
        }
    }

    /// How long its check took, if that was done by this program.
    pub(super) fn check_duration(&self) -> Duration {
        match self.source {
            Source::Sql(seed) | Source::Rows(seed) => seed.check_duration(),
            Source::Generated(_) => Duration::ZERO,
        }
    }

    /// The schema, if one is named, and the table; none of SQL.
    pub(super) fn table(&self) -> Option<(Option<&'a str>, &'a str)> {
        match self.source {
            Source::Sql(_) => None,
            Source::Rows(seed) => seed.table(),
            Source::Generated(generate) => {
                let name = generate.table();
                Some(name.split_once('.').map_or((None, name), |(schema, table)| (Some(schema), table)))
            }
        }
    }

    /// Whether a run adds the rows of an earlier one again where it says that they stay as they are, if nothing tells that they exist.
    /// With a key, something does.
    pub(super) fn may_double(&self) -> bool {
        self.key.is_empty() && self.existing == Existing::Skip
    }

    /// The file, as messages name it.
    pub(super) fn path(&self) -> Option<&'a str> {
        match self.source {
            Source::Sql(seed) | Source::Rows(seed) => Some(seed.path()),
            Source::Generated(_) => None,
        }
    }
}

/// The text of a SQL file, and what is sent of it.
pub(super) fn read_sql(seed: &Seed) -> Result<(String, Vec<Piece>), Error> {
    let mut text = String::new();
    let unreadable = |error| Error::new(ErrorKind::Source, format!("{} could not be read: {error}", seed.path()));
    source::open(seed.content()).and_then(|mut reader| reader.read_to_string(&mut text)).map_err(unreadable)?;
    let text = normalized(&text).into_owned();
    if seed.text_checksum().is_some_and(|checked| checked != Checksum::of(&text)) {
        return Err(Error::faults(&[changed(seed.path())]));
    }
    let pieces = pieces(seed.path(), &text).map_err(|faults| Error::faults(&faults))?;
    Ok((text, pieces))
}

/// The digest of the table of seeds when there is nothing to do.
pub(super) fn digest(items: &[Item<'_>]) -> String {
    let mut lines: Vec<_> = items.iter().map(|item| format!("{} {}", item.name, item.checksum)).collect();
    // By name, as the server sorts them.
    lines.sort_unstable_by(|left, right| left.split(' ').next().cmp(&right.split(' ').next()));
    Checksum::of(&lines.join("\n")).to_string()
}

/// The settings of one's own that SQL seems to set.
pub(super) fn custom_settings(items: &[Item<'_>]) -> BTreeSet<String> {
    let of_item = |item: &Item<'_>| match item.source {
        Source::Sql(seed) => {
            let mut bytes = Vec::new();
            // What cannot be read is an error when it is to run.
            let _unread = source::open(seed.content()).and_then(|mut reader| reader.read_to_end(&mut bytes));
            session::custom_settings(&String::from_utf8_lossy(&bytes))
        }
        _ => BTreeSet::new(),
    };
    items.iter().flat_map(of_item).collect()
}
