//! From the arguments to the exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use atlas_migrate_core::fault::shown_lines;
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};

use super::answer::{self, Answer, Failure, complain, usage};
use super::arguments::{self, Arguments, Format};
use super::commands::Command;
use super::context::Context;
use super::interrupt;
use super::layers::Layers;
use super::mask::{may_have_password, without_password, without_secrets};
use super::progress::error_word;
use super::project::Project;
use super::shell::Shell;

pub(super) fn main(project: Project) -> ExitCode {
    let arguments = project.arguments.clone().unwrap_or_else(|| std::env::args_os().collect());
    ExitCode::from(run(project, &arguments))
}

fn run(project: Project, arguments: &[OsString]) -> u8 {
    let command = arguments::command();
    let asks_for_json = asks_for_json(arguments);
    let layers = match Layers::read(&command) {
        Ok(layers) => layers,
        Err(error) => return Failure::from(error).show(format_of(asks_for_json), "error:", &Shell::default()),
    };
    let mut called = layers.apply(command);
    let name = arguments.first().and_then(|name| Path::new(name).file_name()).map(|name| name.to_string_lossy());
    let name = name.unwrap_or_else(|| called.get_name().to_owned().into()).into_owned();
    called = called.bin_name(&name);
    let parsed = called.try_get_matches_from_mut(arguments);
    let parsed = parsed.and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    let (Arguments { common, command }, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(misuse) => return misused(&misuse, arguments, format_of(asks_for_json || layers.wants_json())),
    };
    let url = layers.database_url();
    let (format, quiet) = (common.format, common.quiet);
    let shell = Shell::new(&name, &called, &matches, command.heeds());
    let context = Context::new(project, common, layers.environment, url, is_typed("source", &matches), shell);
    let result = in_runtime(&context, command);
    context.progress.clear();
    match result {
        Ok(answer) => answer.show(format, quiet),
        Err(failure) => failure.show(format, &error_word(context.styles), &context.shell),
    }
}

/// On a runtime of its own; where there is one already, in a thread of its own.
fn in_runtime(context: &Context, command: Command) -> Result<Answer, Failure> {
    let perform = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| usage(format!("the runtime does not start: {error}")))?;
        let result = runtime.block_on(interrupt::guard(context, command.perform(context)));
        // Somebody may still be asked, who is not going to answer.
        runtime.shutdown_background();
        result
    };
    let work = || {
        std::thread::scope(|scope| {
            let (_watched, ended) = tokio::sync::oneshot::channel();
            // Without it, a signal may have to wait.
            let _watch = std::thread::Builder::new().spawn_scoped(scope, || interrupt::watch(context, ended));
            perform()
        })
    };
    // So that what the server says beside its answers can be listened to, there has to be a subscriber.
    let heard = || match tracing::dispatcher::has_been_set() {
        true => work(),
        false => tracing::dispatcher::with_default(&tracing::Dispatch::none(), work),
    };
    if tokio::runtime::Handle::try_current().is_err() {
        return heard();
    }
    match std::thread::scope(|scope| scope.spawn(heard).join()) {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// What clap says: help and versions for people, and what is wrong with the arguments.
fn misused(misuse: &clap::Error, arguments: &[OsString], format: Format) -> u8 {
    if !misuse.use_stderr() {
        // Where standard output is closed, nobody wants to read it.
        let _closed = misuse.print();
        return answer::DONE;
    }
    let text = without_secrets(&misuse.render().to_string(), arguments);
    match format {
        Format::Text => {
            complain(&shown_lines(text.trim_end()));
            answer::USAGE
        }
        Format::Json => {
            let text = text.trim_end();
            Failure::from(usage(text.strip_prefix("error: ").unwrap_or(text))).show(format, "", &Shell::default())
        }
    }
}

fn format_of(json: bool) -> Format {
    if json { Format::Json } else { Format::Text }
}

/// Whether JSON is asked for, by arguments that may be wrong.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let is_json = |pair: &[OsString]| pair[0] == "--format" && pair[1] == "json";
    arguments.windows(2).any(is_json) || arguments.iter().any(|argument| argument == "--format=json")
}

