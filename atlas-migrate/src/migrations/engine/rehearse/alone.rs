//! A migration that does not run in a transaction, tried in one as far as that goes: without `CONCURRENTLY`.

use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::statement::{self, Kind, trial};

use super::stage::Stage;
use super::{Stop, Trial};
use crate::migrations::engine::Engine;
use crate::migrations::rehearsal::Rehearsed;
use crate::migrations::sql::rehearse;
use crate::postgres::session::Session;
use crate::postgres::sql::Timeouts;

/// It ends a transaction.
const INVALID_TRANSACTION_TERMINATION: &str = "2D000";

/// How the statements of a migration were tried.
#[derive(Default)]
struct Trials {
    /// What those are that were not.
    untried: Vec<&'static str>,
    /// Some were tried without their `CONCURRENTLY`.
    plainly: bool,
}

impl<S: Session> Engine<'_, S> {
    /// Its statements, each of which a run commits by itself, and its row.
    pub(super) async fn rehearse_alone(
        &mut self,
        migration: &Migration,
        is_last: bool,
        stage: &mut Stage,
        one: &mut Rehearsed,
    ) -> Result<(), Stop> {
        let script = migration.up();
        let mut trials = Trials::default();
        for index in 0..script.statements().len() {
            stage.begin();
            self.try_alone(migration, index, stage, one, &mut trials).await?;
        }
        match trials.untried.first() {
            Some(what) => one.pass_over(format!("`{what}` cannot be tried in a transaction")),
            None if trials.plainly => one.note = Some("tried in a transaction, without CONCURRENTLY".to_owned()),
            None => one.note = Some("tried in a transaction, though it does not run in one".to_owned()),
        }
        self.finish(migration, is_last).await
    }

    async fn try_alone(
        &mut self,
        migration: &Migration,
        index: usize,
        stage: &mut Stage,
        one: &mut Rehearsed,
        trials: &mut Trials,
    ) -> Result<(), Stop> {
        let script = migration.up();
        let (sql, text) = (script.sql(), script.text());
        let Some(statement) = script.statements().into_iter().nth(index) else { return Ok(()) };
        let own = &sql[statement.range.clone()];
        let what = match statement.kind {
            Kind::NotInTransaction(name) => name,
            _ if own.trim_start().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("call")) => "CALL",
            _ => "DO",
        };
        let (guard, plain);
        let tail = rehearse::CHECK_CONSTRAINTS;
        let trial = match trial(own) {
            statement::Trial::AsItIs => Trial { index, sql: own, head: "", tail, is_plain: false },
            statement::Trial::MayCommit => Trial { index, sql: own, head: rehearse::STATEMENT, tail, is_plain: false },
            statement::Trial::Plainly(without, refused) => {
                (guard, plain) = (rehearse::guard(&refused), without);
                trials.plainly = true;
                Trial { index, sql: &plain, head: &guard, tail, is_plain: true }
            }
            tried @ (statement::Trial::WithoutEffect | statement::Trial::Never) => {
                one.is_partial |= tried == statement::Trial::Never;
                trials.untried.push(what);
                return Ok(());
            }
        };
        let may_commit = trial.head == rehearse::STATEMENT;
        let mut findings = match self.try_statement(migration, &trial, stage).await {
            Err(Stop::Refused(refusal)) if may_commit && refusal.server.code == INVALID_TRANSACTION_TERMINATION => {
                self.tell(rehearse::ROLLBACK_TO_STATEMENT, "taking a statement back").await?;
                one.is_partial = true;
                trials.untried.push(what);
                return Ok(());
            }
            tried => tried?,
        };
        if may_commit {
            self.tell(rehearse::RELEASE_STATEMENT, "going on behind a statement").await?;
        }
        if trial.is_plain {
            // A run does not take these.
            findings.locks.clear();
            findings.rewrites.clear();
        }
        one.statements.push(findings.of(index, &text, statement.range, true));
        Ok(())
    }

    /// What is waited for, which is less than a run does for a concurrent index: here others wait meanwhile.
    pub(super) fn timeouts_of_trial(&self, script: &Script) -> Timeouts {
        let lock = script.header().lock_timeout.unwrap_or(self.options.patience.lock_timeout);
        Timeouts { lock: Some(lock).filter(|lock| !lock.is_zero()), ..self.timeouts(script) }
    }
}
