//! What is said when the history is not what this binary goes by, and what is recognised of it.

use atlas_migrate_core::checksum::Fingerprint;
use atlas_migrate_core::history::{Entry, State};
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::plan::{Line, Standing, Step};

use super::refusal::{go_on_reverting, name, remove_or_accept};
use crate::error::hint::{Hint, Opt, Verb, clause, hint};
use crate::migrations::repair::Repair;
use crate::migrations::report::label;
use crate::{Error, ErrorKind};

/// So many migrations of another program are named.
const NAMED: usize = 3;

/// What explains the lines.
enum Cause<'a> {
    /// The files have other versions than those under which they were applied.
    Renumbered(Vec<(&'a Entry, &'a Migration)>),
    /// The binary has nothing of what was applied.
    AnotherProgram(usize),
    /// The newest migration is still being written.
    NewestEdited(&'a Migration),
    /// Nothing that is known.
    Other,
}

pub(super) fn drift(known: &[Migration], history: &[Entry], lines: &[Line]) -> Error {
    match cause(known, history, lines) {
        Cause::Renumbered(pairs) => renumbered(known, &pairs),
        Cause::AnotherProgram(count) => another_program(known, history, lines, count),
        Cause::NewestEdited(migration) => {
            let hint = match migration.down() {
                Some(_) => hint![
                    "if no other database has it, ",
                    Verb::Redo,
                    "; else restore the file as it was applied, and put the change into a new migration"
                ],
                None => hint![
                    "restore the file as it was applied, and put the change into a new migration; a database whose data may be \
                     lost can begin again, with ",
                    Verb::Reset
                ],
            };
            told(known, history, lines).hint(hint)
        }
        Cause::Other => {
            let hint = usual(known, history, lines);
            let of = |line: &Line| match line.standing {
                Standing::Newer => Standing::Missing,
                standing => standing,
            };
            let is_like_the_first = |line: &Line| Some(of(line)) == lines.first().map(of);
            told(known, history, lines).hint(match lines {
                [_] => hint,
                _ if lines.iter().all(is_like_the_first) => hint!["for each of them, shown for the first: ", hint],
                _ => hint!["for the first of them: ", hint],
            })
        }
    }
}

/// A step that would run what was applied under another version already, and is accepted there.
pub(super) fn runs_again(known: &[Migration], history: &[Entry], steps: &[Step]) -> Option<Error> {
    let is_run =
        |migration: &Migration| steps.iter().any(|step| step.done == 0 && known[step.known].key() == migration.key());
    let pairs = pairs(known, history).into_iter();
    let pairs: Vec<_> =
        pairs.filter(|(entry, migration)| migration.name() == entry.name && is_run(migration)).collect();
    (!pairs.is_empty()).then(|| renumbered(known, &pairs))
}

fn cause<'a>(known: &'a [Migration], history: &'a [Entry], lines: &[Line]) -> Cause<'a> {
    let stopped = |line: &Line| matches!(line.standing, Standing::UnfinishedChanged | Standing::Reverting);
    if lines.iter().any(stopped) {
        return Cause::Other;
    }
    let pairs = pairs(known, history);
    if !pairs.is_empty() {
        return Cause::Renumbered(pairs);
    }
    if let Some(count) = of_another_program(known, history) {
        return Cause::AnotherProgram(count);
    }
    let newest = history.iter().filter(|entry| entry.key().is_versioned()).max_by_key(|entry| entry.key());
    match lines {
        [line] if line.standing == Standing::Changed && line.entry().map(|entry| &history[entry]) == newest => {
            line.known().map_or(Cause::Other, |known_at| Cause::NewestEdited(&known[known_at]))
        }
        _ => Cause::Other,
    }
}

/// Rows and files of other versions with the same SQL, where neither has a counterpart of its own.
fn pairs<'a>(known: &'a [Migration], history: &'a [Entry]) -> Vec<(&'a Entry, &'a Migration)> {
    let nothing = Fingerprint::of("");
    let has_row = |migration: &Migration| history.iter().any(|entry| entry.key() == migration.key());
    let mut files: Vec<_> =
        known.iter().filter(|migration| migration.key().is_versioned() && !has_row(migration)).collect();
    let is_orphan = |entry: &&Entry| {
        let own = known.iter().find(|migration| migration.key() == entry.key());
        entry.key().is_versioned()
            && entry.state == State::Applied
            && entry.fingerprint != nothing
            && own.is_none_or(|own| own.up().fingerprint() != entry.fingerprint)
    };
    let mut found = Vec::new();
    for entry in history.iter().filter(is_orphan) {
        let same = |migration: &&Migration| migration.up().fingerprint() == entry.fingerprint;
        let at = files
            .iter()
            .position(|file| same(file) && file.name() == entry.name)
            .or_else(|| files.iter().position(same));
        found.extend(at.map(|at| (entry, files.remove(at))));
    }
    found
}

/// How many versioned migrations the history has, if the binary knows none of their SQL, and hardly one of their names. Where all
/// files are newer than all of these, they may stand for them: squashed ones do.
fn of_another_program(known: &[Migration], history: &[Entry]) -> Option<usize> {
    let rows: Vec<_> = history.iter().filter(|entry| entry.key().is_versioned()).collect();
    let has = |is_same: &dyn Fn(&Migration) -> bool| known.iter().any(is_same);
    let known_sql = rows.iter().any(|row| has(&|migration| migration.up().fingerprint() == row.fingerprint));
    let is_named = |row: &&&Entry| has(&|migration| migration.key() == row.key() && migration.name() == row.name);
    let names = rows.iter().filter(is_named).count();
    let newest = rows.iter().map(|row| row.key()).max()?;
    let overlap = has(&|migration| migration.key() <= newest);
    (overlap && !known_sql && names * 4 <= rows.len()).then_some(rows.len())
}

