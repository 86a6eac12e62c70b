//! What there is to do: the migrations that a binary knows against those that a database has.
//!
//! Nothing here does anything. [`compare`] says where each migration stands, [`plan`] what a run would do about it.

use std::collections::HashMap;

use crate::checksum::Fingerprint;
use crate::history::{Entry, Key, Lease, State};
use crate::migration::{Kind, Migration, Script};
use crate::version::Version;

/// Where one migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who has it.
    pub place: Place,
    /// Where it stands.
    pub standing: Standing,
}

/// The place of a migration in the binary's set, in the database's history, or in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Only the binary has it.
    Known(usize),
    /// Both have it.
    Both {
        /// Its place in the set.
        known: usize,
        /// Its place in the history.
        entry: usize,
    },
    /// Only the database has it.
    Unknown(usize),
}

impl Line {
    /// Its place among the known ones, if the binary knows it.
    pub fn known(&self) -> Option<usize> {
        match self.place {
            Place::Known(known) | Place::Both { known, .. } => Some(known),
            Place::Unknown(_) => None,
        }
    }

    /// Its place in the history, if the database has it.
    pub fn entry(&self) -> Option<usize> {
        match self.place {
            Place::Both { entry, .. } | Place::Unknown(entry) => Some(entry),
            Place::Known(_) => None,
        }
    }

    /// Its version, name and kind: those of its file, if the binary has one, else those of its row.
    pub fn identity<'a>(&self, known: &'a [Migration], history: &'a [Entry]) -> (&'a Version, &'a str, Kind) {
        match self.place {
            Place::Known(index) | Place::Both { known: index, .. } => {
                let migration = &known[index];
                (migration.version(), migration.name(), migration.kind())
            }
            Place::Unknown(index) => {
                let entry = &history[index];
                (&entry.version, &entry.name, entry.kind)
            }
        }
    }
}

/// Where a migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It took effect, and its file is as it was.
    Applied,
    /// It took effect; since then line ends, comments or spacing of its file changed, but not its SQL.
    Reformatted,
    /// It was declared as being there already.
    Baseline,
    /// Its `skip-unless` condition was not true when its turn came.
    Skipped,
    /// It has not run.
    Pending,
    /// It has not run, though one with a higher version has.
    OutOfOrder,
    /// It is repeatable, and its SQL has changed since its turn came: it will run again, from its beginning.
    Outdated,
    /// It is repeatable, and the database has a newer one: its file is one that was replaced before, or the database is
    /// ahead of the binary as a whole. A run leaves it alone, lest an older binary put back what a newer one brought.
    Superseded,
    /// It took effect, and its SQL has changed since.
    Changed,
    /// Its statements run one by one, and not all of them have.
    Unfinished,
    /// Its statements run one by one, not all of them have, and those that have were changed since.
    UnfinishedChanged,
    /// The statements of its down file run one by one, and not all of them have.
    Reverting,
    /// The database has it, the binary does not know it, and nothing of it took effect, except that it may have left an index
    /// that is not valid: its first statement failed. A run leaves it alone.
    Failed,
    /// The database has it, the binary does not know it, and the binary knows a higher version.
    Missing,
    /// The database has it, and it is newer than all that the binary knows; or it is repeatable and the binary does not
    /// know it. Such a one has no age, and a newer binary that brought it must not keep an older one from starting.
    Newer,
}

impl Standing {
    /// Whether a run would execute it.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::OutOfOrder | Self::Outdated | Self::Unfinished)
    }

    /// In a word or two, as `status` shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Reformatted => "applied (reformatted)",
            Self::Baseline => "baseline",
            Self::Skipped => "skipped",
            Self::Pending => "pending",
            Self::OutOfOrder => "out of order",
            Self::Outdated => "outdated",
            Self::Superseded => "superseded",
            Self::Changed => "changed",
            Self::Unfinished => "unfinished",
            Self::UnfinishedChanged => "unfinished (changed)",
            Self::Reverting => "reverting",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Newer => "newer",
        }
    }
}

/// What to do about migrations that are pending though one with a higher version was applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutOfOrder {
    /// An error.
    #[default]
    Refuse,
    /// They run, in the order of their versions.
    Allow,
}

/// What to do about migrations that the database has and the binary does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Newer {
    /// An error, unless each of them is marked `-- atlas:compatible`.
    #[default]
    Refuse,
    /// They are left alone.
    Accept,
}

/// How far a run goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// To the newest migration, and then the repeatable ones.
    #[default]
    Latest,
    /// To this version and no further. Repeatable migrations run only where no version beyond it is left to run.
    Version(Version),
}

impl<V: Into<Version>> From<V> for Target {
    fn from(version: V) -> Self {
        Self::Version(version.into())
    }
}

/// What decides between planning and refusing.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How far to go.
    pub target: Target,
    /// What to do about migrations that come late.
    pub out_of_order: OutOfOrder,
    /// What to do about unknown migrations.
    pub newer: Newer,
}

/// One migration to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its place among the known ones.
    pub known: usize,
    /// How many of its statements have run already.
    pub done: usize,
}

