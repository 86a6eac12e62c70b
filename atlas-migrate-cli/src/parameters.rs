//! The parameters of a connection as libpq has them: of a URL, of `PG*` variables, or by default.

use std::collections::BTreeMap;
use std::path::Path;

use atlas_migrate::__private::cli::ErrorExt as _;
use atlas_migrate_core::fault::nearest;
use atlas_migrate_core::mask::is_plain;
use atlas_migrate_core::words::count;
use percent_encoding::percent_decode_str;

use super::answer::usage;
use super::environment::Environment;
use atlas_migrate::Error;

/// The parameters, and the variables that give them.
const NAMES: [(&str, &str); 16] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("application_name", "PGAPPNAME"),
    ("options", "PGOPTIONS"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
];

/// What is not there for a parameter, with the values that ask for no more than there is.
const LIMITED: [(&str, &[&str]); 2] = [("channel_binding", &["prefer", "disable"]), ("target_session_attrs", &["any"])];

pub(super) const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// What to do about a URL that cannot be taken apart.
const ENCODE: &str = "in the user and the password of a URL, percent-encode: / as %2F, ? as %3F, @ as %40, : as %3A, # as %23, \
                      % as %25";

/// The URL of a database.
#[derive(Clone)]
pub(super) struct Url {
    pub(super) text: String,
    /// It is typed, or a variable of the process; else it stands in a file.
    pub(super) is_of_process: bool,
}

/// The parameters that are given.
#[derive(Default)]
pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Those of a URL, and what that does not say of the environment.
    pub(super) fn read(url: Option<&Url>, environment: &Environment) -> Result<Self, Error> {
        if environment.get("PGSERVICE").is_some() {
            return Err(usage("PGSERVICE is set, and service files are not read")
                .hint("unset it, and give the database as a URL or in PGHOST, PGUSER and so on"));
        }
        let mut parameters = Self::default();
        parameters.add(|variable| environment.of_file(variable));
        // What the process was started with goes before what a file says.
        if let Some(url) = url.filter(|url| !url.is_of_process) {
            parameters.add_url(&url.text)?;
        }
        parameters.add(|variable| environment.of_process(variable));
        if let Some(url) = url.filter(|url| url.is_of_process) {
            parameters.add_url(&url.text)?;
        }
        parameters.check()?;
        Ok(parameters)
    }

    fn add(&mut self, value: impl Fn(&str) -> Option<String>) {
        let values: Vec<_> = NAMES.iter().filter_map(|(name, variable)| Some((*name, value(variable)?))).collect();
        if values.iter().any(|(name, _)| *name == "host") {
            self.0.remove("hostaddr");
        }
        self.0.extend(values);
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Host and port of each server that is to be tried.
    pub(super) fn servers(&self) -> Result<Vec<(String, u16)>, Error> {
        let ports: Vec<&str> = self.get("port").unwrap_or("5432").split(',').collect();
        let port = |index: usize| {
            let text = if ports.len() == 1 { ports[0] } else { ports.get(index).copied().unwrap_or_default() };
            let text = if text.is_empty() { "5432" } else { text };
            // It may be a part of a password.
            text.parse().map_err(|_| {
                usage("the port of the database is not a number up to 65535")
                    .hint(format!("give a number, as in PGPORT=5432; {ENCODE}"))
            })
        };
        let Some(hosts) = self.get("hostaddr").or(self.get("host")) else {
            let port = port(0)?;
            return Ok(vec![(default_host(port), port)]);
        };
        let hosts: Vec<&str> = hosts.split(',').collect();
        if ports.len() != 1 && ports.len() != hosts.len() {
            return Err(usage(format!("there are {} and {}", count(hosts.len(), "host"), count(ports.len(), "port"))));
        }
        let server = |(index, host): (usize, &&str)| {
            let port = port(index)?;
            Ok((if host.is_empty() { default_host(port) } else { (*host).to_owned() }, port))
        };
        hosts.iter().enumerate().map(server).collect()
    }

    fn add_url(&mut self, url: &str) -> Result<(), Error> {
        let rest = behind_scheme(url)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        // Then the part before it may be one of a password: nothing of all this is shown.
        if database.contains('@') {
            return Err(usage("the URL of the database has an @ behind its first /").hint(ENCODE));
        }
        self.add_authority(authority)?;
        self.add_decoded("dbname", database)?;
        query.split('&').filter(|pair| !pair.is_empty()).try_for_each(|pair| self.add_pair(pair, query))
    }

    /// Of `user:password@host:port,host:port`.
    fn add_authority(&mut self, authority: &str) -> Result<(), Error> {
        let (login, servers) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for server in servers.split(',') {
            if server.contains('[') != server.contains(']') {
                return Err(malformed("has a bracket that is not closed"));
            }
            // The colons of an IPv6 address stand in brackets.
            let (host, port) = match server.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => (host, port),
                _ => (server, ""),
            };
            hosts.push(host.trim_start_matches('[').trim_end_matches(']'));
            ports.push(port);
        }
        let ports = if ports.iter().all(|port| port.is_empty()) { String::new() } else { ports.join(",") };
        for (name, value) in
            [("user", user), ("password", password), ("host", &hosts.join(",")), ("port", ports.as_str())]
        {
            self.add_decoded(name, value)?;
        }
        // Who names the host in the URL does not mean the address of another.
        if hosts.iter().any(|host| !host.is_empty()) {
            self.0.remove("hostaddr");
        }
        Ok(())
    }

    /// A value of a URL, unless it is empty.
    fn add_decoded(&mut self, name: &'static str, value: &str) -> Result<(), Error> {
        if !value.is_empty() {
            self.0.insert(name, decoded(value)?);
        }
        Ok(())
    }

    /// A parameter behind the `?` of a URL. What the whole `query` has of an `@` may be a part of a password.
    fn add_pair(&mut self, pair: &str, query: &str) -> Result<(), Error> {
        let misplaced = || usage("the URL of the database has an @ behind its first ?").hint(ENCODE);
        let Some((name, value)) = pair.split_once('=') else {
            let is_misplaced = query.contains('@');
            return Err(if is_misplaced { misplaced() } else { malformed("has a parameter without a value") });
        };
        if name == "ssl" && value == "true" {
            self.0.insert("sslmode", "require".to_owned());
            return Ok(());
        }
        let names = || NAMES.iter().map(|(name, _)| *name);
        let Some(known) = names().find(|known| *known == name) else {
            return Err(if query.contains('@') { misplaced() } else { unknown_parameter(name, names()) });
        };
        if matches!(known, "host" | "hostaddr") {
            self.0.remove("hostaddr");
        }
        self.0.insert(known, decoded(value)?);
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        if let Some(mode) = self.get("sslmode").filter(|mode| !SSL_MODES.contains(mode)) {
            let hint = match nearest(mode, SSL_MODES) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("there are: {}", SSL_MODES.join(", ")),
            };
            let mode = if is_plain(mode) { format!(" `{mode}`") } else { String::new() };
            return Err(usage(format!("unknown sslmode{mode}")).hint(hint));
        }
        for (name, values) in LIMITED {
            if let Some(value) = self.get(name).filter(|value| !values.contains(value)) {
                let value = if is_plain(value) { format!("{value:?}, which") } else { "what".to_owned() };
                return Err(usage(format!("{name} is {value} is not supported"))
                    .hint(format!("leave it out; the values are {}", values.join(", "))));
            }
        }
        Ok(())
    }
}

