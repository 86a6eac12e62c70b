//! What a database is marked as: for whoever asks before something is destroyed.

use std::time::Duration;

use crate::Error;
use crate::postgres::driver::Job;
use crate::postgres::hidden::Hidden;
use crate::postgres::lock::blame;
use crate::postgres::refusal::locked;
use crate::postgres::row::{one, optional, string, text};
use crate::postgres::session::Session;
use crate::postgres::sql::own_tables::marks;
use crate::postgres::sql::path::TAKE_OWN_PATH;
use crate::postgres::sql::session::milliseconds;
use crate::postgres::sql::{Sql, dollar_quoted};
use crate::postgres::transaction::Conversation;

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
pub(crate) struct Look {
    /// As this role.
    pub(crate) role: Option<String>,
    /// For how long it waits for the lock of a table.
    pub(crate) lock_timeout: Duration,
}

impl Job for Look {
    type Output = Marks;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Marks, Error> {
        let mut conversation = Conversation::new(session);
        let reply = match conversation.look(&look(self.role.as_deref(), self.lock_timeout)).await {
            Ok(reply) => reply,
            Err(failure) => {
                let error = locked("reading what the database is marked as", failure.cause);
                return Err(blame(&mut conversation, error, &[]).await);
            }
        };
        let row = one(&reply, "atlas_database")?;
        let environments = optional(row, 1).unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let hidden = match (optional(row, 2), Hidden::optional(row, 3)?) {
            (Some(table), Some(why)) => Some(why.mark(table, text(row, 4)?)),
            _ => None,
        };
        Ok(Marks { database: string(row, 0)?, environments, hidden })
    }
}

/// The name of the database, and what it is marked as: the environments; the first table whose mark is not known, and why; and
/// the role. Writes nothing.
fn look(role: Option<&str>, lock_timeout: Duration) -> String {
    let sql = Sql::without_table(role, lock_timeout);
    let body = format!(
        "DECLARE\n\
         \x20 atlas_marks pg_catalog.jsonb := '[]';\n\
         \x20 atlas_ours pg_catalog.jsonb := '{{}}';\n\
         \x20 atlas_own pg_catalog.record;\n\
         \x20 atlas_environment pg_catalog.text;\n\
         \x20 atlas_why pg_catalog.text;\n\
         \x20 atlas_state pg_catalog.refcursor := 'atlas_state';\n\
         BEGIN\n\
         {TAKE_OWN_PATH}\
         {role}\
         \x20 PERFORM set_config('lock_timeout', '{lock_timeout}', true);\n\
         {marks}\
         \x20 OPEN atlas_state FOR SELECT current_database() AS atlas_database,\n\
         \x20   (SELECT string_agg(m ->> 'environment', ' ') FROM jsonb_array_elements(atlas_marks) m),\n\
         \x20   hidden ->> 'table', hidden ->> 'hidden', current_user\n\
         \x20   FROM (VALUES (1)) one LEFT JOIN (SELECT m FROM jsonb_array_elements(atlas_marks) m\n\
         \x20     WHERE m ->> 'hidden' IS NOT NULL LIMIT 1) AS m (hidden) ON true;\n\
         END",
        role = sql.perform_local_role(),
        lock_timeout = milliseconds(sql.lock_timeout),
        marks = marks(),
    );
    format!("DO {};\nFETCH ALL FROM atlas_state;\nCLOSE atlas_state;\n", dollar_quoted(&body))
}
