//! What the verbs give back.

use std::fmt;
use std::time::Duration;

use atlas_migrate_core::fault::{shown, shown_lines};
use atlas_migrate_core::history::Entry;
use atlas_migrate_core::migration::{Kind, Migration};
use atlas_migrate_core::plan::{Line, Standing, Step};
use atlas_migrate_core::version::Version;

use crate::render::time;

pub use crate::progress::done::{Done, Outcome, Report, label};

/// What a run would do.
///
/// `Display` shows a line for each migration, or `nothing to do`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Plan {
    steps: Vec<Planned>,
}

/// A migration that a run would apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    version: Version,
    name: String,
    path: String,
    done: usize,
}

impl Plan {
    pub(crate) fn new(known: &[Migration], steps: &[Step]) -> Self {
        let planned = |step: &Step| {
            let migration = &known[step.known];
            Planned {
                version: migration.version().clone(),
                name: migration.name().to_owned(),
                path: migration.up().path().to_owned(),
                done: step.done,
            }
        };
        Self { steps: steps.iter().map(planned).collect() }
    }

    /// What would be applied, in order.
    pub fn steps(&self) -> &[Planned] {
        &self.steps
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Planned {
    /// The version, as in the file name.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The name, as in the file name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many of its statements have run already, in a run that was cut off. Zero unless they run one by one.
    pub fn statements_done(&self) -> usize {
        self.done
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing to do");
        }
        for (index, step) in self.steps.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}would apply  {}", label(&step.version, &step.name))?;
            if step.done > 0 {
                write!(f, "  from statement {}", step.done + 1)?;
            }
        }
        Ok(())
    }
}

/// Where every migration stands, known ones and unknown ones, in the order in which they run.
///
/// `Display` shows a line for each, with what the comment lines of its file say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Status {
    migrations: Vec<MigrationStatus>,
    pub(crate) warnings: Vec<String>,
}

/// Where one migration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    version: Version,
    name: String,
    kind: Kind,
    standing: Standing,
    title: Option<String>,
    description: Option<String>,
    date: Option<String>,
    applied: Option<(String, String, Duration)>,
    /// The binary does not have its file, and may run all the same.
    accepted: bool,
}

impl Status {
    pub(crate) fn new(known: &[Migration], history: &[Entry], lines: &[Line]) -> Self {
        let status = |line: &Line| {
            let entry = line.entry().map(|index| &history[index]);
            let header = line.known().map(|index| known[index].up().header());
            let text = |text: &Option<std::borrow::Cow<'static, str>>| text.as_deref().map(str::to_owned);
            let (version, name, kind) = line.identity(known, history);
            MigrationStatus {
                version: version.clone(),
                name: name.to_owned(),
                kind,
                standing: line.standing,
                title: header.and_then(|header| text(&header.title)),
                description: header.and_then(|header| text(&header.description)),
                date: header.and_then(|header| text(&header.date)),
                applied: entry.map(|entry| (entry.applied_at.clone(), entry.applied_by.clone(), entry.execution_time)),
                accepted: line.known().is_none() && entry.is_some_and(|entry| entry.compatible),
            }
        };
        Self { migrations: lines.iter().map(status).collect(), warnings: Vec::new() }
    }

    /// Every migration, in the order in which they run.
    pub fn migrations(&self) -> &[MigrationStatus] {
        &self.migrations
    }

    /// What one should know beside: that a run refuses to begin, since there is another history.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The migrations that a run would execute.
    pub fn pending(&self) -> impl Iterator<Item = &MigrationStatus> {
        self.migrations.iter().filter(|migration| migration.standing.is_pending())
    }
}

impl MigrationStatus {
    /// The version, as in the file name.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The name, as in the file name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Versioned or repeatable.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether what was applied is not what the files say.
    pub(crate) fn has_drifted(&self) -> bool {
        let is_as_expected = matches!(
            self.standing,
            Standing::Applied
                | Standing::Reformatted
                | Standing::Baseline
                | Standing::Skipped
                | Standing::Superseded
                | Standing::Failed
        );
        !self.standing.is_pending() && !self.accepted && !is_as_expected
    }

    /// What its `-- Migration:` line says.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// What its `-- Description:` line says.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// What its `-- Date:` line says.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// When it was applied, in UTC: `2026-01-31T12:00:00Z`.
    pub fn applied_at(&self) -> Option<&str> {
        self.applied.as_ref().map(|(at, _, _)| at.as_str())
    }

    /// The user of the session that applied it.
    pub fn applied_by(&self) -> Option<&str> {
        self.applied.as_ref().map(|(_, by, _)| by.as_str())
    }

    /// How long its statements took on the server.
    pub fn execution_time(&self) -> Option<Duration> {
        self.applied.as_ref().map(|(_, _, time)| *time)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = |migration: &MigrationStatus| label(&migration.version, &migration.name);
        let widest = |cell: &dyn Fn(&MigrationStatus) -> usize| self.migrations.iter().map(cell).max().unwrap_or(0);
        let labels = widest(&|migration| label(migration).chars().count());
        let standings = widest(&|migration| migration.standing.as_str().len());
        for (index, migration) in self.migrations.iter().enumerate() {
            let mut line = format!("{:<labels$}  {:<standings$}", label(migration), migration.standing.as_str());
            if let Some((at, by, time)) = &migration.applied {
                line += &format!("  {at} by {} in {}", shown(by), time::shown(*time));
            }
            for text in [&migration.date, &migration.title, &migration.description].into_iter().flatten() {
                line += &format!("  {}", shown(text));
            }
            write!(f, "{}{}", if index == 0 { "" } else { "\n" }, line.trim_end())?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\nwarning: {}", shown_lines(warning)))
    }
}
