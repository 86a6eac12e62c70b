//! The order of effects, and nothing else.
//!
//! 1. *Look*: one message, which writes nothing: the mark of the environment, the tables and how they refer to each other.
//! 2. *Begin*: a transaction, the locks of those who migrate and load seeds, the tables locked against whoever writes, how many
//!    rows each has, and whether others refer to these.
//! 3. *Empty*: one message, at whose end it is asked whether triggers have put rows anywhere; if so, again.
//! 4. *End*: seeds forgotten, sequences begun again, the commit.

use std::time::Instant;

use super::decide::{self, Step};
use super::report::{CleanPlan, CleanReport, Emptied, Means};
use super::scope::Chosen;
use super::state::{self, Count, Kind, State, Table};
use super::{Options, guard, refusal};
use crate::Error;
use crate::clean::sql::Target;
use crate::postgres::lock;
use crate::postgres::refusal::{check_names, untrusted};
use crate::postgres::row::Unreadable;
use crate::postgres::session::{Reply, Session};
use crate::postgres::sql::{self, Sql};
use crate::postgres::transaction::{Conversation, Transaction};

/// How often tables are emptied that have rows again.
const ROUNDS: usize = 3;

pub(super) struct Engine<'a, S> {
    conversation: Conversation<'a, S>,
    options: &'a Options,
    sql: Sql,
}

/// What there is to do.
struct Work<'a> {
    chosen: Chosen<'a>,
    counts: Vec<Count>,
    /// Seeds that are to load again: the table that says that they were loaded, namespace and name.
    forgotten: Vec<(&'a Table, String, String)>,
}

impl<'a, S: Session> Engine<'a, S> {
    pub(super) fn new(session: &'a mut S, options: &'a Options) -> Result<Self, Error> {
        check_names("public", "schema_seeds", "default", options.role.as_deref())?;
        let sql = Sql::without_table(options.role.as_deref(), options.patience.lock_timeout);
        Ok(Self { conversation: Conversation::new(session), options, sql })
    }

    pub(super) async fn plan(mut self) -> Result<CleanPlan, Error> {
        let state = look(&mut self.conversation, &mut self.sql, self.options.restart_identity).await?;
        let chosen = self.choose(&state)?;
        let counted = self.read(&state, &chosen).await;
        let (counts, forgotten) = self.conversation.close(counted).await?;
        let work = Work { chosen, counts, forgotten };
        let environments: Vec<_> = guard::environments(&state).collect();
        Ok(CleanPlan {
            database: state.database.clone(),
            host: state.host.clone(),
            environment: (!environments.is_empty()).then(|| environments.join(", ")),
            is_hidden: guard::is_hidden(&state),
            tables: work.emptied(&decide::steps(&work.chosen, &work.counts), &work.counts, 0),
            seeds: work.forgotten.len(),
            sequences: self.sequences(&work.chosen).len(),
        })
    }

    pub(super) async fn run(mut self) -> Result<CleanReport, Error> {
        let started = Instant::now();
        let state = look(&mut self.conversation, &mut self.sql, self.options.restart_identity).await?;
        guard::check(&state, self.options.confirmation.as_deref())?;
        state.server.writable("data is to be removed")?;
        let report = self.carry_out(&state, started).await;
        match self.conversation.close(report).await {
            Err(error) => Err(self.blame(&state, error).await),
            report => report,
        }
    }

    async fn carry_out(&mut self, state: &State, started: Instant) -> Result<CleanReport, Error> {
        let chosen = self.choose(state)?;
        let (transaction, renewed) = self.take_locks(state).await?;
        let (state, chosen) = match &renewed {
            Some(state) => (state, self.choose(state)?),
            None => (state, chosen),
        };
        let (counts, forgotten) = self.lock(state, &chosen).await?;
        let work = Work { chosen, counts, forgotten };
        let tables = self.empty(&work, state.replication_role.as_deref()).await?;
        let sequences: Vec<_> = self
            .sequences(&work.chosen)
            .iter()
            .map(|sequence| Sql::restart(&sequence.quoted, (!sequence.owned).then_some(sequence.start)))
            .collect();
        let forget =
            |(table, namespace, name): &(&Table, String, String)| Sql::forget_seed(&table.quoted, namespace, name);
        let seeds: Vec<_> = work.forgotten.iter().map(forget).collect();
        // What was deferred to the commit goes by the session's path.
        let (own, theirs) = (sql::OWN_PATH, self.sql.session_path());
        let message = format!("{own}{}{}{theirs}{}", seeds.concat(), sequences.concat(), sql::COMMIT);
        let committed = self.conversation.end(transaction, &message).await;
        committed.map_err(|failure| refusal::unknown_whether_emptied(refusal::failed("committing", failure)))?;
        let (database, host) = (state.database.clone(), state.host.clone());
        Ok(CleanReport {
            database,
            host,
            tables,
            seeds: seeds.len(),
            sequences: sequences.len(),
            duration: started.elapsed(),
        })
    }

