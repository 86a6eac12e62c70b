//! What the command line does not say: the environment, and behind it the file `atlas-migrate.toml`.

use std::path::Path;

use atlas_migrate::__private::cli::ErrorExt as _;
use atlas_migrate_core::fault::{Fault, nearest};
use atlas_migrate_core::mask;
use clap::{Arg, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::parameters::Url;
use atlas_migrate::__private::cli::plain;
use atlas_migrate::{Error, ErrorKind};

/// The file of the project, in the folder that the program is started in.
pub(super) const FILE: &str = "atlas-migrate.toml";

/// The options that may stand in the file and in the environment: what one would not type every day. What destroys, and what
/// is meant for one call, has to be typed.
pub(super) const OPTIONS: &[&str] = &[
    "database-url",
    "source",
    "schema",
    "table",
    "namespace",
    "beside-other-history",
    "role",
    "format",
    "quiet",
    "verbose",
    "color",
    "no-progress",
    "wait",
    "lock-timeout",
    "allow-out-of-order",
    "single-transaction",
    "environment",
    "seeds",
    "checks",
    "benchmarks",
];

/// The table of the file that declares roles, which is read by those who need it.
pub(super) const ROLES: &str = "roles";

/// A value of the file, and where it stands.
struct Value {
    option: &'static str,
    text: String,
    span: std::ops::Range<usize>,
}

/// The values of an environment and of a file.
pub(super) struct Layers {
    pub(super) environment: Environment,
    values: Vec<Value>,
}

impl Layers {
    /// Reads both.
    pub(super) fn read(command: &Command) -> Result<Self, Error> {
        let environment = Environment::read()?;
        let text = match plain::read_to_string(Path::new(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(faulty(&[Fault::new(FILE, format!("cannot be read: {error}"))])),
        };
        let (values, mut faults) = parse(&text);
        // What is shown of it.
        let shown = shown(&text);
        for value in &values {
            let label = match problem(command, value.option, &value.text) {
                Some(problem) => problem,
                None => continue,
            };
            let message = format!("`{}` cannot be this", value.option);
            faults.push(Fault::new(FILE, message).at(&shown, value.span.clone(), label));
        }
        if !faults.is_empty() {
            faults.sort();
            return Err(faulty(&faults));
        }
        for option in OPTIONS {
            let Some(value) = environment.get(&variable(option)) else { continue };
            if let Some(problem) = problem(command, option, &value) {
                return Err(super::answer::usage(format!("{}: {problem}", variable(option))));
            }
        }
        Ok(Self { environment, values })
    }

    /// Where the database is: of the environment, or of the nearest file.
    pub(super) fn database_url(&self) -> Option<Url> {
        let is_of_process = self.environment.of_process("DATABASE_URL").is_some();
        self.get("database-url").map(|text| Url { text, is_of_process })
    }

    fn get(&self, option: &str) -> Option<String> {
        let of_file = || self.values.iter().find(|value| value.option == option).map(|value| value.text.clone());
        self.environment.layered(&variable(option), of_file)
    }

    /// Lets what is said here be the default of the command's options. A URL is none, since help shows defaults.
    pub(super) fn apply(&self, command: Command) -> Command {
        let command = command.mut_args(|argument| self.default_of(argument));
        command.mut_subcommands(|subcommand| self.apply(subcommand))
    }

    fn default_of(&self, argument: Arg) -> Arg {
        let option = argument.get_long().filter(|long| OPTIONS.contains(long) && *long != "database-url");
        match option.and_then(|option| self.get(option)) {
            Some(value) => argument.default_value(value),
            None => argument,
        }
    }

    /// Whether the file or the environment asks for JSON: for what goes wrong before the arguments are known.
    pub(super) fn wants_json(&self) -> bool {
        self.get("format").as_deref() == Some("json")
    }
}

/// `ATLAS_MIGRATE_NO_PROGRESS`.
fn variable(option: &str) -> String {
    if option == "database-url" {
        return "DATABASE_URL".to_owned();
    }
    format!("ATLAS_MIGRATE_{}", option.to_uppercase().replace('-', "_"))
}

/// What is wrong with a value, in the words of the parser of the option that it is for.
fn problem(command: &Command, option: &str, value: &str) -> Option<String> {
    let argument = find(command, option)?;
    let id = argument.get_id().to_string();
    let takes_value = argument.get_action().takes_values();
    if !takes_value {
        return (!matches!(value, "true" | "false")).then(|| "expected true or false".to_owned());
    }
    let argument = Arg::new(id).long("value").value_parser(argument.get_value_parser().clone());
    let possible: Vec<_> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let error =
        Command::new("value").arg(argument).try_get_matches_from(["value", &format!("--value={value}")]).err()?;
    if !possible.is_empty() {
        return Some(format!("expected {}", possible.join(" or ")));
    }
    Some(std::error::Error::source(&error).map_or_else(|| "malformed".to_owned(), ToString::to_string))
}

/// An option of the command, or of one of those below it.
fn find<'c>(command: &'c Command, option: &str) -> Option<&'c Arg> {
    let own = command.get_arguments().find(|argument| argument.get_long() == Some(option));
    own.or_else(|| command.get_subcommands().find_map(|subcommand| find(subcommand, option)))
}

fn parse(text: &str) -> (Vec<Value>, Vec<Fault>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let text = &shown(text);
    let mut faults: Vec<_> = errors
        .iter()
        .map(|error| Fault::new(FILE, "broken TOML").at(text, error.span().unwrap_or_default(), error.message()))
        .collect();
    let mut values = Vec::new();
    if !faults.is_empty() {
        return (values, faults);
    }
    let is_option = |(key, value): &(&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        key != ROLES || !value.get_ref().is_table()
    };
    for (key, value) in table.get_ref().iter().filter(is_option) {
        match entry(text, key, value) {
            Ok(value) => values.push(value),
            Err(fault) => faults.push(fault),
        }
    }
    (values, faults)
}

fn entry(text: &str, key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> Result<Value, Fault> {
    let name = key.get_ref();
    let Some(option) = OPTIONS.iter().find(|option| *option == name) else {
        let hint = match nearest(name, OPTIONS.iter().copied()) {
            Some(option) => format!("did you mean `{option}`?"),
            None => format!("there are: {}", OPTIONS.join(", ")),
        };
        let message =
            if mask::is_plain(name) { format!("unknown option `{name}`") } else { "unknown option".to_owned() };
        return Err(Fault::new(FILE, message).at(text, key.span(), "").hint(hint));
    };
    let value_text = match value.get_ref() {
        DeValue::String(value) => value.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Integer(value) => value.to_string(),
        _ => {
            let fault = Fault::new(FILE, format!("`{option}` cannot be this"));
            return Err(fault.at(text, value.span(), "expected a text, a number, true or false"));
        }
    };
    Ok(Value { option, text: value_text, span: value.span() })
}

/// The text, without what may be a secret.
fn shown(text: &str) -> String {
    let harmless: Vec<_> = OPTIONS.iter().copied().filter(|option| *option != "database-url").collect();
    mask::settings(text, &harmless)
}

fn faulty(faults: &[Fault]) -> Error {
    Error::faults_of(ErrorKind::Usage, faults)
}