fn malformed(what: &str) -> Error {
    usage(format!("the URL of the database {what}"))
        .hint("write it as in postgresql://user@host:5432/database?sslmode=verify-full")
}

fn unknown_parameter(name: &str, names: impl Iterator<Item = &'static str> + Clone) -> Error {
    let hint = match nearest(name, names.clone()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("there are: {}", names.collect::<Vec<_>>().join(", ")),
    };
    let name = if is_plain(name) { format!(" `{name}`") } else { String::new() };
    usage(format!("unknown parameter{name} in the URL of the database")).hint(hint)
}

/// What stands behind `postgresql://`.
fn behind_scheme(url: &str) -> Result<&str, Error> {
    // A file or a command that it comes from may end it with a line feed.
    let url = url.trim();
    if url.chars().any(char::is_control) {
        return Err(malformed("has a line feed or another control character in it"));
    }
    let unquoted = url.trim_matches(['"', '\'']);
    if unquoted != url && unquoted.starts_with("postgres") {
        return Err(
            usage("the URL of the database is in quotes").hint("leave the quotes out: no shell takes them off here")
        );
    }
    let rest = url.strip_prefix("postgresql://").or_else(|| url.strip_prefix("postgres://"));
    rest.ok_or_else(|| malformed("does not begin with postgresql://"))
}

fn decoded(text: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| malformed("is not UTF-8"))
}

