//! What is written and said when a migration stops that runs statement by statement.

use atlas_migrate_core::history::State as EntryState;
use atlas_migrate_core::statement::{self, Resume};

use super::judge::{self, Doubt, Verdict};
use super::one_by_one::Job;
use super::{Engine, Work, failure, in_doubt};
use crate::Error;
use crate::migrations::sql::SESSION_LOST;
use crate::postgres::session::{Cause, Failure, ServerError, Session};
use crate::postgres::sql;
use crate::postgres::sql::written::NOT_TAKEN;

impl<S: Session> Engine<'_, S> {
    /// Notes that a statement failed, if that can be noted, and says why it stopped.
    pub(super) async fn stopped(
        &mut self,
        job: &Job<'_>,
        index: usize,
        resume: &Resume<'_>,
        head: &str,
        cause: Cause,
    ) -> Error {
        let server = match cause {
            Cause::Server(server) if server.code == SESSION_LOST => {
                return in_doubt::no_session(job.migration, job.script);
            }
            Cause::Server(server) if !server.ends_connection() => server,
            cause => return failure::lost(job.work, job.migration, Some(job.script), cause),
        };
        let text = job.script.text();
        let statement = job.script.statements().get(index).map_or("", |statement| &text[statement.range.clone()]);
        let is_in_doubt = *resume == Resume::Commits && may_have_begun(statement, &server);
        let left = if is_in_doubt { Left::default() } else { self.left_behind(resume).await };
        let write = match is_in_doubt {
            true => self.sql.release(&job.lease),
            false => self.sql.stop(&job.lease, stopped_state(job.work), index, left.is_half_done),
        };
        let noted = self.leave(&write).await;
        let error = failure::of_statement(job, index, head, &server);
        let error = self.name_blockers(error, statement, &server).await;
        let error = match left.statements.as_slice() {
            _ if left.is_half_done => error.fate("a part of it took effect and stays: the next run does the rest"),
            [] => error,
            left => error.fate(format!("it has left something, which the next run clears up: {}", left.join("; "))),
        };
        let error = match (index, is_in_doubt) {
            (0, _) => error,
            (_, true) => error.fate(stays(index)),
            (_, false) => error.fate(format!(
                "{}; the next run goes on with statement {} of {}",
                stays(index),
                index + 1,
                job.script.statements().len()
            )),
        };
        let error = match resume {
            _ if is_in_doubt => in_doubt::in_part(error, job.work, job.migration, index),
            Resume::Again | Resume::Reindex(_) => {
                error.fate("what it has done stays, and does no harm: the next run runs it again as a whole")
            }
            Resume::Unknown => error.fate("the next run tries it again"),
            _ if index == 0 && !left.is_half_done && left.statements.is_empty() => {
                error.fate("nothing of it took effect")
            }
            _ => error,
        };
        noting(error, noted)
    }

    /// What a statement that failed has left, as far as that can be found out.
    async fn left_behind(&mut self, resume: &Resume<'_>) -> Left {
        let Some(question) = self.sql.judge(resume) else { return Left::default() };
        let Ok(reply) = self.conversation.send(&question).await else { return Left::default() };
        let statements = match judge::verdict(resume, Doubt::Failed, &reply) {
            Verdict::RunAfter(statements) | Verdict::Done(statements) => statements,
            _ => Vec::new(),
        };
        Left { statements, is_half_done: judge::is_half_done(resume, &reply) }
    }

    /// A statement took effect, and that could not be written: for the next run it is in doubt.
    pub(super) async fn not_recorded(&mut self, job: &Job<'_>, index: usize, cause: Cause) -> Error {
        let cause = match cause {
            Cause::Server(server) if server.code == SESSION_LOST => {
                return in_doubt::no_session(job.migration, job.script);
            }
            Cause::Server(server) if !server.ends_connection() => Cause::Server(server),
            cause => return failure::lost(job.work, job.migration, Some(job.script), cause),
        };
        let released = self.leave(&self.sql.release(&job.lease)).await;
        let error = Error::of_history("recording that a statement completed", cause).fate(format!(
            "statement {} of {} took effect and stays",
            index + 1,
            job.script.statements().len()
        ));
        noting(error, released)
    }

    /// Gives the lease up, so that nobody waits for it; what was in doubt stays so.
    pub(super) async fn stopped_in_doubt(
        &mut self,
        job: &Job<'_>,
        index: usize,
        doubt: Doubt,
        verdict: &Verdict,
    ) -> Error {
        let write = match doubt {
            Doubt::CutOff => self.sql.release(&job.lease),
            Doubt::None | Doubt::Failed => self.sql.stop(&job.lease, stopped_state(job.work), index, false),
        };
        let left = self.leave(&write).await;
        noting(in_doubt::of_statement(job, index, verdict), left)
    }

    /// What puts the session back, and writes this.
    pub(super) fn leaving(&self, write: &str) -> String {
        format!(
            "{}{}{}{write}{}{}",
            sql::ROLLBACK,
            sql::BEGIN,
            self.sql.restore(&self.before),
            sql::COMMIT,
            self.sql.clear_up(&self.before)
        )
    }

    /// Puts the session back, and writes this.
    pub(super) async fn leave(&mut self, write: &str) -> Result<(), Error> {
        let written = self.conversation.leave(&self.leaving(write)).await;
        let is_not_taken = |cause: &Cause| matches!(cause, Cause::Server(server) if server.code == NOT_TAKEN);
        // The session is put back all the same.
        if written.as_ref().is_err_and(|failure| is_not_taken(&failure.cause)) {
            let left = self.conversation.leave(&self.leaving("")).await;
            left.map_err(Failure::own("putting the session back"))?;
        }
        written.map(drop).map_err(Failure::of_history("recording that"))
    }
}

