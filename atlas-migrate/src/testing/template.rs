//! The database that those of tests are copied from.

use atlas_migrate_core::checksum::Checksum;

use super::contents::Contents;
use super::maintenance::Maintenance;
use super::server;
use crate::Error;
use crate::migrations::migrator::{Options, Run};
use crate::testing::sql;
use crate::testing::sql::Number;

/// With another form of what the library itself makes, templates are made anew.
const FORM: &str = env!("CARGO_PKG_VERSION");

/// What a template is made of, as a number.
pub(super) fn number(contents: &Contents, maintenance: &Maintenance) -> Number {
    let migrator = &contents.migrator;
    let Options { namespace, schema, table, role, mode, plan, .. } = &migrator.options;
    let server = maintenance.kind();
    let mut text =
        format!("{FORM}\n{server:?}\n{namespace:?} {schema:?} {table:?} {role:?} {mode:?} {:?}\n", plan.target);
    for migration in migrator.migrations.as_slice() {
        let (version, name, up) = (migration.version(), migration.name(), migration.up());
        text += &format!("{version} {name:?} {:?} {} {:?}\n", migration.kind(), up.checksum(), up.header());
    }
    text += &contents.seeds();
    let mut first = [0; 8];
    first.copy_from_slice(&Checksum::of(&text).to_bytes()[..8]);
    Number(u64::from_be_bytes(first))
}

/// Makes the template, unless another process has done so meanwhile. The session holds the lock on `own`, and the one that
/// keeps the template as it is.
pub(super) fn make(
    maintenance: &mut Maintenance,
    own: Number,
    template: Number,
    contents: &Contents,
) -> Result<(), Error> {
    // If it fails, the locks end with the session.
    let found = maintenance.send("waiting for a template", &sql::begin_template(template))?;
    if found.rows("atlas_database").next().is_none() {
        fill(maintenance, &own.draft(), template, contents)?;
    }
    maintenance.send("letting others have a template", &sql::end_template(template)).map(drop)
}

fn fill(maintenance: &mut Maintenance, draft: &str, template: Number, contents: &Contents) -> Result<(), Error> {
    maintenance.copy(sql::EMPTY, draft)?;
    let filled = server::with_database(maintenance.url(), draft).and_then(|url| contents.clone().fill(&url, Run));
    if let Err(error) = filled {
        remove(maintenance, draft)?;
        return Err(error.without_trace("database"));
    }
    publish(maintenance, draft, template).inspect_err(|_| {
        // Why it could not be made says more than that it could not be removed.
        if let Err(stays) = remove(maintenance, draft) {
            tracing::warn!(error = %stays, "{draft} stays");
        }
    })
}

fn publish(maintenance: &mut Maintenance, draft: &str, template: Number) -> Result<(), Error> {
    let reply = maintenance.send("waiting for sessions to end", &sql::close(draft))?;
    let published = maintenance.send("publishing a template", &sql::publish(draft, template)).map(drop);
    published.map_err(|error| {
        let connected = reply.rows("atlas_connected").filter_map(|row| row.first()?.as_deref());
        connected.fold(error, |error, session| error.note(format!("connected to it: {session}")))
    })
}

/// Removes a database, unless that takes too long.
pub(super) fn remove(maintenance: &mut Maintenance, database: &str) -> Result<(), Error> {
    maintenance.within_limit(|maintenance| {
        sql::remove(database).iter().try_for_each(|sql| maintenance.send("removing a database", sql).map(drop))
    })
}