/// The folder of the server's socket, where there is one.
fn default_host(port: u16) -> String {
    let has_socket = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    ["/var/run/postgresql", "/tmp"].into_iter().find(has_socket).unwrap_or("localhost").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &[(&str, &str)]) {
        let mut parameters = Parameters::default();
        parameters.add_url(url).unwrap();
        let actual: Vec<_> = parameters.0.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(actual, expected, "{url}");
    }

    #[test]
    fn urls() {
        check("postgres://", &[]);
        check("postgresql:///app", &[("dbname", "app")]);
        check("postgres://me@/app", &[("dbname", "app"), ("user", "me")]);
        check("postgres://h:1/a", &[("dbname", "a"), ("host", "h"), ("port", "1")]);
        check("postgres://[::1]:1", &[("host", "::1"), ("port", "1")]);
        check("postgres://[::1]", &[("host", "::1")]);
        check("postgres://%2Ftmp/a", &[("dbname", "a"), ("host", "/tmp")]);
        check("postgres:///a?host=/tmp&port=7", &[("dbname", "a"), ("host", "/tmp"), ("port", "7")]);
        check("postgres://a,b:2/", &[("host", "a,b"), ("port", ",2")]);
        check("postgres://u%40x:p%2F%3A@h", &[("host", "h"), ("password", "p/:"), ("user", "u@x")]);
        check("postgres://u:p:q@h", &[("host", "h"), ("password", "p:q"), ("user", "u")]);
        check("postgres://u:p@q@h", &[("host", "h"), ("password", "p@q"), ("user", "u")]);
        check(" postgres://h/a\r\n", &[("dbname", "a"), ("host", "h")]);
        check("postgres:///a?user=u@x", &[("dbname", "a"), ("user", "u@x")]);
        check("postgres://h?ssl=true", &[("host", "h"), ("sslmode", "require")]);
    }

    #[track_caller]
    fn check_servers(parameters: &[(&'static str, &str)], expected: &[(&str, u16)]) {
        let given = parameters.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let servers = Parameters(given.collect()).servers().unwrap();
        let servers: Vec<_> = servers.iter().map(|(host, port)| (host.as_str(), *port)).collect();
        assert_eq!(servers, expected, "{parameters:?}");
    }

    #[test]
    fn servers() {
        check_servers(&[("host", "h")], &[("h", 5432)]);
        check_servers(&[("host", "a,b"), ("port", "1")], &[("a", 1), ("b", 1)]);
        check_servers(&[("host", "a,b"), ("port", "1,2")], &[("a", 1), ("b", 2)]);
        check_servers(&[("host", "a,b"), ("port", ",2")], &[("a", 5432), ("b", 2)]);
        check_servers(&[("host", "h"), ("hostaddr", "127.0.0.1")], &[("127.0.0.1", 5432)]);
    }

    #[track_caller]
    fn check_refused(url: &str, expected: &str) {
        let mut parameters = Parameters::default();
        let result = parameters.add_url(url).and_then(|()| parameters.check()).and_then(|()| parameters.servers());
        let message = result.unwrap_err().to_string();
        assert!(message.contains(expected), "{url}: {message}");
        assert!(!message.contains("secret"), "{message}");
    }

    #[test]
    fn refused() {
        check_refused("mysql://me:secret@h/a", "does not begin with postgresql://");
        check_refused("postgres://me:secret@h/a?sslmod=require", "did you mean `sslmode`?");
        check_refused("postgres://me:secret@h/a?sslmode=verify-ful", "did you mean `verify-full`?");
        check_refused("postgres://me:secret@h/a?sslmode", "a parameter without a value");
        check_refused("postgres://me:secret@h:x/a", "the port of the database is not a number");
        check_refused("postgres://me:secret/rest@h/a", "an @ behind its first /");
        check_refused("postgres://me:5432/secret@h/a", "an @ behind its first /");
        check_refused("postgres://me:1?secret@h/a", "an @ behind its first ?");
        check_refused("postgres://me:1?secret=x@h/a", "an @ behind its first ?");
        check_refused("postgres://me:secret", "the port of the database is not a number");
        check_refused("postgres://me:secret@[::1/a", "a bracket that is not closed");
        check_refused("postgres://h/a?sslmode=secret:x", "unknown sslmode");
        check_refused("postgres://h/a?secret%20x=1", "unknown parameter in the URL");
        check_refused("host=h password=secret", "does not begin with postgresql://");
        check_refused("postgres://me:secret@h/a\nb", "a line feed");
        check_refused("postgres://a:1,b:2/?port=1,2,3", "2 hosts and 3 ports");
        check_refused("postgres://h/?channel_binding=require", "channel_binding is \"require\"");
        check_refused("postgres://%ff@h/", "not UTF-8");
        check_refused("\"postgres://me:secret@h/a\"", "is in quotes");
        check_refused("'postgresql://me:secret@h/a'", "leave the quotes out");
    }
}
