//! What a run would do on a new database, as one SQL file.

use atlas_migrate_core::checksum::Checksum;
use atlas_migrate_core::history::Key;
use atlas_migrate_core::migration::{Header, Migration, Transaction};
use atlas_migrate_core::plan::{self, Problem};
use atlas_migrate_core::version::Version;

use crate::error::hint::{Opt, clause, hint};
use crate::error::place::Place;
use crate::migrations::engine::refusal;
use crate::migrations::migrator::OtherHistory;
use crate::migrations::report::label;
use crate::migrations::sql::{File, Unseen};
use crate::postgres::refusal::check_names;
use crate::{Error, ErrorKind, Migrator};

/// All of them, or those with a higher version than this one, without the repeatable ones, which may have run before.
pub(crate) fn write(migrator: &Migrator, from: Option<&Version>) -> Result<String, Error> {
    let Migrator { migrations, options } = migrator;
    let known = migrations.as_slice();
    check_names(&options.schema, &options.table, &options.namespace, options.role.as_deref())?;
    let problem = |problem| refusal::problem(known, &[], problem);
    let steps = plan::plan(known, &[], &options.plan).map_err(problem)?;
    if let Some(version) = from
        && !known.iter().any(|migration| migration.key() == Key::Versioned(version))
    {
        return Err(problem(Problem::UnknownTarget(version.clone())));
    }
    let all = steps.iter().map(|step| &known[step.known]);
    let all = all.filter(|migration| from.is_none() || migration.key().is_versioned());
    let (before, wanted): (Vec<_>, Vec<_>) =
        all.partition(|migration| from.is_some_and(|version| migration.key() <= Key::Versioned(version)));
    if let Some(migration) = wanted.iter().find(|migration| cannot_be_passed_over(migration.up().header())) {
        return Err(refused(migration));
    }
    let sql = options.sql();
    let head = match from {
        None => "-- Migrations as one file, for a database that has none of them.\n".to_owned(),
        Some(version) => format!(
            "-- Migrations as one file, for a database that is at {version}. Repeatable ones are left to a run.\n"
        ),
    };
    let head = head
        + "-- Each is read under TimeZone = UTC and DateStyle = ISO, MDY, as a run does it, whatever the session has.\n";
    let left = match from {
        None => Vec::new(),
        Some(_) => known.iter().filter(|migration| !migration.key().is_versioned()).collect(),
    };
    let file = File { id: id(&wanted), left };
    let finds_others = from.is_none() && options.other_history == OtherHistory::Refuse;
    let mut parts = vec![head + &sql.begin_script(&file, &before, &wanted, finds_others)];
    for (index, migration) in wanted.iter().enumerate() {
        let part = sql.scripted(&file, index, migration).map_err(|statement| unseen(migration, &statement))?;
        parts.push(title(migration) + &part);
    }
    parts.push(File::end());
    Ok(parts.join("\n"))
}

/// What tells a file of these migrations from others.
fn id(migrations: &[&Migration]) -> String {
    let line = |migration: &&Migration| format!("{} {}\n", migration.version(), migration.up().checksum());
    let digest = Checksum::of(&migrations.iter().map(line).collect::<String>()).to_string();
    digest.chars().take(16).collect()
}

fn cannot_be_passed_over(header: &Header) -> bool {
    header.skip_unless.is_some() && header.transaction == Transaction::None
}

fn refused(migration: &Migration) -> Error {
    let name = label(migration.version(), migration.name());
    let message =
        format!("migration {name} cannot be in a script: it has a condition, and runs statement by statement");
    Error::new(ErrorKind::Usage, message)
        .note(format!("its file: {}", migration.up().path()))
        .hint("remove its `-- atlas:skip-unless`, or leave it to the program that has it")
}

fn unseen(migration: &Migration, Unseen(index): &Unseen) -> Error {
    let name = label(migration.version(), migration.name());
    let script = migration.up();
    let message = format!(
        "migration {name} cannot be in a script: this statement is in no transaction, and SQL alone does not show whether it \
         succeeded"
    );
    let error = Error::new(ErrorKind::Usage, message).hint(hint![
        "leave the migration to a run: end a script before it",
        clause![" with ", Opt::ScriptTo],
        ", and begin the next one behind it",
        clause![" with ", Opt::ScriptFrom]
    ]);
    let (path, text) = (script.path().to_owned(), script.text().into_owned());
    match script.statements().get(*index) {
        Some(statement) => error.place(Place { path, text, span: statement.range.clone(), label: String::new() }),
        None => error.note(format!("its file: {path}")),
    }
}

fn title(migration: &Migration) -> String {
    let title = format!("{}: {}", label(migration.version(), migration.name()), migration.up().path());
    format!("-- {}\n", title.split_whitespace().collect::<Vec<_>>().join(" "))
}