/// Why a run is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// These lines stand where a run may not begin: changed, missing, newer or out of order.
    Drift(Vec<Line>),
    /// The target is none of the known versions.
    UnknownTarget(Version),
    /// These lines were to be reverted and cannot be: without a down file, unknown, baselined or unfinished.
    Irreversible(Vec<Line>),
    /// These are to run before the one that is meant: places among the known ones.
    Behind(Vec<usize>),
}

/// Where each migration stands, in the order in which they run: by version, and then the repeatable ones by name.
pub fn compare(known: &[Migration], history: &[Entry]) -> Vec<Line> {
    let newest_known = known.iter().map(Migration::key).filter(|key| key.is_versioned()).max();
    let newest_applied =
        history.iter().filter(|entry| entry.state.is_done()).map(Entry::key).filter(|key| key.is_versioned()).max();

    let is_ahead = newest_applied.is_some() && newest_applied > newest_known;

    let mut rows = HashMap::new();
    let mut unknown = Vec::new();
    for (index, entry) in history.iter().enumerate() {
        // Two rows of one version (`1` and `001`) were written by hand. One of them is nobody's.
        unknown.extend(rows.insert(entry.key(), index));
    }
    let mut lines: Vec<(Key<'_>, Line)> = known
        .iter()
        .enumerate()
        .map(|(index, migration)| {
            let key = migration.key();
            let line = match rows.remove(&key) {
                Some(entry) => {
                    let place = Place::Both { known: index, entry };
                    Line { place, standing: standing(migration, &history[entry], is_ahead) }
                }
                None if Some(key) < newest_applied => {
                    Line { place: Place::Known(index), standing: Standing::OutOfOrder }
                }
                None => Line { place: Place::Known(index), standing: Standing::Pending },
            };
            (key, line)
        })
        .collect();
    lines.extend(unknown.into_iter().chain(rows.into_values()).map(|entry| {
        let key = history[entry].key();
        let standing = match Some(key) > newest_known {
            _ if history[entry].is_without_effect() => Standing::Failed,
            true => Standing::Newer,
            false => Standing::Missing,
        };
        (key, Line { place: Place::Unknown(entry), standing })
    }));
    lines.sort_by_key(|(key, line)| (*key, line.entry()));
    lines.into_iter().map(|(_, line)| line).collect()
}

fn standing(migration: &Migration, entry: &Entry, is_ahead: bool) -> Standing {
    let script = migration.up();
    let same_sql = has_same_sql(script, entry);
    // Of one that stopped before its first statement, any SQL is the same.
    let is_superseded = (is_ahead && !same_sql)
        || (entry.superseded.contains(&script.checksum()) && !(same_sql && entry.state.is_done()));
    match (entry.state, migration.kind()) {
        (State::Reverting, _) => Standing::Reverting,
        (_, Kind::Repeatable) if is_superseded => Standing::Superseded,
        (_, Kind::Repeatable) if !same_sql => Standing::Outdated,
        // Nothing of it ran.
        (State::Skipped, _) => Standing::Skipped,
        (State::Applied | State::Baseline, _) if !same_sql => Standing::Changed,
        (State::Applied, _) if entry.checksum != script.checksum() => Standing::Reformatted,
        (State::Applied, _) => Standing::Applied,
        (State::Baseline, _) => Standing::Baseline,
        (State::Running | State::Failed, _) if same_sql => Standing::Unfinished,
        (State::Running | State::Failed, _) => Standing::UnfinishedChanged,
    }
}

/// Whether a row is of the SQL that a script has, or of as much of it as has run.
fn has_same_sql(script: &Script, entry: &Entry) -> bool {
    match entry.state {
        State::Running | State::Failed => first(entry.statements, script).is_some_and(|text| {
            [Fingerprint::of, Fingerprint::as_written].iter().any(|of| of(&text) == entry.fingerprint)
        }),
        // Most rows are, and then nothing has to be computed.
        _ => entry.fingerprint == script.fingerprint() || entry.fingerprint == Fingerprint::as_written(&script.text()),
    }
}

/// The fingerprint of a script up to the end of its first `count` statements, if it has as many.
pub fn fingerprint_of_first(count: usize, script: &Script) -> Option<Fingerprint> {
    first(count, script).map(|text| Fingerprint::of(&text))
}

/// The text of a script up to the end of its first `count` statements, if it has as many.
fn first(count: usize, script: &Script) -> Option<String> {
    let end = match count.checked_sub(1) {
        None => 0,
        Some(last) => script.statements().get(last)?.range.end,
    };
    Some(script.text()[..end].to_owned())
}

/// What a run would do, in order; or why it may not.
pub fn plan(known: &[Migration], history: &[Entry], options: &Options) -> Result<Vec<Step>, Problem> {
    let limit = match &options.target {
        Target::Latest => None,
        Target::Version(version) => {
            let known = known.iter().find(|migration| migration.key() == Key::Versioned(version));
            Some(known.ok_or_else(|| Problem::UnknownTarget(version.clone()))?.key())
        }
    };
    let lines = compare(known, history);
    let drift: Vec<_> = lines.iter().copied().filter(|line| is_refused(line, history, options)).collect();
    if !drift.is_empty() {
        return Err(Problem::Drift(drift));
    }

    let beyond = |key: Key<'_>| limit.is_some_and(|limit| key.is_versioned() && key > limit);
    let mut stopped_short = false;
    let mut steps = Vec::new();
    // What another process takes back at this moment is pending when that has come to its end.
    let is_being_reverted = |line: &Line| line.entry().is_some_and(|entry| history[entry].is_being_reverted());
    for line in lines.iter().filter(|line| line.standing.is_pending() || is_being_reverted(line)) {
        let Some(index) = line.known() else { continue };
        let key = known[index].key();
        stopped_short |= beyond(key);
        if beyond(key) || (stopped_short && !key.is_versioned()) {
            continue;
        }
        let done = match (line.standing, line.entry()) {
            (Standing::Unfinished, Some(entry)) => history[entry].statements,
            _ => 0,
        };
        steps.push(Step { known: index, done });
    }
    Ok(steps)
}

fn is_refused(line: &Line, history: &[Entry], options: &Options) -> bool {
    let entry = line.entry().map(|entry| &history[entry]);
    let compatible = entry.is_some_and(|entry| entry.compatible);
    match line.standing {
        Standing::Changed | Standing::UnfinishedChanged => true,
        Standing::Reverting => !entry.is_some_and(Entry::is_being_reverted),
        Standing::OutOfOrder => options.out_of_order == OutOfOrder::Refuse,
        Standing::Newer => options.newer == Newer::Refuse && !compatible,
        Standing::Missing => !compatible,
        _ => false,
    }
}

/// What a revert takes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Revert {
    /// The migration that was applied with the highest version.
    #[default]
    Last,
    /// So many of them, from the highest version down.
    Steps(usize),
    /// All with a higher version than this one, which stays.
    To(Version),
    /// All of them.
    All,
}