    /// The tables that are meant, if they may be emptied.
    fn choose<'s>(&self, state: &'s State) -> Result<Chosen<'s>, Error> {
        let chosen = self.options.scope.choose(state)?;
        refusal::check(&chosen, &state.user)?;
        if self.options.restart_identity {
            refusal::check_sequences(&chosen, &state.user)?;
        }
        for table in state.seeds() {
            if let Some(why) = &table.distrusted {
                return Err(untrusted(&table.quoted, why));
            }
            if !table.may_read {
                return Err(refusal::seeds_stay(table, &state.user));
            }
        }
        Ok(chosen)
    }

    /// Counts, in a transaction that changes nothing.
    async fn read<'s>(&mut self, state: &'s State, chosen: &Chosen<'s>) -> Result<Found<'s>, Error> {
        let message = self.sql.begin_reading() + &self.questions(state, chosen, &Extent::of(chosen, true));
        let begun = self.conversation.begin(&message).await;
        let (reply, transaction) = begun.map_err(|failure| refusal::failed("looking at the tables", failure))?;
        let found = self.found(state, chosen, &reply).await?;
        self.conversation.roll_back(transaction).await;
        Ok(found)
    }

    /// Begins a transaction in which nobody else migrates or loads seeds.
    async fn take_locks(&mut self, state: &State) -> Result<(Transaction, Option<State>), Error> {
        let (begin, look) = (self.sql.begin_cleaning(), self.sql.look_at_tables(self.options.restart_identity));
        let patience = &self.options.patience;
        let (transaction, renewed) = state.take_locks(&mut self.conversation, patience, &begin, &[], &look).await?;
        if let Some(state) = &renewed {
            guard::check(state, self.options.confirmation.as_deref())?;
        }
        Ok((transaction, renewed))
    }

    /// Lets nobody else write to the tables, and counts.
    async fn lock<'s>(&mut self, state: &'s State, chosen: &Chosen<'s>) -> Result<Found<'s>, Error> {
        let targets: Vec<_> = chosen.tables.iter().map(|table| target(table)).collect();
        let message = Sql::lock_tables(&targets) + &self.questions(state, chosen, &Extent::of(chosen, false));
        let reply = self.send(&message, "locking the tables").await?;
        self.found(state, chosen, &reply).await
    }

    /// How many rows there are, who refers to them, and which seeds were loaded.
    fn questions(&self, state: &State, chosen: &Chosen<'_>, extent: &Extent) -> String {
        let targets: Vec<_> = chosen.tables.iter().map(|table| target(table)).collect();
        let counted = targets.iter().enumerate().filter(|(number, _)| extent.is_counted(chosen.tables[*number]));
        let empty = targets.iter().enumerate().filter(|(number, _)| chosen.tables[*number].is_empty());
        let questions = [
            self.sql.count_rows(counted),
            Sql::filled(empty),
            Sql::referring(chosen.outside.iter().map(|(reference, _)| *reference)),
            Sql::loaded_seeds(state.seeds().map(|table| table.quoted.as_str())),
        ];
        questions.concat()
    }

    /// What there is to do, by the answers to these questions.
    async fn found<'s>(&mut self, state: &'s State, chosen: &Chosen<'s>, reply: &Reply) -> Result<Found<'s>, Error> {
        let mut counts: Vec<_> = chosen.tables.iter().map(|table| Count::guess(table)).collect();
        // An empty file says nothing: the rows may be in others.
        let filled = state::numbers(reply, "atlas_filled")?;
        let mut counted = state::counts(reply)?;
        if !filled.is_empty() {
            let is_filled = |(number, _): &(usize, &&Table)| filled.contains(number);
            let targets: Vec<_> =
                chosen.tables.iter().enumerate().filter(is_filled).map(|(n, table)| (n, target(table))).collect();
            let message = Sql::count_all(targets.iter().map(|(number, target)| (*number, target)));
            counted.extend(state::counts(&self.send(&message, "counting rows").await?)?);
        }
        counted.into_iter().for_each(|(table, count)| counts[table] = count);
        let referring = state::numbers(reply, "atlas_referring")?;
        if !referring.is_empty() {
            return Err(refusal::referred(chosen, referring.iter().map(|number| &chosen.outside[*number])));
        }
        let seeds: Vec<_> = state.seeds().collect();
        let mut forgotten = Vec::new();
        for (table, namespace, name) in state::seeds(reply)? {
            if !self.options.scope.loads_again(&name, &chosen.tables) {
                continue;
            }
            if !seeds[table].may_delete {
                return Err(refusal::seeds_stay(seeds[table], &state.user));
            }
            forgotten.push((seeds[table], namespace, name));
        }
        Ok((counts, forgotten))
    }

    async fn empty(&mut self, work: &Work<'_>, replication_role: Option<&str>) -> Result<Vec<Emptied>, Error> {
        let targets: Vec<_> = work.chosen.tables.iter().map(|table| target(table)).collect();
        // While the tables are locked, only triggers bring rows back; and what keeps rows elsewhere may leave them there.
        let may_stay = work.chosen.tables.iter().any(|table| table.triggers) || work.counts.iter().any(|c| c.elsewhere);
        let looked_at = if may_stay { targets.as_slice() } else { &[] };
        let before = self.before_emptying(looked_at.is_empty(), replication_role);
        let as_before = if looked_at.is_empty() { replication_role.map(Sql::replication_role) } else { None };
        let mut counts = work.counts.clone();
        let mut all: Vec<Emptied> = Vec::new();
        for _ in 0..ROUNDS {
            let steps = decide::steps(&work.chosen, &counts);
            if steps.is_empty() {
                break;
            }
            let statements: Vec<_> = steps.iter().map(|step| step.sql(&targets)).collect();
            let filled = Sql::filled(looked_at.iter().enumerate());
            let message = [before.concat(), statements.concat(), as_before.clone().unwrap_or_default(), filled];
            let reply = self.send(&message.concat(), "emptying the tables").await?;
            let mut emptied = work.emptied(&steps, &counts, all.last().map_or(0, |last| last.statement));
            for (number, rows) in removed(&steps, reply.touched().get(before.len()..), &reply)? {
                let table = &work.chosen.tables[number].quoted;
                emptied.iter_mut().filter(|emptied| emptied.table == *table).for_each(|emptied| emptied.rows = rows);
            }
            for new in emptied.into_iter().filter(|emptied| emptied.rows > 0) {
                match all.iter_mut().find(|old| old.table == new.table) {
                    Some(old) => old.rows += new.rows,
                    None => all.push(new),
                }
            }
            counts = vec![Count::default(); counts.len()];
            for filled in state::numbers(&reply, "atlas_filled")? {
                counts[filled] = Count::SOME;
            }
        }
        let filled: Vec<_> = (0..counts.len()).filter(|number| counts[*number].rows > 0).collect();
        if !filled.is_empty() {
            return Err(refusal::refilled(filled.iter().map(|number| work.chosen.tables[*number])));
        }
        renumber(&mut all);
        Ok(all)
    }

    /// What goes before the statements that empty tables, a statement each.
    ///
    /// Without triggers of users, all rows go, those that refer to them included, and nobody else can write: there is nothing to
    /// see to for foreign keys, row by row. A role that may not say so lets the server plan once what it asks for each row; else
    /// it does so for each of the first five rows, which takes longer than to remove them.
    fn before_emptying(&self, is_alone: bool, replication_role: Option<&str>) -> Vec<String> {
        let keys = match replication_role {
            Some(_) => Sql::replication_role("replica"),
            None => Sql::plan_once(),
        };
        [self.sql.session_path()].into_iter().chain(is_alone.then_some(keys)).collect()
    }

    /// Those that begin again: each that numbers no other tables.
    fn sequences<'s>(&self, chosen: &'s Chosen<'_>) -> Vec<&'s state::Sequence> {
        if self.options.restart_identity { chosen.sequences() } else { Vec::new() }
    }

    async fn blame(&mut self, state: &State, error: Error) -> Error {
        let Ok(chosen) = self.options.scope.choose(state) else { return error };
        let names: Vec<_> = chosen.tables.iter().map(|table| table.name.as_str()).collect();
        lock::blame(&mut self.conversation, error, &names).await
    }

    async fn send(&mut self, message: &str, doing: &str) -> Result<Reply, Error> {
        self.conversation.send(message).await.map_err(|failure| refusal::failed(doing, failure))
    }
}

