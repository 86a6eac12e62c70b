//! Dropping what is in schemas, and migrating again.

use std::fmt;

use atlas_migrate_core::fault::shown;
use tracing::Instrument;

use super::engine::look;
use super::report::of_database;
use super::scope::Scope;
use super::state::{self, Ours, State, Table};
use super::{guard, refusal};
use crate::migrations::engine::Engine;
use crate::postgres::driver::{Database, Job};
use crate::postgres::lock;
use crate::postgres::refusal::{check_names, untrusted};
use crate::postgres::session::{Reply, Session};
use crate::postgres::sql::{self, Sql};
use crate::postgres::transaction::Conversation;
use crate::{Error, Migrator, OtherHistory, Report};

/// Drops what is in the schemas of a database, and runs its migrations again.
///
/// What a run drops, in whose role, and how long it waits for locks is as the [`Migrator`] says.
#[derive(Clone, Debug)]
#[must_use = "a resetter does nothing until one of its verbs is called"]
pub struct Resetter {
    migrator: Migrator,
    scope: Scope,
    confirmation: Option<String>,
}

/// What a run would drop.
///
/// `Display` shows a line for each object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetPlan {
    database: String,
    host: String,
    environment: Option<String>,
    /// There is a mark that cannot be read.
    is_hidden: bool,
    objects: Vec<String>,
    left: Vec<String>,
}

/// What a run did.
///
/// `Display` shows how many objects were dropped, and the report of the migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetReport {
    database: String,
    host: String,
    dropped: Vec<String>,
    left: Vec<String>,
    migrations: Report,
}

impl Resetter {
    /// A resetter that ends with these migrations, with default options.
    pub fn new(migrator: impl Into<Migrator>) -> Self {
        Self { migrator: migrator.into(), scope: Scope::default(), confirmation: None }
    }

    /// The schemas whose content is dropped. Default: all, except those of the server and of extensions.
    pub fn schemas<T: Into<String>>(mut self, schemas: impl IntoIterator<Item = T>) -> Self {
        self.scope.schemas = Some(schemas.into_iter().map(Into::into).collect());
        self
    }

    /// Names what is to be dropped, as [`Cleaner::confirm`](super::Cleaner::confirm) does.
    pub fn confirm(mut self, name: impl Into<String>) -> Self {
        self.confirmation = Some(name.into());
        self
    }

    /// What [`run`](Self::run) would drop. Writes nothing, locks nothing, and needs no confirmation.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run), except those of locks, of the confirmation and of migrations.
    pub fn plan<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<ResetPlan> {
        database.perform(Plan(self.clone()))
    }

    /// Drops what is in the schemas, in one transaction, and runs the migrations.
    ///
    /// # Errors
    ///
    /// [`Environment`](crate::ErrorKind::Environment) if the confirmation is missing, before anything else;
    /// [`Usage`](crate::ErrorKind::Usage) if there is no such schema, or something outside of the schemas depends on what is in them;
    /// [`Busy`](crate::ErrorKind::Busy) if somebody is migrating; [`LockTimeout`](crate::ErrorKind::LockTimeout) and
    /// [`Database`](crate::ErrorKind::Database). Nothing was dropped then. After that those of [`Migrator::run`].
    pub fn run<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<ResetReport> {
        database.perform(Run(self.clone()))
    }
}

impl ResetPlan {
    /// The database in which it would be dropped.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Where it is: the address and port that the server has, or `local` for a Unix socket.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What environment it is marked as.
    pub fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// What would be dropped: sort and name of each object. What belongs to one of them is not listed.
    pub fn objects(&self) -> &[String] {
        &self.objects
    }

    /// What stays although it is in no schema: publications, servers and large objects of others, subscriptions. With
    /// [`schemas`](Resetter::schemas), all of these stay.
    pub fn left(&self) -> &[String] {
        &self.left
    }
}

impl ResetReport {
    /// The database in which it was dropped.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Where it is: the address and port that the server has, or `local` for a Unix socket.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What was dropped: sort and name of each object. What belonged to one of them is not listed.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// What has stayed, as [`ResetPlan::left`] has it.
    pub fn left(&self) -> &[String] {
        &self.left
    }

    /// What the migrations did.
    pub fn migrations(&self) -> &Report {
        &self.migrations
    }
}

