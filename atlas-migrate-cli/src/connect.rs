//! Connections, made as psql makes them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atlas_migrate_core::fault::shown;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};

use super::answer::usage;
use super::environment::Environment;
use super::parameters::{Parameters, Url};
use super::passwords::{self, Login};
use atlas_migrate::__private::cli::{ErrorExt as _, not_connected, plain};
use atlas_migrate::{Error, ErrorKind};

/// Where a database is, and how it is reached.
#[derive(Clone, Debug)]
pub(super) struct Place {
    servers: Vec<Server>,
    database: String,
    user: String,
    timeout: Option<Duration>,
    /// What is to be said about the password file.
    pub(super) warning: Option<String>,
}

/// One of the servers that may be it, and the ways to encrypt what is said, in the order in which they are tried.
#[derive(Clone, Debug)]
struct Server {
    host: String,
    port: u16,
    options: PgConnectOptions,
    modes: Vec<PgSslMode>,
}

impl Server {
    fn name(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl Place {
    /// What a URL says, and behind it the environment.
    pub(super) fn new(url: Option<&Url>, environment: &Environment) -> Result<Self, Error> {
        let parameters = Parameters::read(url, environment)?;
        let base = PgConnectOptions::new_without_pgpass();
        let user = parameters.get("user").map_or_else(|| login(environment), str::to_owned);
        let database = parameters.get("dbname").unwrap_or(&user).to_owned();
        let mut warning = None;
        let mut servers = Vec::new();
        for (host, port) in parameters.servers()? {
            let mut options = base.clone().host(&host).port(port).username(&user).database(&database);
            // A pooler does not know it, and psql does not send it.
            options = options.extra_float_digits(None).disable_statement_logging();
            let password = match parameters.get("password") {
                Some(password) => Some(password.to_owned()),
                None => {
                    let login = Login { host: &host, port, database: &database, user: &user };
                    let (password, said) = passwords::find(parameters.get("passfile"), login);
                    warning = warning.or(said);
                    password
                }
            };
            if let Some(password) = password {
                options = options.password(&password);
            }
            if let Some(text) = parameters.get("options").filter(|text| base.get_options() != Some(text)) {
                options = options.options(settings(text)?);
            }
            let (options, modes) = encrypted(options, &parameters, &host)?;
            servers.push(Server { host, port, options, modes });
        }
        let timeout = match parameters.get("connect_timeout").map(str::parse) {
            None | Some(Ok(0)) => None,
            Some(Ok(seconds)) => Some(Duration::from_secs(seconds)),
            Some(Err(_)) => return Err(usage("connect_timeout is no whole number of seconds")),
        };
        Ok(Self { servers, database, user, timeout, warning })
    }

    /// The name of the database.
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// The same server, and another of its databases.
    pub(super) fn with_database(&self, database: &str) -> Self {
        let mut place = self.clone();
        place.database = database.to_owned();
        for server in &mut place.servers {
            server.options = server.options.clone().database(database);
        }
        place
    }

    /// A connection to the first of the servers that answers, which knows it by this name; and which server that is.
    pub(super) async fn connect(&self, application: &str) -> Result<(PgConnection, String), Error> {
        let mut last = usage("no server is given");
        for server in &self.servers {
            match self.connect_to(server, application).await {
                Ok(connection) => return Ok((connection, server.name())),
                Err(error) => last = error,
            }
        }
        Err(last.note(format!("at {self}")))
    }

    async fn connect_to(&self, server: &Server, application: &str) -> Result<PgConnection, Error> {
        let mut first = None;
        for mode in &server.modes {
            let options = server.options.clone().ssl_mode(*mode).application_name(application);
            match self.in_time(options).await {
                Ok(connection) => return Ok(connection),
                Err(error) => {
                    let elsewise = self.may_be_tried_elsewise(&error);
                    first.get_or_insert(error);
                    if !elsewise {
                        break;
                    }
                }
            }
        }
        Err(first.map_or_else(|| usage("no way to connect is given"), not_connected))
    }

    async fn in_time(&self, options: PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
        let connect = options.connect();
        match self.timeout {
            None => connect.await,
            Some(timeout) => tokio::time::timeout(timeout, connect).await.unwrap_or_else(|_| {
                let message = format!("no answer within {} s (connect_timeout)", timeout.as_secs());
                Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, message)))
            }),
        }
    }

    /// Whether with or without encryption is what made the difference: the server has no line for it in pg_hba.conf, or the
    /// encryption itself failed.
    fn may_be_tried_elsewise(&self, error: &sqlx::Error) -> bool {
        match error {
            sqlx::Error::Database(error) => error.code().as_deref() == Some("28000"),
            sqlx::Error::Tls(_) => true,
            sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
            _ => false,
        }
    }
}

