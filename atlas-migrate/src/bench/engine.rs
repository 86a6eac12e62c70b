//! The order of effects. For each benchmark:
//!
//! 1. *Parameters*, if it has some: a transaction of their own, which only reads.
//! 2. *Begin*: a transaction, the statement prepared, and what the indexes and tables are that gates name.
//! 3. *Warm-up*, then the *plans* of the first sets of parameters, then what is *measured*: one message for each execution. What
//!    is written is undone in a message of its own.
//! 4. *End*: the statement forgotten, and all rolled back.

use std::time::{Duration, Instant};

use atlas_migrate_core::bench::{Benchmark, File};
use atlas_migrate_core::fault::{line_column, nearest};
use atlas_migrate_core::syntax::Syntax;

use super::judge::{Named, judge};
use super::parameters::executions;
use super::plan::Plan;
use super::{BenchReport, Bencher, Latency, Measured};
use crate::bench::sql::{CLEAR_UP, END, Limits, PREPARE, UNDO, begin, explain, named};
use crate::error::place::span_at;
use crate::postgres::question::{Look, look};
use crate::postgres::row::{Unreadable, all, text};
use crate::postgres::session::{Cause, Failure, PLAN, Reply, Row, ServerError, Session};
use crate::postgres::transaction::{Conversation, Transaction};
use crate::progress::Event;
use crate::{Error, ErrorKind};

/// Of how many sets of parameters there are plans.
const PLANS: usize = 10;

pub(super) struct Engine<'a, S> {
    pub(super) conversation: Conversation<'a, S>,
    pub(super) bencher: &'a Bencher,
    benchmarks: Vec<(&'a File, Benchmark)>,
    server_version: u32,
    /// Whether what somebody has written is sent apart.
    pub(super) apart: bool,
}

/// Why a benchmark was not measured.
pub(super) enum Stop {
    /// Neither can the others be.
    Error(Error),
    /// The others can be.
    Failed(Failed),
    /// The server refused the statement, at this place in it, if it told one.
    Refused { server: Box<ServerError>, place: Option<String> },
}

/// What is wrong with one benchmark.
pub(super) struct Failed {
    pub(super) words: String,
    /// Where, if not at its beginning.
    pub(super) place: Option<String>,
}

/// What was found out about a benchmark.
struct Findings {
    latency: Latency,
    plans: Vec<Plan>,
    named: Vec<Named>,
}

impl<'a, S: Session> Engine<'a, S> {
    pub(super) fn new(session: &'a mut S, bencher: &'a Bencher) -> Result<Self, Error> {
        for warning in bencher.benchmarks.warnings() {
            bencher.listener.tell(&Event::Warning(&warning));
        }
        if bencher.iterations == 0 {
            return Err(
                Error::new(ErrorKind::Usage, "nothing is measured without iterations").hint("ask for one at least")
            );
        }
        let mut benchmarks = Vec::new();
        for file in bencher.benchmarks.files() {
            benchmarks.push((file, file.benchmark(Syntax::Server).map_err(|faults| Error::faults(&faults))?));
        }
        if let Some(only) = &bencher.only {
            let names = || benchmarks.iter().map(|(_, benchmark)| benchmark.name.as_str());
            if let Some(unknown) = only.iter().find(|name| names().all(|other| other != name.as_str())) {
                let hint = match nearest(unknown, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the benchmarks are {}", names().collect::<Vec<_>>().join(", ")),
                };
                return Err(Error::new(ErrorKind::Usage, format!("there is no benchmark `{unknown}`")).hint(hint));
            }
            benchmarks.retain(|(_, benchmark)| only.contains(&benchmark.name));
        }
        let mut conversation = Conversation::new(session);
        conversation.clear_up_with(CLEAR_UP);
        Ok(Self { conversation, bencher, benchmarks, server_version: 0, apart: false })
    }

    pub(super) async fn run(mut self) -> Result<BenchReport, Error> {
        let started = Instant::now();
        let Look { server, warning, apart, .. } = look(&mut self.conversation).await?;
        self.apart = apart;
        if let Some(warning) = warning {
            self.bencher.listener.tell(&Event::Warning(&warning));
        }
        server.usable()?;
        self.server_version = server.version_number;
        let mut measured = Vec::new();
        for (file, benchmark) in std::mem::take(&mut self.benchmarks) {
            measured.push(self.measure(file, &benchmark).await?);
        }
        Ok(BenchReport { benchmarks: measured, duration: started.elapsed() })
    }

