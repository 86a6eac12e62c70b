//! Loading: the rows to the server, from there to where they belong, and the sequences behind them.

use atlas_migrate_core::seed::{Existing, Piece, Seed};
use atlas_migrate_core::statement;

use super::binary::Form;
use super::engine::{Batch, Engine};
use super::failure::{self, Found};
use super::item::{self, Source};
use super::key::Telling;
use super::label;
use super::rows::{FileReader, FileRows, GeneratedRows, Progress, Raw, Written, length};
use super::table::Table;
use super::writer::Writer;
use crate::postgres::session::{Cause, CopyFailure, Notice, Session};
use crate::postgres::sql::Sql;
use crate::progress::{Event, Severity};
use crate::seed::sql::{Conflict, LoadStatements};
use crate::{Error, ErrorKind};

/// The rows of one seed, and where they go.
pub(super) struct Load {
    table: Table,
    columns: Vec<String>,
    staging: Option<usize>,
    existing: Existing,
    key: Vec<String>,
    /// The columns that are set in rows that exist.
    set: Vec<String>,
    /// What a row has to have, so that it is seen whether it exists.
    telling: Telling,
}

impl Load {
    fn statements(&self) -> LoadStatements<'_> {
        LoadStatements { table: &self.table.name, columns: &self.columns, staging: self.staging }
    }

    /// Binary, if all types can be sent so.
    fn writer(&self) -> Writer {
        let form = |name: &String| Form::of(&self.table.column(name)?.base);
        Writer::new(self.columns.iter().map(form).collect())
    }

    /// Rows as they are sent. Those that refer to others of their table have to come in one statement, at whose end references are
    /// looked at. Which of them is not plain shows only on the way, so that this goes all the way before.
    fn rows<R: Written>(&self, rows: impl Fn(Writer) -> Result<R, Error>) -> Result<R, Error> {
        let is_one_statement = self.staging.is_none() && self.table.references.contains(&self.table.oid);
        let is_text = is_one_statement && self.writer().is_binary() && !rows(self.writer())?.are_plain();
        rows(if is_text { Writer::new(None) } else { self.writer() })
    }

    fn insert(&self) -> Option<String> {
        self.statements().insert(&match self.existing {
            Existing::Insert => Conflict::Fail,
            Existing::Skip => Conflict::Skip { key: &self.key },
            Existing::Update => Conflict::Update { key: &self.key, set: &self.set },
        })
    }
}

impl<'a, S: Session> Engine<'a, S> {
    /// How the seeds of a group are loaded; none of SQL.
    pub(super) fn loads(&mut self, group: &[usize]) -> Vec<Option<Load>> {
        let mut load = |number: usize| {
            let item = &self.items[number];
            let table = self.tables[number].clone()?;
            let columns = item.columns();
            // There are no rows in a file without columns.
            if columns.is_empty() && !matches!(item.source, Source::Generated(_)) {
                return None;
            }
            // Of tables that refer to each other, the rows come to their places all at once.
            let staging = (item.existing != Existing::Insert || group.len() > 1).then(|| {
                self.stagings += 1;
                self.stagings
            });
            let of_table = columns.iter().filter_map(|name| table.column(name));
            let set = of_table
                .filter(|column| !item.key.contains(&column.name) && !column.always)
                .map(|column| column.name.clone())
                .collect();
            let telling = match item.existing {
                Existing::Insert => Telling::default(),
                Existing::Skip | Existing::Update => Telling::of(&table, &columns, &item.key),
            };
            Some(Load { columns, staging, existing: item.existing, key: item.key.clone(), set, telling, table })
        };
        group.iter().map(|number| load(*number)).collect()
    }

    /// Sends what a seed has, and gives the number of its rows.
    pub(super) async fn load_item(
        &mut self,
        number: usize,
        load: Option<&Load>,
        batch: Option<&Batch>,
    ) -> Result<u64, Error> {
        if let Some(load) = load {
            let prepare = load.statements().prepare();
            if !prepare.is_empty() {
                self.send(&prepare, "preparing to load a seed").await?;
            }
        }
        // What was said before is about the library's own statements.
        drop(self.conversation.take_notices());
        let loaded = self.send_item(number, load, batch).await;
        self.tell_notices(number);
        loaded
    }

