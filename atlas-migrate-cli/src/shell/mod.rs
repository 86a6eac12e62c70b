//! What to do next, in the words of whoever types commands.

use atlas_migrate::__private::cli::{Clause, Hint, Opt, Part, Piece, Verb};
use atlas_migrate::{Repair, Revert};
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches};

use crate::mask::{may_have_password, without_password};

/// The options of all commands that tell which migrations of which database: what is typed once has to be typed again.
const WHERE: [&str; 7] = ["database-url", "source", "schema", "table", "namespace", "beside-other-history", "role"];

/// How the program at hand is called, and what its command has options for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shell {
    program: String,
    /// The options, without their dashes, that the command has and that make a difference to it.
    options: Vec<String>,
    /// What was typed of the options that every command needs once more.
    typed: String,
}

impl Shell {
    /// Of a command, whose parser and arguments these are. It heeds these of the options that all commands have.
    pub(crate) fn new(program: &str, parser: &clap::Command, matches: &ArgMatches, heeds: &[&str]) -> Self {
        let typed = WHERE.iter().map(|option| typed(parser, matches, option)).collect();
        let (mut parser, mut matches) = (parser, matches);
        while let Some((name, below)) = matches.subcommand() {
            let Some(of) = parser.find_subcommand(name) else { break };
            (parser, matches) = (of, below);
        }
        let own = parser.get_arguments().filter(|argument| !argument.is_global_set()).filter_map(|own| own.get_long());
        let options = own.chain(heeds.iter().copied()).map(str::to_owned).collect();
        Self { program: program.to_owned(), options, typed }
    }

    /// A hint in these words.
    pub(crate) fn say(&self, hint: &Hint) -> String {
        hint.pieces().iter().map(|piece| self.piece(piece)).collect()
    }

    /// A command as it is typed.
    pub(crate) fn command(&self, words: &str) -> String {
        format!("`{} {words}{}`", self.program, self.typed)
    }

    fn piece(&self, piece: &Piece) -> String {
        match piece {
            Piece::Text(text) => text.to_string(),
            Piece::Verb(verb) => self.verb(verb),
            Piece::Clause(clause) => self.clause(clause).unwrap_or_else(|| clause.otherwise.to_owned()),
            Piece::Either { shell, .. } => (*shell).to_owned(),
        }
    }

    /// Nothing, if one of its options is not there.
    fn clause(&self, clause: &Clause) -> Option<String> {
        let part = |part: &Part| match part {
            Part::Piece(piece) => Some(self.piece(piece)),
            Part::Opt(option) => self.option(option),
        };
        clause.parts.iter().map(part).collect()
    }

    /// What one types for an option of a builder, if the command has it.
    fn option(&self, option: &Opt) -> Option<String> {
        let (name, value) = match option {
            // Its value is the name of the database here.
            Opt::Confirm(_) => ("confirm", Some("NAME".to_owned())),
            Opt::EachTransaction => ("single-transaction", None),
            Opt::IgnoreOtherHistory => ("beside-other-history", None),
            Opt::Keep => ("keep", None),
            Opt::LockTimeout => ("lock-timeout", None),
            Opt::Namespace => ("namespace", None),
            Opt::Role(role) => ("role", role.clone()),
            Opt::Schema(schema) => ("schema", schema.clone()),
            Opt::Schemas => ("schemas", None),
            Opt::ScriptFrom => ("from", None),
            Opt::ScriptTo => ("to", None),
            Opt::Table(table) => ("table", table.clone()),
            Opt::Tables => ("tables", None),
            Opt::WaitBudget => ("wait", None),
            // No command has these.
            Opt::AcceptNewer | Opt::RetryBudget => return None,
        };
        let without = if *option == Opt::EachTransaction { "without " } else { "" };
        let said = value.map_or_else(|| format!("--{name}"), |value| with_value(name, &value));
        self.options.iter().any(|there| there == name).then(|| format!("{without}`{said}`"))
    }

    /// What one types for a verb.
    fn verb(&self, verb: &Verb) -> String {
        let command = |words: &str| self.command(words);
        match verb {
            Verb::Baseline(None) => command("baseline VERSION"),
            Verb::Baseline(Some(version)) => command(&format!("baseline {}", quoted(version.as_str()))),
            Verb::CleanPlan => command("clean --dry-run"),
            Verb::Create => format!("make it with {}", command("create")),
            Verb::Redo => format!("redo it with {}", command("redo")),
            Verb::Repair(version, repair) => {
                let mark = match repair {
                    Repair::Applied => "applied".to_owned(),
                    Repair::Pending => "pending".to_owned(),
                    Repair::Failed { completed } => format!("failed --completed {completed}"),
                    Repair::Partly { completed } => format!("partly --completed {completed}"),
                    Repair::Removed => "removed".to_owned(),
                };
                command(&format!("repair {} --mark {mark} --reason '…'", quoted(version.as_str())))
            }
            Verb::Reset => command("reset"),
            Verb::Revert(Revert::Last) => command("revert"),
            Verb::Revert(Revert::Steps(steps)) => command(&format!("revert --steps {steps}")),
            Verb::Revert(Revert::To(version)) => command(&format!("revert --to {}", quoted(version.as_str()))),
            Verb::Revert(Revert::All) => command("revert --all"),
            Verb::Run => command("run"),
            Verb::RunOutOfOrder => command("run --allow-out-of-order"),
            Verb::SaveBench => command("bench --save FILE"),
            Verb::SeedMark(environment) => command(&format!("seed --mark {}", with_value("environment", environment))),
            Verb::Status => command("status"),
        }
    }
}

/// An option as it was typed, with a space before it; nothing if it was not, or if nobody is to see it.
fn typed(parser: &clap::Command, matches: &ArgMatches, option: &str) -> String {
    let Some(argument) = parser.get_arguments().find(|argument| argument.get_long() == Some(option)) else {
        return String::new();
    };
    let id = argument.get_id().as_str();
    // Global options are in the matches of the command that they stand behind.
    let mut last = matches;
    while let Some((_, below)) = last.subcommand() {
        last = below;
    }
    if last.value_source(id) != Some(ValueSource::CommandLine) {
        return String::new();
    }
    if matches!(argument.get_action(), ArgAction::SetTrue) {
        return format!(" --{option}");
    }
    let values = last.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
    // Without the database, the command would be for another one.
    let shown = |value: String| match option {
        "database-url" if may_have_password(&value) => without_password(&value).map(|(url, _)| url),
        _ => Some(value),
    };
    values.filter_map(shown).map(|value| format!(" {}", with_value(option, &value))).collect()
}

/// An option and its value, which may look like another option.
fn with_value(option: &str, value: &str) -> String {
    let between = if value.starts_with('-') { '=' } else { ' ' };
    format!("--{option}{between}{}", quoted(value))
}

/// An argument as a shell takes it for one word.
fn quoted(argument: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-./:@".contains(character);
    match !argument.is_empty() && argument.chars().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests;