impl fmt::Display for Place {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.servers.iter().map(Server::name).collect();
        let [database, user] = [&self.database, &self.user].map(|text| shown(text));
        write!(f, "{}, database {database}, user {user}", servers.join(", "))
    }
}

/// The name of whoever runs the program, by its number.
fn login(environment: &Environment) -> String {
    by_number().or_else(|| environment.get("USER")).unwrap_or_else(|| "postgres".to_owned())
}

#[cfg(unix)]
fn by_number() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let number = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let user = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.get(2) == Some(&&*number))?;
    user.first().map(|name| (*name).to_owned())
}

#[cfg(not(unix))]
fn by_number() -> Option<String> {
    None
}

/// What libpq does for a mode: `require` looks at the certificate too where it has a root to hold it against, and a socket
/// needs no encryption.
fn modes(host: &str, mode: &str, has_root: bool) -> Vec<PgSslMode> {
    use PgSslMode::{Disable, Prefer, Require, VerifyCa, VerifyFull};
    if host.starts_with('/') {
        return vec![Disable];
    }
    match mode {
        "disable" => vec![Disable],
        "allow" => vec![Disable, Require],
        "require" if has_root => vec![VerifyCa],
        "require" => vec![Require],
        "verify-ca" => vec![VerifyCa],
        "verify-full" => vec![VerifyFull],
        _ => vec![Prefer, Disable],
    }
}

/// With the certificates that are named or in the user's home; and the modes.
fn encrypted(
    mut options: PgConnectOptions,
    parameters: &Parameters,
    host: &str,
) -> Result<(PgConnectOptions, Vec<PgSslMode>), Error> {
    let file = |name: &str, in_home| parameters.get(name).map(str::to_owned).or_else(|| of_home(in_home));
    let [root, certificate, key] =
        [("sslrootcert", "root.crt"), ("sslcert", "postgresql.crt"), ("sslkey", "postgresql.key")]
            .map(|(name, in_home)| file(name, in_home));
    let modes = modes(host, parameters.get("sslmode").unwrap_or("prefer"), root.is_some());
    if matches!(modes[..], [PgSslMode::Disable]) {
        return Ok((options, modes));
    }
    let root = root.filter(|root| root != "system");
    let verifies = matches!(modes[..], [PgSslMode::VerifyCa | PgSslMode::VerifyFull]);
    for (path, is_needed) in [(&root, verifies), (&certificate, true), (&key, true)] {
        let Some(path) = path else { continue };
        let error = plain::open(Path::new(path)).err();
        if let Some(error) = error.filter(|error| is_needed || error.kind() == io::ErrorKind::InvalidInput) {
            return Err(usage(format!("{path} cannot be read: {error}")));
        }
    }
    if let Some(root) = root {
        options = options.ssl_root_cert(root);
    }
    if let (Some(certificate), Some(key)) = (certificate, key) {
        options = options.ssl_client_cert(certificate).ssl_client_key(key);
    }
    Ok((options, modes))
}

/// A file of psql's folder in the home of the user, if it is there.
fn of_home(name: &str) -> Option<String> {
    let path: PathBuf = std::env::home_dir()?.join(".postgresql").join(name);
    path.exists().then(|| path.to_string_lossy().into_owned())
}

/// The settings of `-c name=value` and `--name=value`; a backslash escapes a space.
fn settings(text: &str) -> Result<Vec<(String, String)>, Error> {
    let mut words = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' => words.push(String::new()),
            '\\' => words.last_mut().into_iter().for_each(|word| word.extend(characters.next())),
            _ => words.last_mut().into_iter().for_each(|word| word.push(character)),
        }
    }
    let mut settings = Vec::new();
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let setting = match (word.as_str(), word.strip_prefix("--"), word.strip_prefix("-c")) {
            ("-c", ..) => words.next(),
            (_, Some(setting), _) | (_, _, Some(setting)) => Some(setting.to_owned()),
            _ => None,
        };
        let pair = setting.as_deref().and_then(|setting| setting.split_once('='));
        let Some((name, value)) = pair else {
            // What stands there may be anything.
            return Err(Error::new(ErrorKind::Usage, "the options of the connection have a word that is no setting")
                .hint("write settings as in options=-c%20search_path=app"));
        };
        settings.push((name.to_owned(), value.to_owned()));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let settings = settings(text).unwrap();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(settings, expected, "{text}");
    }

    #[test]
    fn settings_of_options() {
        check("", &[]);
        check("-c geqo=off", &[("geqo", "off")]);
        check("-cgeqo=off  --jit=on", &[("geqo", "off"), ("jit", "on")]);
        check("-c search_path=a,\\ b", &[("search_path", "a, b")]);
        assert!(settings("-x").is_err());
        assert!(settings("-c geqo").is_err());
    }
}
