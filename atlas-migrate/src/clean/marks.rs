//! What a database is marked as: for whoever asks before something is destroyed.

use crate::postgres::driver::Job;
use crate::postgres::hidden::Hidden;
use crate::postgres::session::Session;
use crate::postgres::sql::dollar_quoted;
use crate::postgres::sql::own_tables::marks;
use crate::postgres::sql::path::TAKE_OWN_PATH;
use crate::{Error, ErrorKind};

/// A database, and the environments that it is marked as one of.
#[derive(Debug)]
pub struct Marks {
    /// Its name.
    pub database: String,
    /// Their names.
    pub environments: Vec<String>,
    /// Why a mark is not known, if there is such a one: it may be one of production.
    pub hidden: Option<Error>,
}

/// Asks for them.
pub(crate) struct Look;

impl Job for Look {
    type Output = Marks;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Marks, Error> {
        let doing = "reading what the database is marked as";
        let reply = session.send(&look()).await.map_err(|failure| Error::own(doing, failure.cause))?;
        let row = reply.rows("atlas_database").next_back();
        let Some([Some(database), environments, table, why, Some(role)]) = row.map(Vec::as_slice) else {
            return Err(Error::new(ErrorKind::Database, format!("{doing} gave no answer")));
        };
        let environments = environments.as_deref().unwrap_or("").split_whitespace().map(str::to_owned).collect();
        let why = why.as_deref().map(|why| {
            Hidden::read(why)
                .ok_or_else(|| Error::new(ErrorKind::Database, format!("{doing} gave an unknown reason: {why}")))
        });
        let hidden = match (table, why.transpose()?) {
            (Some(table), Some(why)) => Some(why.mark(table, role)),
            _ => None,
        };
        Ok(Marks { database: database.clone(), environments, hidden })
    }
}

/// The name of the database, and what it is marked as: the environments; the first table whose mark is not known, and why; and
/// the role. Writes nothing.
fn look() -> String {
    let body = format!(
        "DECLARE\n\
         \x20 atlas_marks pg_catalog.jsonb := '[]';\n\
         \x20 atlas_mark pg_catalog.record;\n\
         \x20 atlas_environment pg_catalog.text;\n\
         \x20 atlas_state pg_catalog.refcursor := 'atlas_state';\n\
         BEGIN\n\
         {TAKE_OWN_PATH}\
         \x20 PERFORM set_config('lock_timeout', '3s', true);\n\
         {}\
         \x20 OPEN atlas_state FOR SELECT current_database() AS atlas_database,\n\
         \x20   (SELECT string_agg(m ->> 'environment', ' ') FROM jsonb_array_elements(atlas_marks) m),\n\
         \x20   hidden ->> 'table', hidden ->> 'hidden', current_user\n\
         \x20   FROM (VALUES (1)) one LEFT JOIN (SELECT m FROM jsonb_array_elements(atlas_marks) m\n\
         \x20     WHERE m ->> 'hidden' IS NOT NULL LIMIT 1) AS m (hidden) ON true;\n\
         END",
        marks()
    );
    format!("DO {};\nFETCH ALL FROM atlas_state;\nCLOSE atlas_state;\n", dollar_quoted(&body))
}
