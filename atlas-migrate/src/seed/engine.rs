//! The order of effects, and nothing else.
//!
//! 1. *Look*: one message, which writes nothing. Mostly it is the only one.
//! 2. *Describe*: what the catalog says of the tables, so that a column that does not fit is found before anything is loaded.
//! 3. For each seed, or each circle of seeds whose tables refer to each other, a transaction: the lock and a second look, the
//!    rows, its row in `schema_seeds`, the commit. Generated rows come in batches, each with a transaction.

use std::collections::HashMap;
use std::time::Instant;

use atlas_migrate_core::seed::Run;

use super::item::{self, Item, Source};
use super::load::Load;
use super::order::{self, Node};
use super::state::{Known, State};
use super::table::Table;
use super::{Options, SeedReport, Seeded, Seeder, failure, refusal, state};
use crate::postgres::hidden::Hidden;
use crate::postgres::lock::{self, Wait};
use crate::postgres::refusal::{asked_for, check_names, locked};
use crate::postgres::session::{Cause, Failure, Reply, Session};
use crate::postgres::sql::{self, SessionSettings, Sql};
use crate::postgres::transaction::{Conversation, Transaction};
use crate::progress::Event;
use crate::seed::sql::{MARK, SeedRow};
use crate::{Error, ErrorKind};

pub(super) struct Engine<'a, S> {
    pub(super) conversation: Conversation<'a, S>,
    pub(super) options: &'a Options,
    pub(super) items: Vec<Item<'a>>,
    pub(super) sql: Sql,
    pub(super) ending: Ending,
    pub(super) tables: Vec<Option<Table>>,
    /// How many staging tables there were.
    pub(super) stagings: usize,
    /// How many bytes of the generator at hand were sent by the batches before.
    pub(super) generated_bytes: u64,
    seeder: &'a Seeder,
    /// The table of seeds, as it is known to be.
    known: HashMap<String, Known>,
    /// The environment that the database is of.
    environment: Option<String>,
    before: SessionSettings,
    pub(super) report: SeedReport,
}

/// What becomes of it all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Commit,
    Rollback,
}

impl<'a, S: Session> Engine<'a, S> {
    pub(super) fn new(session: &'a mut S, seeder: &'a Seeder, ending: Ending) -> Result<Self, Error> {
        let options = &seeder.options;
        check_names(&options.schema, "schema_seeds", &options.namespace, options.role.as_deref())?;
        if !seeder.environment.is_valid() {
            let message = format!("{:?} is no name of an environment", seeder.environment.name());
            return Err(Error::new(ErrorKind::Usage, message)
                .hint("use letters, digits, `_` and `-`: it is the name of a folder as well"));
        }
        for warning in seeder.seeds.warnings() {
            options.patience.listener.tell(&Event::Warning(&warning));
        }
        let items = seeder.items();
        refusal::check_unique(&items)?;
        Ok(Self {
            conversation: Conversation::new(session),
            options,
            sql: Sql { custom_settings: item::custom_settings(&items), ..options.sql() },
            items,
            ending,
            tables: Vec::new(),
            stagings: 0,
            generated_bytes: 0,
            seeder,
            known: HashMap::new(),
            environment: None,
            before: SessionSettings::default(),
            report: SeedReport::default(),
        })
    }

    pub(super) async fn run(mut self) -> Result<SeedReport, Error> {
        let state = self.look(&item::digest(&self.items)).await?;
        self.check_environment(&state)?;
        let pending: Vec<_> = (0..self.items.len()).filter(|item| self.is_pending(*item)).collect();
        if pending.is_empty() {
            // Those who have nothing to load are guarded as well.
            if self.environment.is_none() && self.ending == Ending::Commit && state.server.writable("").is_ok() {
                self.write_mark(String::new()).await?;
            }
            return Ok(self.report);
        }
        state.server.writable("there are seeds to load")?;
        if !state.asked.is_empty() {
            self.options.patience.listener.tell(&Event::Warning(&asked_for(&state.asked)));
        }
        let result = self.describe_and_load(&pending).await;
        match self.conversation.close(result).await {
            Ok(()) => Ok(self.report),
            Err(error) => Err(refusal::after(self.blame(error).await, &self.report)),
        }
    }

