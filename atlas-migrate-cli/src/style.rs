//! Colours, where they are wanted.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};

use super::arguments::Color;
use super::environment::Environment;
use atlas_migrate::Standing;

/// Whether standard output and standard error have colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Styles {
    output: bool,
    errors: bool,
}

pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const DIM: Style = Style::new().dimmed();

impl Styles {
    /// `auto` is a terminal, unless `NO_COLOR` is set or the terminal is a dumb one.
    pub(super) fn new(color: Color, environment: &Environment) -> Self {
        let wanted = || environment.get("NO_COLOR").is_none() && environment.get("TERM").as_deref() != Some("dumb");
        match color {
            Color::Always => Self { output: true, errors: true },
            Color::Never => Self { output: false, errors: false },
            Color::Auto => Self {
                output: wanted() && std::io::stdout().is_terminal(),
                errors: wanted() && std::io::stderr().is_terminal(),
            },
        }
    }

    /// Whether standard output has colours.
    pub(super) fn on_output(self) -> bool {
        self.output
    }

    /// A text for standard output.
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        paint(self.output, style, text)
    }

    /// A text for standard error.
    pub(super) fn paint_error(self, style: Style, text: &str) -> String {
        paint(self.errors, style, text)
    }
}

fn paint(wanted: bool, style: Style, text: &str) -> String {
    if wanted && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// How a standing is shown: what is well, what is to be done, what is wrong.
pub(super) fn of_standing(standing: Standing) -> Style {
    match standing {
        Standing::Applied | Standing::Reformatted | Standing::Baseline => GREEN,
        Standing::Pending | Standing::Outdated | Standing::Unfinished => YELLOW,
        Standing::Skipped | Standing::Superseded => DIM,
        _ => RED,
    }
}