/// Whether an option was given on the command line.
fn is_typed(option: &str, matches: &ArgMatches) -> bool {
    let here = matches.try_contains_id(option).is_ok_and(|there| there)
        && matches.value_source(option) == Some(ValueSource::CommandLine);
    here || matches.subcommand().is_some_and(|(_, matches)| is_typed(option, matches))
}

/// Starts the program again without the password that stands in its arguments, where anybody can read it: with the password in
/// the environment instead, or all of a URL that cannot be taken apart. For the beginning of `main`.
#[cfg(unix)]
pub fn hide_password() {
    use std::os::unix::process::CommandExt;
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let Some(Hidden { arguments, variable, value }) = hidden(&arguments) else { return };
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = std::process::Command::new(program);
    command.args(&arguments[1..]).env(variable, value);
    if let Some(name) = arguments.first() {
        command.arg0(name);
    }
    let error = command.exec();
    complain(&format!("warning: the password stays in the list of processes: {error}"));
}

/// Where arguments cannot be replaced, this does nothing.
#[cfg(not(unix))]
pub fn hide_password() {}

/// How the program is started again.
#[cfg(unix)]
struct Hidden {
    arguments: Vec<OsString>,
    /// What has the secret.
    variable: &'static str,
    value: String,
}

/// The same arguments without the password of their URL; nothing if there is none.
#[cfg(unix)]
fn hidden(arguments: &[OsString]) -> Option<Hidden> {
    const OPTION: &str = "--database-url";
    let (mut url, mut rest) = (None, Vec::new());
    let mut each = arguments.iter();
    while let Some(argument) = each.next() {
        match argument.to_str() {
            Some(OPTION) => url = Some((rest.len(), each.next()?.to_str()?)),
            Some(text) if text.starts_with("--database-url=") => url = Some((rest.len(), &text[OPTION.len() + 1..])),
            _ => rest.push(argument.clone()),
        }
    }
    let (at, url) = url.filter(|(_, url)| may_have_password(url))?;
    let Some((plain, password)) = without_password(url) else {
        return Some(Hidden { arguments: rest, variable: "DATABASE_URL", value: url.to_owned() });
    };
    // A hint says it again.
    rest.splice(at..at, [OPTION.into(), plain.into()]);
    Some(Hidden { arguments: rest, variable: "PGPASSWORD", value: password })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a program that is asynchronous already.
    #[test]
    fn within_a_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let project = Project::new().arguments("myapp migrate", ["validate", "--quiet", "--source", "../migrations"]);
        assert_eq!(runtime.block_on(async { main(project) }), ExitCode::from(answer::DONE));
        let project = Project::new().arguments("myapp migrate", ["validate", "--source", "nowhere"]);
        assert_eq!(runtime.block_on(async { main(project) }), ExitCode::from(answer::FAILED));
    }

    #[track_caller]
    #[cfg(unix)]
    fn check_hidden(arguments: &str, expected: Option<(&str, &str)>) {
        let arguments: Vec<_> = arguments.split(' ').map(OsString::from).collect();
        let said = hidden(&arguments).map(|Hidden { arguments, variable, value }| {
            (format!("{variable}={value}"), arguments.join(std::ffi::OsStr::new(" ")).into_string().unwrap())
        });
        assert_eq!(said.as_ref().map(|(variable, rest)| (variable.as_str(), rest.as_str())), expected);
    }

    #[test]
    #[cfg(unix)]
    fn urls_with_passwords() {
        check_hidden("p run", None);
        check_hidden("p --database-url postgres://me@h run", None);
        let without = "p --database-url postgres://me@h run";
        check_hidden("p --database-url postgres://me:x@h run", Some(("PGPASSWORD=x", without)));
        let without = "p run -v --database-url postgres://me@h";
        check_hidden("p run -v --database-url=postgres://me:x@h", Some(("PGPASSWORD=x", without)));
        let without = "p --database-url postgres://h";
        check_hidden("p --database-url=postgres://h?password=x", Some(("PGPASSWORD=x", without)));
        check_hidden("p --database-url me:x@h run", Some(("DATABASE_URL=me:x@h", "p run")));
        check_hidden("p --database-url", None);
    }
}