impl fmt::Display for ResetPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&of_database(&self.database, self.environment.as_deref(), self.is_hidden))?;
        if self.objects.is_empty() {
            f.write_str("\nthere is nothing to drop")?;
        }
        self.objects.iter().try_for_each(|object| write!(f, "\ndrop {}", shown(object)))?;
        self.left.iter().try_for_each(|object| write!(f, "\nleft as it is: {}", shown(object)))
    }
}

impl fmt::Display for ResetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "dropped: {}", self.dropped.len())?;
        self.left.iter().try_for_each(|object| writeln!(f, "left as it is: {}", shown(object)))?;
        write!(f, "{}", self.migrations)
    }
}

struct Plan(Resetter);
struct Run(Resetter);

impl Job for Plan {
    type Output = ResetPlan;

    async fn perform<S: Session>(self, session: &mut S) -> Result<ResetPlan, Error> {
        self.0.make_plan(session).instrument(tracing::info_span!("reset", verb = "plan")).await
    }
}

impl Job for Run {
    type Output = ResetReport;

    async fn perform<S: Session>(self, session: &mut S) -> Result<ResetReport, Error> {
        let drop_and_migrate = async {
            let (State { database, host, .. }, Objects { drops, left, .. }) = self.0.drop(session).await?;
            // What another history may have applied in these schemas is gone.
            let migrator = self.0.migrator.clone().other_history(OtherHistory::Ignore);
            let migrations = Engine::new(session, &migrator)?.run().await;
            let migrations = migrations.map_err(|error| refusal::after_reset(error, &left))?;
            let dropped = drops.into_iter().map(|(object, _)| object).collect();
            Ok(ResetReport { database, host, dropped, left, migrations })
        };
        drop_and_migrate.instrument(tracing::info_span!("reset", verb = "run")).await
    }
}

/// The tables in the schemas, and those of this library that are elsewhere.
struct Around<'s> {
    schemas: Vec<&'s str>,
    inside: Vec<&'s Table>,
    seeds: Vec<&'s Table>,
    histories: Vec<&'s Table>,
}

/// What there is in the schemas, and beside them.
struct Objects {
    /// What is to be dropped: what people call it, and the statement.
    drops: Vec<(String, String)>,
    /// What stays.
    left: Vec<String>,
    /// The rows of tables of extensions that go, as a table and a condition.
    kept: Vec<(String, String)>,
}

impl Resetter {
    async fn make_plan<S: Session>(&self, session: &mut S) -> Result<ResetPlan, Error> {
        let conversation = &mut Conversation::new(session);
        let (state, sql) = self.look(conversation).await?;
        let schemas = self.scope.schemas(&state)?;
        let message = sql.begin_reading() + &Self::look_for_objects(&schemas) + sql::COMMIT;
        let reply = conversation.whole(&message).await;
        let reply = reply.map_err(|failure| refusal::failed("looking at the catalog", failure))?;
        let Objects { drops, left, .. } = self.objects(&reply)?;
        let environments: Vec<_> = guard::environments(&state).collect();
        Ok(ResetPlan {
            database: state.database.clone(),
            host: state.host.clone(),
            environment: (!environments.is_empty()).then(|| environments.join(", ")),
            is_hidden: guard::is_hidden(&state),
            objects: drops.into_iter().map(|(object, _)| object).collect(),
            left,
        })
    }

    async fn drop<S: Session>(&self, session: &mut S) -> Result<(State, Objects), Error> {
        let conversation = &mut Conversation::new(session);
        let (state, sql) = self.look(conversation).await?;
        guard::check(&state, self.confirmation.as_deref())?;
        state.server.writable("the schemas are to be emptied")?;
        let dropped = self.drop_objects(conversation, &state, &sql).await;
        match conversation.close(dropped).await {
            Ok(dropped) => Ok((state, dropped)),
            Err(error) => {
                let names: Vec<_> = state.tables.iter().map(|table| table.name.as_str()).collect();
                Err(lock::blame(conversation, error, &names).await)
            }
        }
    }

