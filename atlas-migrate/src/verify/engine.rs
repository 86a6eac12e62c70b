//! The order of effects: a look at the server; what holds for any database; for each sort of expectation one question; for each
//! count of rows and each query one.

use std::mem::discriminant;
use std::time::{Duration, Instant};

use atlas_migrate_core::checks::{Check, Expectation, File};
use atlas_migrate_core::syntax::Syntax;

use super::refused::refused;
use super::report::Conclusion;
use super::{Checked, Verifier, VerifyReport, any_database, declared, query, rows};
use crate::Error;
use crate::migrations::engine;
use crate::postgres::question::{Answer, Look, ask, look};
use crate::postgres::session::Session;
use crate::postgres::transaction::Conversation;
use crate::progress::Event;

pub(super) struct Engine<'a, S> {
    pub(super) conversation: Conversation<'a, S>,
    pub(super) timeout: Duration,
    /// Whether what somebody has written is sent apart.
    pub(super) apart: bool,
    verifier: &'a Verifier,
    checks: Vec<(&'a File, Check)>,
}

impl<'a, S: Session> Engine<'a, S> {
    pub(super) fn new(session: &'a mut S, verifier: &'a Verifier) -> Result<Self, Error> {
        for warning in verifier.checks.warnings() {
            verifier.listener.tell(&Event::Warning(&warning));
        }
        let mut checks = Vec::new();
        for file in verifier.checks.files() {
            let of_file = file.checks(Syntax::Server).map_err(|faults| Error::faults(&faults))?;
            checks.extend(of_file.into_iter().map(|check| (file, check)));
        }
        let conversation = Conversation::new(session);
        Ok(Self { conversation, timeout: verifier.timeout, apart: false, verifier, checks })
    }

    pub(super) async fn run(mut self) -> Result<VerifyReport, Error> {
        let started = Instant::now();
        let Look { server, user, duration, warning, apart } = look(&mut self.conversation).await?;
        self.apart = apart;
        if let Some(warning) = warning {
            self.verifier.listener.tell(&Event::Warning(&warning));
        }
        let mut checks = vec![
            Conclusion::note(format!("as {user}")).of("connection", duration),
            any_database::version(&server).of("server version", duration),
        ];
        // Of an older server nobody knows what it would say.
        if server.usable().is_ok() {
            checks.extend(self.migrations().await?);
            checks.extend(self.any_database().await?);
            checks.extend(self.files().await?);
        }
        Ok(VerifyReport { checks, duration: started.elapsed() })
    }

    /// Whether the migrations are up to date, if there are any.
    async fn migrations(&mut self) -> Result<Option<Checked>, Error> {
        let Some(migrator) = &self.verifier.migrator else { return Ok(None) };
        let started = Instant::now();
        let outcome = match engine::Engine::new(self.conversation.session(), migrator)?.check().await {
            Ok(()) => Conclusion::default(),
            Err(error) if error.is_connection() => return Err(error),
            Err(error) if error.sqlstate() == Some("42501") => Conclusion::unseen(error.headline()),
            Err(error) => Conclusion::finding("migrations", "up to date", error.headline()),
        };
        Ok(Some(outcome.of("migrations", started.elapsed())))
    }

    async fn any_database(&mut self) -> Result<Vec<Checked>, Error> {
        let exempt = self.checks.iter().filter_map(|(_, check)| match &check.expectation {
            Expectation::Table(table) if table.primary_key == Some(false) => Some(&table.name),
            _ => None,
        });
        let exempt: Vec<_> = exempt.collect();
        let Answer { reply, duration } = ask(&mut self.conversation, &any_database::question(), self.timeout).await?;
        let outcomes = match reply {
            Ok(reply) => any_database::read(&reply, &exempt)?,
            Err(server) => any_database::NAMES.map(|_| refused(&server, self.timeout)),
        };
        Ok(any_database::NAMES.into_iter().zip(outcomes).map(|(name, outcome)| outcome.of(name, duration)).collect())
    }

    /// The checks of the files, in their order.
    async fn files(&mut self) -> Result<Vec<Checked>, Error> {
        let mut checked: Vec<Option<Checked>> = self.checks.iter().map(|_| None).collect();
        let checks = std::mem::take(&mut self.checks);
        for (first, (file, check)) in checks.iter().enumerate() {
            if checked[first].is_some() {
                continue;
            }
            if let Expectation::Query(query) = &check.expectation {
                checked[first] = Some(query::check(self, file, check.line, query).await?);
                continue;
            }
            let sort = discriminant(&check.expectation);
            let of_sort = |(_, check): &(&File, Check)| discriminant(&check.expectation) == sort;
            let group: Vec<_> = checks.iter().enumerate().filter(|(_, check)| of_sort(check)).collect();
            let expectations: Vec<_> = group.iter().map(|(_, (_, check))| &check.expectation).collect();
            let outcomes = match check.expectation {
                Expectation::Rows { .. } => rows::check(self, &expectations).await?,
                _ => declared::check(self, &expectations).await?,
            };
            for ((number, (file, check)), (outcome, duration)) in group.into_iter().zip(outcomes) {
                let mut one = outcome.of(declared::name(&check.expectation), duration);
                one.place = Some(format!("{}:{}", file.path(), check.line));
                checked[number] = Some(one);
            }
        }
        Ok(checked.into_iter().flatten().collect())
    }
}