    /// Tells what the server has said while it loaded a seed.
    fn tell_notices(&mut self, number: usize) {
        let of = &self.items[number].name;
        for Notice { severity, message, .. } in self.conversation.take_notices() {
            self.options.patience.listener.tell(&Event::Notice { of, severity, message: &message });
            if severity == Severity::Warning {
                self.report.warnings.push(format!("{of}: {message}"));
            }
        }
    }

    async fn send_item(&mut self, number: usize, load: Option<&Load>, batch: Option<&Batch>) -> Result<u64, Error> {
        match (self.items[number].source, load) {
            (Source::Sql(seed), _) => self.load_sql(number, seed).await,
            (Source::Rows(seed), Some(load)) => {
                let name = self.items[number].name.clone();
                let columns: Vec<_> = load.columns.iter().filter_map(|name| load.table.column(name)).collect();
                let mut rows = load.rows(|writer| {
                    let reader = FileReader::open(seed)
                        .map_err(|fault| failure::rolled_back(Error::at(ErrorKind::Source, fault)))?;
                    Ok(FileRows::new(reader, seed.format(), columns.clone(), &load.telling, writer))
                })?;
                rows.progress = self.progress(&name, None, length(seed.content()));
                self.copy(number, load, 0, &mut rows).await
            }
            (Source::Generated(generate), Some(load)) => {
                let name = self.items[number].name.clone();
                let (from, end) = batch.map_or((0, generate.rows()), |batch| (batch.from, batch.end));
                let mut rows =
                    load.rows(|writer| Ok(GeneratedRows::new(generate, from..end, &load.telling, writer)))?;
                let progress = self.progress(&name, Some(generate.rows()), None);
                rows.progress = Progress { bytes: self.generated_bytes, ..progress };
                let copied = self.copy(number, load, from, &mut rows).await;
                let bytes = rows.progress.bytes;
                self.generated_bytes = if end == generate.rows() { 0 } else { bytes };
                copied.map(|_| end)
            }
            (_, None) => Ok(0),
        }
    }