fn renumbered(known: &[Migration], pairs: &[(&Entry, &Migration)]) -> Error {
    let sentence = |(entry, migration): &(&Entry, &Migration)| {
        format!(
            "migration {} was applied ({} by {}), and is {} in this binary, with the same SQL",
            label(&entry.version, &entry.name),
            entry.applied_at,
            entry.applied_by,
            name(migration)
        )
    };
    let hint = |(entry, migration): &(&Entry, &Migration)| {
        let path = migration.up().path();
        match known.iter().find(|other| other.key() == entry.key()) {
            None => format!("give {path} the version {} again", entry.version),
            Some(other) => {
                format!("give {path} the version {} again, and {} a higher one", entry.version, other.up().path())
            }
        }
    };
    let hints: Vec<_> = pairs.iter().map(hint).collect();
    let error = match pairs {
        [pair] => Error::new(ErrorKind::Drift, sentence(pair)),
        pairs => {
            let message =
                format!("{} migrations have other versions than those under which they were applied", pairs.len());
            pairs.iter().fold(Error::new(ErrorKind::Drift, message), |error, pair| error.note(sentence(pair)))
        }
    };
    error.note("under its new version it would run a second time").hint(hints.join("; "))
}

fn another_program(known: &[Migration], history: &[Entry], lines: &[Line], count: usize) -> Error {
    let message = match count {
        1 => "the history has 1 migration, which this binary does not have: it looks like another program's".to_owned(),
        _ => {
            format!("the history has {count} migrations, and this binary none of them: it looks like another program's")
        }
    };
    let error = Error::new(ErrorKind::Drift, message);
    let there = lines.iter().filter(|line| line.entry().is_some()).take(NAMED);
    there.fold(error, |error, line| {
        let name = line.entry().map(|entry| label(&history[entry].version, &history[entry].name));
        match (name, line.known()) {
            (Some(there), Some(here)) => {
                error.note(format!("{there} was applied; this binary's is {} with other SQL", self::name(&known[here])))
            }
            (Some(there), None) => error.note(format!("{there} was applied")),
            (None, _) => error,
        }
    })
    .hint(hint![
        "connect to the database of this program; or, if the two are to share it, give these migrations a name of their own",
        clause![" with ", Opt::Namespace]
    ])
}

/// What differs, without a hint.
fn told(known: &[Migration], history: &[Entry], lines: &[Line]) -> Error {
    let sentences: Vec<_> = lines.iter().map(|line| sentence(known, history, line)).collect();
    match (sentences.as_slice(), lines) {
        ([one], [line]) => {
            let error = Error::new(ErrorKind::Drift, one.clone());
            match line.known() {
                Some(index) => error.note(format!("file: {}", known[index].up().path())),
                None => error,
            }
        }
        _ => sentences.iter().fold(
            Error::new(ErrorKind::Drift, format!("{} migrations are not what this binary goes by", lines.len())),
            |error, sentence| error.note(sentence.clone()),
        ),
    }
}

/// What leads on from the first of the lines.
fn usual(known: &[Migration], history: &[Entry], lines: &[Line]) -> Hint {
    let Some(first) = lines.first() else { return Hint::default() };
    let entry = first.entry().map(|entry| &history[entry]);
    let gone = entry.map(remove_or_accept).unwrap_or_default();
    match first.standing {
        Standing::Changed => hint![
            "restore the file as it was applied, and put the change into a new migration; or, if the database is as the file \
             says now, record that with ",
            Verb::Repair(first.identity(known, history).0.clone(), Repair::Applied)
        ],
        Standing::UnfinishedChanged => {
            "restore the statements that have run as they were; the ones after them may be changed".into()
        }
        Standing::Reverting => go_on_reverting(known, history, lines),
        Standing::OutOfOrder => {
            hint!["give it a version above all that were applied, or allow it with ", Verb::RunOutOfOrder]
        }
        Standing::Newer => {
            hint!["deploy the binary that has it", clause!["; or accept it with ", Opt::AcceptNewer], "; ", gone]
        }
        _ => hint!["restore the file, or run the binary that has it; ", gone],
    }
}

fn sentence(known: &[Migration], history: &[Entry], line: &Line) -> String {
    let entry = line.entry().map(|index| &history[index]);
    let (version, name, _) = line.identity(known, history);
    let name = label(version, name);
    let applied = entry.map_or(String::new(), |entry| format!("{} by {}", entry.applied_at, entry.applied_by));
    match line.standing {
        Standing::Changed => format!("migration {name} was changed after it was applied ({applied})"),
        Standing::UnfinishedChanged => {
            let done = entry.map_or(0, |entry| entry.statements);
            format!("migration {name} stopped after {done} of its statements, and these were changed since")
        }
        Standing::Reverting => format!("migration {name} was being reverted when that stopped ({applied})"),
        Standing::OutOfOrder => format!("migration {name} has not run, though one with a higher version has"),
        Standing::Newer | Standing::Missing if entry.is_some_and(|entry| !entry.state.is_done()) => {
            format!("migration {name} was begun ({applied}) and is not done, and this binary does not have it")
        }
        Standing::Newer if entry.is_some_and(|entry| entry.key().is_versioned()) => {
            format!("migration {name} was applied ({applied}) and is newer than all that this binary has")
        }
        Standing::Newer | Standing::Missing => {
            format!("migration {name} was applied ({applied}), and this binary does not have it")
        }
        standing => format!("migration {name} is {}", standing.as_str()),
    }
}
