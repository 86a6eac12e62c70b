//! What a run would do on a new database, as one SQL file.

use std::collections::BTreeSet;

use atlas_migrate_core::migration::{Header, Migration, Transaction};
use atlas_migrate_core::plan;

use crate::engine::refusal;
use crate::report::label;
use crate::sql::Sql;
use crate::{Error, ErrorKind, Migrator};

pub(crate) fn write(migrator: &Migrator) -> Result<String, Error> {
    let Migrator { migrations, options } = migrator;
    let known = migrations.as_slice();
    refusal::check_names(&options.schema, &options.table, &options.namespace, options.role.as_deref())?;
    let steps = plan::plan(known, &[], &options.plan).map_err(|problem| refusal::problem(known, &[], problem))?;
    let wanted: Vec<_> = steps.iter().map(|step| &known[step.known]).collect();
    if let Some(migration) = wanted.iter().find(|migration| cannot_be_passed_over(migration.up().header())) {
        return Err(refused(migration));
    }
    let sql = Sql::new(options, BTreeSet::new());
    let parts = wanted.iter().map(|migration| title(migration) + &sql.scripted(migration));
    let head = "-- Migrations as one file, for a database that has none of them.\n".to_owned();
    Ok(std::iter::once(head + &sql.begin_script(&wanted)).chain(parts).collect::<Vec<_>>().join("\n"))
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

fn title(migration: &Migration) -> String {
    let title = format!("{}: {}", label(migration.version(), migration.name()), migration.up().path());
    format!("-- {}\n", title.split_whitespace().collect::<Vec<_>>().join(" "))
}