/// How many rows tables have, and the seeds that are to load again.
type Found<'a> = (Vec<Count>, Vec<(&'a Table, String, String)>);

/// Reads what there is. Writes nothing.
pub(super) async fn look<S: Session>(
    conversation: &mut Conversation<'_, S>,
    sql: &mut Sql,
    with_sequences: bool,
) -> Result<State, Error> {
    let reply = conversation.look(&sql.look_at_tables(with_sequences)).await;
    let reply = match reply.map_err(|failure| refusal::failed("looking at the tables", failure)) {
        Ok(reply) => reply,
        Err(error) => return Err(lock::blame(conversation, error, &[]).await),
    };
    let state = State::read(&reply)?;
    state.server.usable()?;
    sql.server_version = state.server.version_number;
    sql.path.clone_from(&state.path);
    Ok(state)
}

/// Which tables are counted. To know how many rows there are takes as long as to remove a few of them.
struct Extent {
    /// What is known of small tables is enough, as none is truncated.
    all_small: bool,
    all_counted: bool,
}

impl Extent {
    fn of(chosen: &Chosen<'_>, all_counted: bool) -> Self {
        Self { all_small: chosen.tables.iter().all(|table| table.is_small()), all_counted }
    }

    fn is_counted(&self, table: &Table) -> bool {
        !table.is_empty() && (self.all_counted || !self.all_small && table.known_as_large().is_none())
    }
}