/// What a revert would take back, in order: places among the known ones, the highest version first.
///
/// Repeatable migrations have nothing to revert and are left alone, and so is what failed without effect and the binary does
/// not know. A revert that comes upon a baselined one is refused: what that stands for was there before. One that another
/// process is applying at this moment is among them.
pub fn plan_revert(known: &[Migration], history: &[Entry], revert: &Revert) -> Result<Vec<Step>, Problem> {
    if let Revert::To(version) = revert
        && !known.iter().any(|migration| migration.key() == Key::Versioned(version))
    {
        return Err(Problem::UnknownTarget(version.clone()));
    }
    let lines = compare(known, history);
    let applied = lines.iter().rev().filter_map(|line| {
        let entry = &history[line.entry()?];
        (entry.kind == Kind::Versioned && line.standing != Standing::Failed).then_some((line, entry))
    });
    let wanted = applied.take_while(|(_, entry)| match revert {
        Revert::To(version) => entry.version > *version,
        _ => true,
    });
    let count = match revert {
        Revert::Last => 1,
        Revert::Steps(count) => *count,
        Revert::To(_) | Revert::All => usize::MAX,
    };

    let mut steps = Vec::new();
    let mut refused = Vec::new();
    for (line, entry) in wanted.take(count) {
        let known_up = line.known().filter(|index| known[*index].down().is_some() || entry.state == State::Skipped);
        match known_up {
            Some(known) if entry.state.is_done() && entry.state != State::Baseline => {
                steps.push(Step { known, done: 0 });
            }
            Some(known) if entry.state != State::Reverting && entry.lease == Lease::Held => {
                steps.push(Step { known, done: 0 });
            }
            Some(known) if entry.state == State::Reverting => steps.push(Step { known, done: entry.statements }),
            _ => refused.push(*line),
        }
    }
    if refused.is_empty() { Ok(steps) } else { Err(Problem::Irreversible(refused)) }
}

/// Applying the newest migration once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redo {
    /// Its place among the known ones.
    pub known: usize,
    /// Whether it is taken back before. If it has not run, it is only applied, and nothing else is touched.
    pub reverts: bool,
}

/// What is done to apply the newest file once more; or why it may not, before anything was taken back. Nothing, if there is none.
pub fn plan_redo(known: &[Migration], history: &[Entry], options: &Options) -> Result<Option<Redo>, Problem> {
    let Some(newest) = known.iter().rposition(|migration| migration.key().is_versioned()) else { return Ok(None) };
    let key = known[newest].key();
    let row = history.iter().find(|entry| entry.key() == key);
    let reverts = row.is_some_and(|entry| entry.state.is_done() || entry.state == State::Reverting);
    let mut rest = history.to_vec();
    if reverts {
        plan_revert(known, history, &Revert::Last)?;
        rest.retain(|entry| entry.key() != key);
    }
    let target = Target::Version(known[newest].version().clone());
    let steps = plan(known, &rest, &Options { target, ..options.clone() })?;
    let is_before = |index: &usize| known[*index].key() < key;
    let behind: Vec<_> = steps.iter().map(|step| step.known).filter(is_before).collect();
    if behind.is_empty() { Ok(Some(Redo { known: newest, reverts })) } else { Err(Problem::Behind(behind)) }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;