    pub(super) async fn mark(mut self) -> Result<(), Error> {
        let state = self.look("").await?;
        state.server.writable("the mark is to be written")?;
        // Several rows are one when it has been written.
        if let Some(hidden) = state.hidden_mark.filter(|hidden| *hidden != Hidden::Rows) {
            return Err(hidden.mark(&self.sql.mark_table(), &state.role));
        }
        self.write_mark(self.sql.unmark()).await
    }

    /// Whether the seeds are for this database, as far as that is known.
    fn check_environment(&self, state: &State) -> Result<(), Error> {
        if let Some(hidden) = state.hidden_mark {
            return Err(hidden.mark(&self.sql.mark_table(), &state.role));
        }
        if let Some(hidden) = state.hidden_seeds {
            return Err(hidden.seeds(&self.sql.history(), &state.role));
        }
        refusal::check_environment(&self.seeder.environment, self.environment.as_deref())
    }

    async fn write_mark(&mut self, before: String) -> Result<(), Error> {
        let written = self.write_mark_under_lock(before).await;
        match self.conversation.close(written).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.blame(error).await),
        }
    }

    /// Names who has locked one of the tables that are loaded, or one of the library's own.
    async fn blame(&mut self, error: Error) -> Error {
        let loaded = self.tables.iter().flatten().map(|table| table.short.as_str());
        let names: Vec<_> = loaded.chain([self.sql.table.as_str(), MARK]).collect();
        lock::blame(&mut self.conversation, error, &names).await
    }

    async fn write_mark_under_lock(&mut self, before: String) -> Result<(), Error> {
        let (_, transaction) = self.begin().await?;
        let message = sql::OWN_PATH.to_owned() + &before + &self.sql.mark(self.seeder.environment.name()) + sql::COMMIT;
        let committed = self.conversation.end(transaction, &message).await;
        committed.map(drop).map_err(|failure| {
            locked("marking the database", failure.cause)
                .unless_answered("it may have the mark", "check that the server is running; then mark it again")
        })
    }

    async fn look(&mut self, current: &str) -> Result<State, Error> {
        let reply = self.conversation.look(&self.sql.look_at_seeds(current)).await;
        let reply = match reply.map_err(|failure| locked("looking at the seeds", failure.cause)) {
            Ok(reply) => reply,
            Err(error) => return Err(lock::blame(&mut self.conversation, error, &[]).await),
        };
        let state = self.read_state(&reply)?;
        state.server.usable()?;
        self.sql.server_version = state.server.version_number;
        self.sql.path.clone_from(&state.path);
        self.before = state.settings.clone();
        self.conversation.clear_up_with(&self.sql.clear_up(&self.before));
        Ok(state)
    }

    fn read_state(&mut self, reply: &Reply) -> Result<State, Error> {
        let state = State::read(reply)?;
        if state.granted {
            self.environment.clone_from(&state.environment);
            self.known = state::known(reply)?;
        }
        Ok(state)
    }

    fn is_pending(&self, item: usize) -> bool {
        let item = &self.items[item];
        let Some(known) = self.known.get(&item.name) else { return true };
        match item.run {
            Run::Once => !known.done,
            Run::OnChange => !known.done || known.checksum != item.checksum,
            Run::Always => true,
        }
    }

    /// Asks the catalog for the tables, and holds the files against it.
    async fn describe(&mut self, pending: &[usize]) -> Result<(), Error> {
        let names: Vec<_> = pending.iter().filter_map(|item| self.items[*item].table()).collect();
        let mut tables = Vec::new();
        if !names.is_empty() {
            let ask = Sql::describe_tables(&names);
            tables = state::tables(&self.ask(&ask, "reading the catalog").await?)?;
        }
        let mut tables = tables.into_iter();
        self.tables = vec![None; self.items.len()];
        for item in pending {
            if self.items[*item].table().is_some() {
                self.tables[*item] = tables.next().flatten();
            }
        }
        let is_loaded = |item: &Item<'_>| self.known.get(&item.name).is_some_and(|known| known.done && known.rows > 0);
        refusal::check_tables(&self.items, &self.tables, pending, is_loaded)
    }

    /// A database that nobody has marked may be anybody's: rows of tables that would be loaded say that it is not new.
    async fn check_virgin(&mut self) -> Result<(), Error> {
        if self.environment.is_some() || self.seeder.environment.is_production() || !self.known.is_empty() {
            return Ok(());
        }
        let of_users = self.tables.iter().flatten().filter(|table| !table.member);
        let names: Vec<_> = of_users.map(|table| table.name.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let reply = self.send(&Sql::have_rows(names), "looking for rows").await?;
        refusal::check_empty(&self.seeder.environment, &reply)
    }

    /// Asks in a transaction of its own, as the role that loads.
    async fn ask(&mut self, question: &str, doing: &str) -> Result<Reply, Error> {
        let message = format!("{}{}{question}{}", self.sql.begin_local(), self.sql.limit_locks(), sql::COMMIT);
        self.conversation.whole(&message).await.map_err(|failure| locked(doing, failure.cause))
    }

    async fn describe_and_load(&mut self, pending: &[usize]) -> Result<(), Error> {
        self.describe(pending).await?;
        self.load(pending).await
    }

    async fn load(&mut self, pending: &[usize]) -> Result<(), Error> {
        let node = |item: &usize| Node {
            table: self.tables[*item].as_ref().map(|table| table.oid),
            references: self.tables[*item].as_ref().map_or_else(Vec::new, |table| table.references.clone()),
        };
        let nodes: Vec<_> = pending.iter().map(node).collect();
        let first = self.known.clone();
        // Where nothing is to stay, all groups share one.
        let mut open = None;
        for group in order::groups(&nodes) {
            let group: Vec<_> = group.into_iter().map(|node| pending[node]).collect();
            let mut from = 0;
            loop {
                let transaction = match open.take() {
                    Some(transaction) => transaction,
                    None => self.turn().await?,
                };
                let group = self.not_loaded_since(&first, &group);
                let progress = self.load_group(&group, &mut from).await?;
                open = self.end_group(transaction, &group, &progress).await?;
                if progress.is_last() {
                    break;
                }
            }
        }
        if let Some(transaction) = open {
            self.conversation.roll_back(transaction).await;
        }
        Ok(())
    }

    /// Those that nobody else has loaded meanwhile.
    fn not_loaded_since(&self, first: &HashMap<String, Known>, group: &[usize]) -> Vec<usize> {
        let is_theirs = |item: &usize| {
            let name = &self.items[*item].name;
            self.known.get(name) != first.get(name) && !self.is_pending(*item)
        };
        group.iter().copied().filter(|item| !is_theirs(item)).collect()
    }

    /// Begins a transaction that has the lock.
    async fn turn(&mut self) -> Result<Transaction, Error> {
        let (state, transaction) = self.begin().await?;
        self.check_environment(&state)?;
        self.check_virgin().await?;
        Ok(transaction)
    }

    async fn begin(&mut self) -> Result<(State, Transaction), Error> {
        let (begin, holder) = (self.sql.begin_seeds(), self.sql.holder_of_lock());
        let mut wait = Wait::new("loading seeds", &self.options.patience);
        loop {
            let begun = self.conversation.begin(&begin).await;
            let (reply, transaction) =
                begun.map_err(|failure| locked("preparing the table of seeds", failure.cause))?;
            let state = self.read_state(&reply)?;
            if state.granted {
                return Ok((state, transaction));
            }
            wait.pause(&mut self.conversation, transaction, &holder).await?;
        }
    }

    /// Sends the rows of a group, or of a batch of generated rows that begins at `from`.
    async fn load_group(&mut self, group: &[usize], from: &mut u64) -> Result<Loaded, Error> {
        let started = Instant::now();
        let batch = match group {
            [item] => self.batch(*item, from),
            _ => None,
        };
        let loads = self.loads(group);
        let mut rows = Vec::new();
        for (item, load) in group.iter().zip(&loads) {
            rows.push(self.load_item(*item, load.as_ref(), batch.as_ref()).await?);
        }
        self.bring_in(group, &loads).await?;
        *from = batch.as_ref().map_or(0, |batch| batch.end);
        Ok(Loaded { started, batch, loads, rows })
    }

    /// Ends the transaction of a group or batch, with what is recorded of it.
    async fn end_group(
        &mut self,
        transaction: Transaction,
        group: &[usize],
        loaded: &Loaded,
    ) -> Result<Option<Transaction>, Error> {
        let message = self.recording(group, loaded);
        let open = match self.ending {
            Ending::Commit => self.conversation.end(transaction, &message).await.map(|_| None),
            Ending::Rollback => self.conversation.send(&message).await.map(|_| Some(transaction)),
        };
        let open = open.map_err(|failure| self.not_committed(group, loaded.batch.as_ref(), failure.cause))?;
        if loaded.is_last() {
            for (item, rows) in group.iter().zip(&loaded.rows) {
                let (name, check) = (self.items[*item].name.clone(), self.items[*item].check_duration());
                let seeded = Seeded { name, rows: *rows, duration: check + loaded.started.elapsed() };
                self.options.patience.listener.tell(&Event::Seeded(&seeded));
                self.report.done.push(seeded);
            }
        }
        Ok(open)
    }

    /// What records a group, and commits it; or only looks whether that could be committed.
    fn recording(&mut self, group: &[usize], loaded: &Loaded) -> String {
        let environment = self.seeder.environment.name();
        // Either lets what follows go by our path.
        let mut end = match group.iter().any(|item| matches!(self.items[*item].source, Source::Sql(_))) {
            true => self.sql.restore(&self.before),
            false => sql::OWN_PATH.to_owned(),
        };
        if self.environment.is_none() {
            end += &self.sql.mark(environment);
        }
        self.environment = Some(environment.to_owned());
        if self.ending == Ending::Commit {
            end += &Self::sequences(&loaded.loads);
        }
        let (done, duration) = (loaded.is_last(), loaded.started.elapsed());
        for (item, rows) in group.iter().zip(&loaded.rows) {
            let Item { name, checksum, .. } = &self.items[*item];
            let duration = self.items[*item].check_duration() + duration;
            end += &self.sql.record_seed(&SeedRow { name, environment, checksum, done, rows: *rows, duration });
        }
        // What was deferred to the commit, and the next group, goes by the session's path.
        end += &self.sql.session_path();
        end + &match self.ending {
            Ending::Commit => sql::COMMIT.to_owned() + &self.sql.clear_up(&self.before),
            Ending::Rollback => Sql::check_deferred(),
        }
    }

    /// What was deferred until the end has failed, or the record of a seed.
    fn not_committed(&self, group: &[usize], batch: Option<&Batch>, cause: Cause) -> Error {
        let seeds: Vec<_> = group.iter().map(|item| (&self.items[*item], self.tables[*item].as_ref())).collect();
        failure::of_commit(&seeds, batch.map_or(0..0, |batch| batch.from..batch.end), cause)
    }

    /// The rows of a generator that are next; none of anything else.
    fn batch(&self, item: usize, from: &u64) -> Option<Batch> {
        let Item { source: Source::Generated(generate), name, checksum, .. } = &self.items[item] else { return None };
        let known = self.known.get(name).filter(|known| !known.done && known.checksum == *checksum);
        let from = known.map_or(*from, |known| known.rows.max(*from));
        let end = (from + Batch::ROWS).min(generate.rows());
        Some(Batch { from, end, is_last: end == generate.rows() })
    }

    pub(super) async fn send(&mut self, message: &str, doing: &str) -> Result<Reply, Error> {
        self.conversation.send(message).await.map_err(Failure::own(doing))
    }
}

/// What was sent of a group.
struct Loaded {
    started: Instant,
    batch: Option<Batch>,
    loads: Vec<Option<Load>>,
    /// How many rows each of its seeds has so far.
    rows: Vec<u64>,
}

impl Loaded {
    fn is_last(&self) -> bool {
        self.batch.as_ref().is_none_or(|batch| batch.is_last)
    }
}

/// Some of the rows of a generator.
pub(super) struct Batch {
    pub(super) from: u64,
    pub(super) end: u64,
    is_last: bool,
}

impl Batch {
    /// How many rows share a transaction.
    const ROWS: u64 = 10_000;
}