/// How many rows steps have removed, by the numbers of their tables: what the server says of a statement on one table, and what is
/// counted in one on several.
fn removed(steps: &[Step], touched: Option<&[u64]>, reply: &Reply) -> Result<Vec<(usize, u64)>, Unreadable> {
    let of_one = |(step, rows): (&Step, &u64)| match step {
        Step::Delete(tables) if tables.len() == 1 => Some((tables[0], *rows)),
        _ => None,
    };
    let one_by_one = steps.iter().zip(touched.unwrap_or_default()).filter_map(of_one);
    Ok(one_by_one.chain(state::removed(reply)?).collect())
}

/// Counts the statements that had something to do.
fn renumber(all: &mut [Emptied]) {
    let mut statements: Vec<_> = all.iter().map(|emptied| emptied.statement).collect();
    statements.dedup();
    for emptied in all {
        emptied.statement = 1 + statements.iter().position(|statement| *statement == emptied.statement).unwrap_or(0);
    }
}

fn target(table: &Table) -> Target<'_> {
    Target { quoted: &table.quoted, partitioned: table.kind == Kind::Partitioned, parent: table.parent }
}

impl Step {
    fn sql(&self, targets: &[Target<'_>]) -> String {
        match self {
            Self::Truncate(tables) => Sql::truncate(tables.iter().map(|table| &targets[*table])),
            Self::Delete(tables) => {
                Sql::delete(&tables.iter().map(|table| (*table, &targets[*table])).collect::<Vec<_>>())
            }
        }
    }
}

impl Work<'_> {
    /// What the steps empty, as it is known beforehand; the first is the statement after so many others.
    fn emptied(&self, steps: &[Step], counts: &[Count], statements: usize) -> Vec<Emptied> {
        let mut all = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let (means, tables) = match step {
                Step::Truncate(tables) => (Means::Truncate, tables),
                Step::Delete(tables) => (Means::Delete, tables),
            };
            all.extend(tables.iter().filter(|table| counts[**table].rows > 0).map(|table| Emptied {
                table: self.chosen.tables[*table].quoted.clone(),
                rows: counts[*table].rows,
                estimated: means == Means::Truncate && counts[*table].estimated,
                means,
                statement: statements + index + 1,
            }));
        }
        all
    }
}