    fn progress<'p>(&self, seed: &'p str, total_rows: Option<u64>, total_bytes: Option<u64>) -> Progress<'p>
    where
        'a: 'p,
    {
        let listener = Some(&self.options.patience.listener);
        Progress { listener, seed, total_rows, total_bytes, rows: 0, bytes: 0 }
    }

    async fn copy(&mut self, number: usize, load: &Load, from: u64, rows: &mut impl Written) -> Result<u64, Error> {
        let mut copied = 0;
        loop {
            let statement = load.statements().copy(rows.writer().is_binary());
            match self.conversation.copy_in(&statement, rows).await {
                Ok(rows) => copied += rows,
                Err(CopyFailure::Rows(error)) => return Err(failure::rolled_back_to(error, from)),
                Err(CopyFailure::Server(cause)) => {
                    let found = Found::Row { from, copied };
                    return Err(failure::of_rows(&self.items[number], Some(&load.table), &found, cause));
                }
            }
            if !rows.writer().go_on_with_text() {
                return Ok(copied);
            }
        }
    }

    /// Brings the rows of staging tables to where they belong: in one statement, at the end of which all references are
    /// looked at.
    pub(super) async fn bring_in(&mut self, group: &[usize], loads: &[Option<Load>]) -> Result<(), Error> {
        let inserts: Vec<_> = loads.iter().flatten().filter_map(Load::insert).collect();
        let statement = match inserts.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            [firsts @ .., last] => {
                let with = firsts.iter().enumerate().map(|(index, insert)| format!("atlas_{index} AS ({insert})"));
                format!("WITH {}\n{last}", with.collect::<Vec<_>>().join(",\n"))
            }
        };
        drop(self.conversation.take_notices());
        let sent = self.conversation.send(&statement).await;
        self.tell_notices(group[0]);
        match sent {
            Ok(_) => Ok(()),
            Err(failure) => {
                // The table is named in the message, if there are several.
                let named = |number: &&usize| match (&failure.cause, &self.tables[**number]) {
                    (Cause::Server(server), Some(table)) => failure::names(server, table),
                    _ => false,
                };
                let number = group.iter().find(named).unwrap_or(&group[0]);
                Err(failure::of_rows(&self.items[*number], self.tables[*number].as_ref(), &Found::Key, failure.cause))
            }
        }
    }

    /// What lets sequences go on behind the highest of the values that were given.
    pub(super) fn sequences(loads: &[Option<Load>]) -> String {
        let of_load = |load: &Load| {
            let columns = load.columns.iter().filter_map(|name| load.table.column(name));
            let set = columns.filter(|column| column.is_numbered()).flat_map(|column| {
                let set = |sequence: &String| {
                    Sql::set_sequence(&load.table.name, &column.name, sequence, label::FIRST_BIGINT)
                };
                column.sequences.iter().map(set)
            });
            set.collect::<String>()
        };
        loads.iter().flatten().map(of_load).collect()
    }

    async fn load_sql(&mut self, number: usize, seed: &Seed) -> Result<u64, Error> {
        let (text, pieces) = item::read_sql(seed).map_err(failure::rolled_back)?;
        let mut rows = 0;
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Statements(range) => {
                    let Err(failed) = self.conversation.send(&text[range.clone()]).await else { continue };
                    let found = match (&failed.cause, failed.completed) {
                        (Cause::Server(server), None) if server.position.is_none() && !server.ends_connection() => {
                            let code = server.code.clone();
                            self.locate(&text, &pieces[..=index], &code).await
                        }
                        (_, completed) => completed,
                    };
                    return Err(failure::of_statements(&self.items[number], &text, range.clone(), found, failed.cause));
                }
                Piece::Copy { statement, data } => {
                    let mut raw = Raw { rest: &text.as_bytes()[data.clone()] };
                    match self.conversation.copy_in(&text[statement.clone()], &mut raw).await {
                        Ok(copied) => rows += copied,
                        Err(CopyFailure::Rows(error)) => return Err(error),
                        Err(CopyFailure::Server(cause)) => {
                            return Err(failure::of_block(
                                &self.items[number],
                                &text,
                                statement.clone(),
                                data.clone(),
                                cause,
                            ));
                        }
                    }
                }
            }
        }
        Ok(rows)
    }

    /// Finds the statement of the last piece that fails, for a client that does not tell: by sending them one by one, in a
    /// transaction that is rolled back.
    async fn locate(&mut self, text: &str, pieces: &[Piece], code: &str) -> Option<usize> {
        self.conversation.abandon().await;
        let (_, transaction) = self.conversation.begin(&self.sql.begin_seeds()).await.ok()?;
        let found = self.first_that_fails(text, pieces, code).await;
        self.conversation.roll_back(transaction).await;
        found
    }

    async fn first_that_fails(&mut self, text: &str, pieces: &[Piece], code: &str) -> Option<usize> {
        let (last, before) = pieces.split_last()?;
        for piece in before {
            match piece {
                Piece::Statements(range) => drop(self.conversation.send(&text[range.clone()]).await.ok()?),
                Piece::Copy { statement, data } => {
                    let mut raw = Raw { rest: &text.as_bytes()[data.clone()] };
                    self.conversation.copy_in(&text[statement.clone()], &mut raw).await.ok()?;
                }
            }
        }
        let Piece::Statements(range) = last else { return None };
        let piece = &text[range.clone()];
        for (index, statement) in statement::split(piece).iter().enumerate() {
            if let Err(failure) = self.conversation.send(&piece[statement.range.clone()]).await {
                let same = matches!(&failure.cause, Cause::Server(server) if server.code == code);
                return same.then_some(index);
            }
        }
        None
    }
}
