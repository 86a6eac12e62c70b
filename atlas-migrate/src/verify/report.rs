//! What verifying gives back.

use std::time::Duration;

/// What was found when a database was held against its checks: each check, in its order.
///
/// `Display` shows a line for each and what is wrong below it, in plain text; [`colored`](Self::colored) with the colours of a
/// terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct VerifyReport {
    pub(super) checks: Vec<Checked>,
    pub(super) duration: Duration,
}

/// A check, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) place: Option<String>,
    pub(super) verdict: Verdict,
    pub(super) note: Option<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) samples: Vec<Sample>,
    pub(super) duration: Duration,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is as it should be.
    Pass,
    /// It is not.
    Fail,
    /// Nobody can tell, since the role may not see it: the note says what.
    Skipped,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub(super) object: String,
    pub(super) expected: String,
    pub(super) found: String,
}

/// A row that a query gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub(super) cells: Vec<(String, Option<String>)>,
}

/// What came of a check, before it is known how long it took.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Conclusion {
    pub(super) findings: Vec<Finding>,
    /// Why nobody can tell.
    pub(super) unseen: Option<String>,
    pub(super) note: Option<String>,
    pub(super) samples: Vec<Sample>,
}

impl Conclusion {
    /// It is as it should be, and there is something to know.
    pub(super) fn note(note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..Self::default() }
    }

    pub(super) fn unseen(why: impl Into<String>) -> Self {
        Self { unseen: Some(why.into()), ..Self::default() }
    }

    pub(super) fn finding(object: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { findings: vec![Finding::new(object, expected, found)], ..Self::default() }
    }

    /// What is wrong counts, even if not all can be seen.
    pub(super) fn of(self, name: impl Into<String>, duration: Duration) -> Checked {
        let verdict = match (self.findings.is_empty(), &self.unseen) {
            (false, _) => Verdict::Fail,
            (true, Some(_)) => Verdict::Skipped,
            (true, None) => Verdict::Pass,
        };
        Checked {
            name: name.into(),
            title: None,
            place: None,
            verdict,
            note: self.unseen.or(self.note),
            findings: self.findings,
            samples: self.samples,
            duration,
        }
    }
}

impl VerifyReport {
    /// Every check, in its order: first what holds for any database, then those of the files.
    pub fn checks(&self) -> &[Checked] {
        &self.checks
    }

    /// Whether no check has failed. Those that were skipped do not count: see [`count`](Self::count).
    pub fn passed(&self) -> bool {
        self.count(Verdict::Fail) == 0
    }

    /// Of how many checks this came.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    /// How long it all took.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

impl Checked {
    /// What it is about: `table app.users`, or the path of a query.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the `-- Description:` line of a query says.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Where it is declared: `checks/010_tables.toml:3`. None of what holds for any database.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// What came of it.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Why it was skipped; or something to know of a check that has passed.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// What is not as it should be.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The first rows of a query that should give none, five at the most.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// How long the question took, the round trip included. Expectations of one sort are one question.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

impl Verdict {
    /// The word for it: `pass`, `fail` or `skipped`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

impl Finding {
    pub(super) fn new(object: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { object: object.into(), expected: expected.into(), found: found.into() }
    }

    /// What it is about: `column email`.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// What it should be.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What it is.
    pub fn found(&self) -> &str {
        &self.found
    }
}

impl Sample {
    /// The columns of the row, and their values as JSON has them: a text without its quotes; none of null.
    pub fn cells(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.cells.iter().map(|(column, value)| (column.as_str(), value.as_deref()))
    }
}
