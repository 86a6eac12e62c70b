//! `completions` and `man`: what goes with an installation.

use clap::Args;
use clap_complete::Shell;

use crate::answer::{Answer, Failure, usage};
use crate::arguments;

/// Write completions for a shell
///
/// Connects to no database.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate completions bash > /etc/bash_completion.d/atlas-migrate")]
pub(crate) struct Completions {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_enum, hide_possible_values = true)]
    shell: Shell,
}

impl Completions {
    pub(super) fn perform(self) -> Answer {
        let mut command = arguments::command();
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        Answer::file(String::from_utf8_lossy(&script).into_owned())
    }
}

/// Write the manual page, or that of a command
///
/// Connects to no database.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate man > atlas-migrate.1 && atlas-migrate man run > atlas-migrate-run.1")]
pub(crate) struct Man {
    /// The command, if not the whole
    command: Option<String>,
}

impl Man {
    pub(super) fn perform(self) -> Result<Answer, Failure> {
        let whole = arguments::command();
        let command = match &self.command {
            None => whole,
            Some(name) => {
                let found = whole.find_subcommand(name).cloned();
                let found = found.ok_or_else(|| usage(format!("there is no command {name}")))?;
                found.display_name(format!("{}-{name}", whole.get_name()))
            }
        };
        let mut page = Vec::new();
        let written = clap_mangen::Man::new(command).render(&mut page);
        written.map_err(|error| usage(format!("the page cannot be written: {error}")))?;
        Ok(Answer::file(String::from_utf8_lossy(&page).into_owned()))
    }
}
