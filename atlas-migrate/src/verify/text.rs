//! The report as text.

use std::fmt;

use super::{Checked, Finding, Sample, Verdict, VerifyReport};
use crate::render::paint::{Color, PLAIN, Paint, TERMINAL, printable};
use crate::render::time::shown;

/// Shows a report with the colours of a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Colored<'r>(&'r VerifyReport);

impl VerifyReport {
    /// The report as text for a terminal.
    pub fn colored(&self) -> Colored<'_> {
        Colored(self)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, paint: Paint) -> fmt::Result {
        let width = self.checks.iter().map(|check| check.label().chars().count()).max().unwrap_or(0);
        for check in &self.checks {
            check.write(f, width, paint)?;
        }
        let [passed, failed, skipped] =
            [Verdict::Pass, Verdict::Fail, Verdict::Skipped].map(|verdict| self.count(verdict));
        let summary = format!("{passed} passed, {failed} failed, {skipped} skipped");
        let color = if failed > 0 { Color::Red } else { Color::Green };
        write!(f, "{} in {}", paint(color, &summary), shown(self.duration))
    }
}

impl Checked {
    fn label(&self) -> String {
        match &self.title {
            Some(title) => format!("{} ({title})", self.name),
            None => self.name.clone(),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, width: usize, paint: Paint) -> fmt::Result {
        let (word, color) = match self.verdict {
            Verdict::Pass => ("pass", Color::Green),
            Verdict::Fail => ("FAIL", Color::Red),
            Verdict::Skipped => ("skip", Color::Yellow),
        };
        let (label, time) = (printable(&self.label()), shown(self.duration));
        write!(f, "{}  {label:<width$}  {time:>8}", paint(color, word))?;
        if let Some(note) = &self.note {
            write!(f, "  {}", paint(Color::Grey, &printable(note)))?;
        }
        writeln!(f)?;
        for Finding { object, expected, found } in &self.findings {
            let line = format!("{object}: expected {expected}, found {found}");
            writeln!(f, "      {}", printable(&line))?;
        }
        for Sample { cells } in &self.samples {
            let cell = |(column, value): &(String, Option<String>)| {
                format!("{column}: {}", value.as_deref().unwrap_or("null"))
            };
            let line = cells.iter().map(cell).collect::<Vec<_>>().join(", ");
            writeln!(f, "        {}", paint(Color::Grey, &printable(&line)))?;
        }
        match &self.place {
            Some(place) if self.verdict != Verdict::Pass => {
                writeln!(f, "      {}", paint(Color::Grey, &format!("--> {place}")))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, PLAIN)
    }
}

impl fmt::Display for Colored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, TERMINAL)
    }
}
