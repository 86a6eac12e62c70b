//! A schema for a test, where the role may not create databases.

use super::contents::Contents;
use super::maintenance::Maintenance;
use crate::Error;
use crate::migrations::migrator::Run;
use crate::testing::sql;
use crate::testing::sql::Number;

const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Makes the schema, fills it, and gives the URL by which a client has it on its search path.
pub(super) fn make(
    maintenance: &mut Maintenance,
    number: Number,
    contents: &Contents,
    test: Option<&str>,
) -> Result<String, Error> {
    let name = &number.test();
    maintenance.send("taking a name", &sql::lock(number))?;
    let leftovers = maintenance.send("looking for schemas", &sql::leftover_schemas(test))?;
    for row in leftovers.rows("atlas_leftover") {
        if let Some(Some(name)) = row.first() {
            maintenance.send("removing a schema that was left behind", &sql::remove_schema(name))?;
        }
    }
    maintenance.send("making a schema", &sql::create_schema(name)).map_err(|error| match error.sqlstate() {
        Some(INSUFFICIENT_PRIVILEGE) => error.hint(
            "give the role of DATABASE_URL the right to create databases (ALTER ROLE … CREATEDB), or at least schemas (GRANT \
             CREATE ON DATABASE …); or leave DATABASE_URL out, for a throw-away server",
        ),
        _ => error,
    })?;
    let url = with_search_path(maintenance.url(), name);
    match contents.clone().within(name).fill(&url, Run) {
        Ok(()) => Ok(url),
        Err(error) => {
            maintenance.send("removing a schema", &sql::remove_schema(name))?;
            Err(error.without_trace("schema"))
        }
    }
}

/// The schema first, then `public`, where extensions are.
fn with_search_path(url: &str, schema: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}options=-csearch_path%3D{schema}%2Cpublic")
}
