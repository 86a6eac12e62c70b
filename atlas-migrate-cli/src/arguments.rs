//! What the command line looks like.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Arg, ArgAction, Args, Command, CommandFactory, Parser, ValueEnum};

use super::commands;
use atlas_migrate::Migrator;
use atlas_migrate::clean::Cleaner;
use atlas_migrate::roles::Roles;
use atlas_migrate::seed::Seeder;
use atlas_migrate::setup::Setup;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// So wide is help at the most.
const WIDTH: usize = 100;

/// Brings PostgreSQL databases to the state that a set of migrations describes.
#[derive(Debug, Parser)]
#[command(name = "atlas-migrate", version, styles = STYLES, disable_help_subcommand = true, max_term_width = WIDTH)]
#[command(
    after_help = "Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 pending or drift (check), 130 interrupted."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: commands::Command,
}

/// The options of all commands. What is not given here is the embedding program's, or the library's default.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of all commands")]
pub(super) struct Common {
    /// The database [default: DATABASE_URL, also from .env, else PGHOST and so on, as in psql]
    #[arg(long, global = true, value_name = "URL")]
    pub(super) database_url: Option<String>,
    /// The folder of migrations [default: migrations, or what the program embeds]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) source: Option<PathBuf>,
    /// The schema of the history table [default: public]
    #[arg(long, global = true)]
    pub(super) schema: Option<String>,
    /// The history table [default: schema_migrations]
    #[arg(long, global = true)]
    pub(super) table: Option<String>,
    /// Whose migrations these are [default: default]
    #[arg(long, global = true)]
    pub(super) namespace: Option<String>,
    /// Run beside the history of another tool, or of another schema or table
    #[arg(long, global = true)]
    pub(super) beside_other_history: bool,
    /// The role that everything runs as
    #[arg(long, global = true)]
    pub(super) role: Option<String>,
    /// How results are shown; json is one object, errors included
    #[arg(long, global = true, value_enum, default_value_t, hide_possible_values = true, value_name = "text|json")]
    pub(super) format: Format,
    /// Print errors only
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Print more: where it connects, each step
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// Colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "auto|always|never"
    )]
    pub(super) color: Color,
    /// Do not show which migration is running
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// The command as clap has it. The options of all commands are shown by the help of the whole, so that that of each command
/// fits a screen.
pub(super) fn command() -> Command {
    let command = with_short_help(Arguments::command());
    let common: Vec<_> = command.get_arguments().filter(|argument| argument.is_global_set()).cloned().collect();
    command.mut_subcommands(|subcommand| for_a_screen(subcommand, &common))
}

fn for_a_screen(command: Command, common: &[Arg]) -> Command {
    let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    // What it writes to the database.
    let more = about.split_once("\n\n").map_or(String::new(), |(_, more)| format!("\n{}\n", wrapped(more)));
    let template = format!("{{about-with-newline}}{more}\n{{usage-heading}} {{usage}}\n\n{{all-args}}{{after-help}}");
    let command = with_short_help(command).help_template(template);
    let command = command.args(common.iter().map(|argument| argument.clone().hide(true)));
    command.mut_subcommands(|subcommand| for_a_screen(subcommand, common))
}

/// Help with one line for each option, by its short and its long name.
fn with_short_help(command: Command) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort).help("Print this");
    command.disable_help_flag(true).arg(help)
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// How patient a command is that others may keep waiting.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct Patience {
    /// How long to wait for another process that has the lock; 0 does not wait [default: 15min]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
    /// How long a statement waits for a table lock; 0 waits forever [default: 3s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lock_timeout: Option<Duration>,
}

/// What waits for others: the builders have the same methods, and no trait for them.
pub(super) trait Waits: Sized {
    fn wait_budget(self, budget: Duration) -> Self;
    fn lock_timeout(self, timeout: Duration) -> Self;
}

impl Patience {
    /// How long a statement waits for a table lock; zero is forever.
    pub(super) fn of_locks(self) -> Duration {
        self.lock_timeout.unwrap_or(Duration::from_secs(3))
    }

    /// With this patience.
    pub(super) fn of<W: Waits>(self, waits: W) -> W {
        let waits = self.wait.into_iter().fold(waits, W::wait_budget);
        self.lock_timeout.into_iter().fold(waits, W::lock_timeout)
    }
}

macro_rules! waits {
    ($($builder:ty),+) => {
        $(impl Waits for $builder {
            fn wait_budget(self, budget: Duration) -> Self {
                self.wait_budget(budget)
            }

            fn lock_timeout(self, timeout: Duration) -> Self {
                self.lock_timeout(timeout)
            }
        })+
    };
}

waits!(Migrator, Seeder, Roles, Cleaner, Setup);

/// A duration as PostgreSQL writes it: `250ms`, `30s`, `10min`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    atlas_migrate_core::migration::duration(text).map_err(str::to_owned)
}