    async fn drop_objects<S: Session>(
        &self,
        conversation: &mut Conversation<'_, S>,
        state: &State,
        sql: &Sql,
    ) -> Result<Objects, Error> {
        self.around(state)?;
        let (patience, own) = (&self.migrator.options.patience, [(sql.schema.as_str(), sql.table.as_str())]);
        let (begin, look) = (sql.begin_reset(), sql.look_at_tables(false));
        let (transaction, renewed) = state.take_locks(conversation, patience, &begin, &own, &look).await?;
        if let Some(state) = &renewed {
            guard::check(state, self.confirmation.as_deref())?;
        }
        let Around { schemas, inside, seeds, histories } = self.around(renewed.as_ref().unwrap_or(state))?;
        let names = seeds.iter().map(|table| table.quoted.as_str());
        let message = Self::look_for_objects(&schemas) + &Sql::loaded_seeds(names);
        let reply = conversation.send(&message).await;
        let reply = reply.map_err(|failure| refusal::failed("looking at the catalog", failure))?;
        let objects = self.objects(&reply)?;
        // Event triggers of users go by the session's path.
        let mut end = sql.session_path();
        end.extend(objects.drops.iter().map(|(_, statement)| statement.as_str()));
        end += sql::OWN_PATH;
        end += &Sql::forget_kept(&objects.kept);
        for (table, namespace, name) in state::seeds(&reply)? {
            if self.scope.loads_again(&name, &inside) {
                end += &Sql::forget_seed(&seeds[table].quoted, &namespace, &name);
            }
        }
        if histories.iter().any(|table| table.schema == sql.schema && table.name == sql.table) {
            end += &sql.forget_history();
        }
        let sent = conversation.end(transaction, &(end + sql::COMMIT)).await;
        sent.map_err(|failure| {
            refusal::unknown_whether_dropped(refusal::failed("dropping what is in the schemas", failure))
        })?;
        Ok(objects)
    }

    /// The schemas, their tables, and ours that are elsewhere, if these can be used.
    fn around<'s>(&'s self, state: &'s State) -> Result<Around<'s>, Error> {
        let schemas = self.scope.schemas(state)?;
        let is_inside = |table: &&Table| schemas.contains(&table.schema.as_str());
        let (inside, outside): (Vec<_>, Vec<_>) = state.tables.iter().partition(is_inside);
        let of = |ours| outside.iter().copied().filter(move |table| table.ours == Some(ours));
        let (seeds, histories): (Vec<_>, Vec<_>) = (of(Ours::Seeds).collect(), of(Ours::History).collect());
        match seeds.iter().chain(&histories).find_map(|table| Some((table, table.distrusted.as_ref()?))) {
            Some((table, why)) => Err(untrusted(&table.quoted, why)),
            None => Ok(Around { schemas, inside, seeds, histories }),
        }
    }

    fn look_for_objects(schemas: &[&str]) -> String {
        Sql::objects(schemas) + &Sql::loose_objects() + &Sql::kept_by_extensions()
    }

    /// The objects that are to be dropped, unless others would fall with them. What is in no schema goes only if all schemas do.
    fn objects(&self, reply: &Reply) -> Result<Objects, Error> {
        let outside = state::texts(reply, "atlas_outside")?;
        if !outside.is_empty() {
            return Err(refusal::outside(&outside));
        }
        let is_whole = self.scope.schemas.is_none();
        let goes = |(_, statement): &(String, String)| is_whole && !statement.is_empty();
        let (mut drops, left): (Vec<_>, Vec<_>) = state::texts(reply, "atlas_loose")?.into_iter().partition(goes);
        drops.extend(state::texts(reply, "atlas_drop")?);
        let mut left: Vec<_> = left.into_iter().map(|(object, _)| object).collect();
        let mut kept = Vec::new();
        for (table, condition, may_delete) in state::kept(reply)?.into_iter().filter(|_| is_whole) {
            match may_delete {
                true => kept.push((table, condition)),
                false => left.push(format!("rows of {table}")),
            }
        }
        Ok(Objects { drops, left, kept })
    }

    async fn look<S: Session>(&self, conversation: &mut Conversation<'_, S>) -> Result<(State, Sql), Error> {
        let options = &self.migrator.options;
        check_names(&options.schema, &options.table, &options.namespace, options.role.as_deref())?;
        let mut sql = options.sql();
        let state = look(conversation, &mut sql, false).await?;
        Ok((state, sql))
    }
}
