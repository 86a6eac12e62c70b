//! The report as text.

use std::fmt;

use atlas_migrate_core::bench::Statistic;

use super::{BenchReport, Buffers, GateKind, Measured};
use crate::render::paint::{Color, PLAIN, Paint, TERMINAL, printable, table};
use crate::render::time::shown;

/// Shows a report with the colours of a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Colored<'r>(&'r BenchReport);

impl BenchReport {
    /// The report as text for a terminal.
    pub fn colored(&self) -> Colored<'_> {
        Colored(self)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, paint: Paint) -> fmt::Result {
        let [min, avg, p50, p95, p99, max] = Statistic::ALL.map(Statistic::as_str);
        let header = ["benchmark", "times", min, avg, p50, p95, p99, max, "buffers"].map(str::to_owned);
        let lines: Vec<_> = std::iter::once(header).chain(self.benchmarks.iter().map(cells)).collect();
        let mut lines = table(&lines, |column| column == 0).into_iter();
        writeln!(f, "      {}", lines.next().unwrap_or_default())?;
        for (measured, line) in self.benchmarks.iter().zip(lines) {
            measured.write(f, &line, paint)?;
        }
        let count = |is_one: fn(&Measured) -> bool| self.benchmarks.iter().filter(|measured| is_one(measured)).count();
        let [passed, slow] = [count(Measured::passed), count(Measured::passed_plans)];
        let failed = self.benchmarks.len() - slow;
        let summary = format!("{passed} passed, {} too slow, {failed} failed", slow - passed);
        let color = if self.passed() { Color::Green } else { Color::Red };
        write!(f, "{} in {}", paint(color, &summary), shown(self.duration))
    }
}

/// The line of the table.
fn cells(measured: &Measured) -> [String; 9] {
    let label = match &measured.title {
        Some(title) => printable(&format!("{} ({title})", measured.name)),
        None => printable(&measured.name),
    };
    let Some(latency) = &measured.latency else {
        return [label.as_str(), "", "", "", "", "", "", "", ""].map(str::to_owned);
    };
    let times = latency.iterations().to_string();
    let [min, avg, p50, p95, p99, max] = Statistic::ALL.map(|statistic| shown(latency.get(statistic)));
    let buffers = measured.buffers.map_or(String::new(), |buffers| Buffers::total(buffers).to_string());
    [label, times, min, avg, p50, p95, p99, max, buffers]
}

impl Measured {
    fn write(&self, f: &mut fmt::Formatter<'_>, line: &str, paint: Paint) -> fmt::Result {
        let (word, color) = match (self.passed(), self.passed_plans()) {
            (true, _) => ("pass", Color::Green),
            (false, true) => ("SLOW", Color::Yellow),
            (false, false) => ("FAIL", Color::Red),
        };
        writeln!(f, "{}  {line}", paint(color, word))?;
        if let Some(failure) = &self.failure {
            writeln!(f, "      {}", printable(failure))?;
        }
        for gate in self.gates.iter().filter(|gate| !gate.passed) {
            let soft = if gate.kind == GateKind::Latency { " (soft)" } else { "" };
            writeln!(f, "      expected {}, found {}{soft}", printable(&gate.text), printable(&gate.found))?;
            for line in &gate.excerpt {
                writeln!(f, "        {}", paint(Color::Grey, &printable(line)))?;
            }
        }
        if self.passed() {
            return Ok(());
        }
        writeln!(f, "      {}", paint(Color::Grey, &format!("--> {}", self.place)))
    }
}

impl fmt::Display for BenchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, PLAIN)
    }
}

impl fmt::Display for Colored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, TERMINAL)
    }
}