/// What a statement has left that failed.
#[derive(Default)]
struct Left {
    /// What would remove it, or complete it.
    statements: Vec<String>,
    /// It is not as it was before, for whoever does without the statement too.
    is_half_done: bool,
}

/// Whether a statement that commits by itself may have done some of its work before it failed. Not if its text, a name in it or
/// a privilege is what was refused: the server looks at these first, and nothing but the statement itself is in the context
/// then.
fn may_have_begun(statement: &str, server: &ServerError) -> bool {
    let is_at_once = server.context.is_none() && server.internal.is_none();
    let is_of_the_text = server.position.is_some() || server.code.starts_with("42");
    let is_of_the_place = server.code == "25001" && !statement::is_block(statement);
    !(is_at_once && is_of_the_text || is_of_the_place)
}

fn stays(count: usize) -> String {
    match count {
        1 => "its first statement took effect and stays".to_owned(),
        _ => format!("its first {count} statements took effect and stay"),
    }
}

/// Adds what went wrong when that was written.
fn noting(error: Error, written: Result<(), Error>) -> Error {
    match written {
        Ok(()) => error,
        Err(failed) => error.note(failed.headline()),
    }
}

fn stopped_state(work: Work<'_>) -> EntryState {
    match work {
        Work::Run => EntryState::Failed,
        Work::Revert(_) => EntryState::Reverting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(statement: &str, code: &str, position: Option<usize>, context: Option<&str>, expected: bool) {
        let context = context.map(str::to_owned);
        let server = ServerError { code: code.to_owned(), position, context, ..ServerError::default() };
        assert_eq!(may_have_begun(statement, &server), expected, "{statement}: {code}");
    }

    #[test]
    fn what_is_refused_at_once() {
        let inside = Some("PL/pgSQL function p() line 3 at RAISE");
        check("CALL nothing()", "42883", Some(6), None, false);
        check("CALL p()", "42501", None, None, false);
        check("CALL p()", "42501", None, inside, true);
        check("CALL p()", "P0001", None, inside, true);
        check("CALL p()", "57014", None, None, true);
        check("CALL p()", "25001", None, None, true);
        check("SELECT alone()", "25001", None, None, false);
        check("CREATE INDEX i ON t (a)", "57014", None, None, true);
    }
}