    async fn measure(&mut self, file: &File, benchmark: &Benchmark) -> Result<Measured, Error> {
        let mut measured = Measured::new(benchmark, file.path());
        let failed = match self.findings(file, benchmark).await {
            Ok(Findings { latency, plans, named }) => {
                let gates = benchmark.gates.iter().enumerate();
                measured.gates = gates.map(|(number, gate)| judge(number, gate, &latency, &plans, &named)).collect();
                if let Some(worst) = Plan::worst(&plans) {
                    measured.buffers = Some(worst.buffers());
                    measured.plan = worst.lines();
                }
                measured.latency = Some(latency);
                return Ok(measured);
            }
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Failed(failed)) => failed,
            Err(Stop::Refused { server, place }) => self.refused(&server, place),
        };
        measured.failure = Some(failed.words);
        measured.place = failed.place.unwrap_or(measured.place);
        Ok(measured)
    }

    async fn findings(&mut self, file: &File, benchmark: &Benchmark) -> Result<Findings, Stop> {
        let executions = executions(self, file, benchmark).await?;
        match self.carry_out(file, benchmark, &executions, benchmark.writes).await {
            // A function that it calls writes.
            Err(Stop::Refused { server, .. }) if server.code == "25006" && !benchmark.writes => {
                self.carry_out(file, benchmark, &executions, true).await
            }
            findings => findings,
        }
    }

    async fn carry_out(
        &mut self,
        file: &File,
        benchmark: &Benchmark,
        executions: &[String],
        writes: bool,
    ) -> Result<Findings, Stop> {
        let undo = if writes { UNDO } else { "" };
        let iterations = benchmark.iterations.unwrap_or(self.bencher.iterations);
        let begin = begin(writes, self.limits());
        let (head, begun) = match self.apart {
            true => (PREPARE.to_owned(), Some(self.begin(&begin).await?.1)),
            false => (begin + PREPARE, None),
        };
        let message = format!("{head}{};\n{}", benchmark.sql, named(&benchmark.gates));
        let prepared = match begun {
            Some(transaction) => self.send(&message).await.map(|reply| (reply, transaction)),
            None => self.begin(&message).await,
        };
        let (reply, transaction) = prepared.map_err(|stop| stop.located(file, &head))?;
        let named = all(&reply, "atlas_named", Named::read).map_err(Error::from)?;
        for execution in executions.iter().cycle().take(self.bencher.warm_up_of(iterations)) {
            self.execute(execution, undo).await?;
        }
        let explained: String = executions.iter().take(PLANS).map(|execution| explain(execution) + undo).collect();
        let reply = self.send(&explained).await?;
        let plan = |row: &Row| Plan::read(text(row, 0)?).ok_or_else(|| Unreadable("a plan".to_owned()));
        let plans = all(&reply, PLAN, plan).map_err(Error::from)?;
        let mut times = Vec::with_capacity(iterations);
        for execution in executions.iter().cycle().take(iterations) {
            times.push(self.execute(execution, undo).await?);
        }
        let ended = self.conversation.end(transaction, END).await;
        self.unless_refused(ended).await?;
        Ok(Findings { latency: Latency::of(times), plans, named })
    }

    /// Executes the statement, and tells how long that took; undoing it is not counted.
    async fn execute(&mut self, execution: &str, undo: &str) -> Result<Duration, Stop> {
        let started = Instant::now();
        self.send(execution).await?;
        let duration = started.elapsed();
        if !undo.is_empty() {
            self.send(undo).await?;
        }
        Ok(duration)
    }

    async fn begin(&mut self, message: &str) -> Result<(Reply, Transaction), Stop> {
        let begun = self.conversation.begin(message).await;
        self.unless_refused(begun).await
    }

    async fn send(&mut self, message: &str) -> Result<Reply, Stop> {
        let sent = self.conversation.send(message).await;
        self.unless_refused(sent).await
    }

    /// The transaction is over if the server refuses a message of it.
    async fn unless_refused<T: Send>(&mut self, sent: Result<T, Failure>) -> Result<T, Stop> {
        match sent {
            Ok(sent) => Ok(sent),
            Err(Failure { cause: Cause::Server(server), .. }) if !server.ends_connection() => {
                self.conversation.abandon().await;
                Err(Stop::Refused { server, place: None })
            }
            Err(failure) => Err(Stop::Error(Error::own("measuring", failure.cause))),
        }
    }

    /// What is said of a statement that the server refused.
    fn refused(&self, server: &ServerError, place: Option<String>) -> Failed {
        let words = match server.code.as_str() {
            "57014" => format!("an execution took longer than {:?}", self.bencher.timeout),
            "55P03" => format!("an execution waited for a lock for more than {:?}", self.bencher.lock_timeout),
            _ => server.message.clone(),
        };
        Failed { words: format!("{words} ({})", server.code), place }
    }

    fn limits(&self) -> Limits {
        let Bencher { timeout, lock_timeout, .. } = self.bencher;
        Limits { statement: *timeout, lock: *lock_timeout, server_version: self.server_version }
    }
}

impl Stop {
    /// Where in the file it was refused, behind this head of the message.
    fn located(self, file: &File, head: &str) -> Self {
        let Self::Refused { server, .. } = self else { return self };
        let text = file.text();
        let span = server.position.and_then(|position| span_at(&text, head, position));
        let place = span.map(|span| Failed::at(file.path(), &text, span.start));
        Self::Refused { server, place }
    }
}

impl Failed {
    /// The place of a byte in a file.
    pub(super) fn at(path: &str, text: &str, byte: usize) -> String {
        let (line, column) = line_column(text, byte);
        format!("{path}:{line}:{column}")
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
