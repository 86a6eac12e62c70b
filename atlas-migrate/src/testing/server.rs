//! The server on which the databases of tests are made.

use crate::ephemeral::Server;
use crate::source::env_file::EnvFile;
use crate::{Error, ErrorKind};

/// Where the databases of tests are made.
pub(super) struct Address {
    /// The URL of a database there to connect to first.
    pub(super) url: String,
    /// It is the server that all test processes share, and that ends after them.
    pub(super) is_throw_away: bool,
}

pub(super) fn address() -> Result<Address, Error> {
    let named = |url: String| with_database(&url, "").map(|_| Address { url, is_throw_away: false });
    match std::env::var("DATABASE_URL") {
        Ok(url) => named(url),
        Err(std::env::VarError::NotPresent) => of_file()?.map_or_else(throw_away, named),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::new(ErrorKind::Usage, "DATABASE_URL is not UTF-8")),
    }
}

/// What the project's `.env` says.
fn of_file() -> Result<Option<String>, Error> {
    let Some(file) = EnvFile::find()? else { return Ok(None) };
    let url = file.values(dotenvy::from_read_iter)?.remove("DATABASE_URL");
    Ok(url.filter(|url| !url.is_empty()))
}

fn throw_away() -> Result<Address, Error> {
    let server = Server::shared().map_err(|error| {
        let (what, hint) = error.into_parts();
        Error::new(ErrorKind::Connection, format!("there is no server for the tests: {what}"))
            .hint(format!("{hint}; or let DATABASE_URL name a server"))
    })?;
    Ok(Address { url: server.url(), is_throw_away: true })
}

/// The URL of another database on the same server.
pub(super) fn with_database(url: &str, database: &str) -> Result<String, Error> {
    let malformed = || {
        Error::new(ErrorKind::Usage, "DATABASE_URL is no URL")
            .hint("it looks like postgresql://user:password@host:5432/database")
    };
    let start = url.find("://").ok_or_else(malformed)? + 3;
    let rest = &url[start..];
    let authority = rest.find(['/', '?']).unwrap_or(rest.len());
    let behind = &rest[authority..];
    if behind.split('?').next().is_some_and(|path| path.contains('@')) {
        return Err(Error::new(ErrorKind::Usage, "DATABASE_URL has an @ behind its first /")
            .hint("percent-encode / as %2F in the user and the password, and @ as %40"));
    }
    let parameters = rest.find('?').map_or("", |question| &rest[question..]);
    Ok(format!("{}{}/{database}{parameters}", &url[..start], &rest[..authority]))
}

/// A URL that may be shown.
pub(super) fn without_password(url: &str) -> String {
    let (before, parameters) = url.split_once('?').map_or((url, None), |(before, after)| (before, Some(after)));
    let start = before.find("://").map_or(0, |colon| colon + 3);
    // Where the password ends nobody can tell.
    if parameters.is_some_and(|parameters| parameters.contains('@')) {
        return format!("{}***", &before[..start]);
    }
    let before = match before[start..].rfind('@').map(|at| start + at) {
        Some(at) => match before[start..at].find(':') {
            Some(colon) => format!("{}{}", &before[..start + colon], &before[at..]),
            None => before.to_owned(),
        },
        None => before.to_owned(),
    };
    let shown = |parameter: &&str| !parameter.to_ascii_lowercase().contains("password");
    let parameters = parameters.map(|parameters| parameters.split('&').filter(shown).collect::<Vec<_>>().join("&"));
    parameters.filter(|parameters| !parameters.is_empty()).map_or(before.clone(), |rest| format!("{before}?{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        assert_eq!(with_database(url, "test").unwrap_or_else(|error| panic!("{error}")), expected);
    }

    #[test]
    fn another_database_of_the_same_server() {
        check("postgres://u:p%2F@h:1/db", "postgres://u:p%2F@h:1/test");
        check("postgres://h", "postgres://h/test");
        check("postgres://h?sslmode=disable", "postgres://h/test?sslmode=disable");
        check("postgresql:///db?host=/run/postgresql", "postgresql:///test?host=/run/postgresql");
        for malformed in ["host=localhost dbname=db", "postgres://u:sec/ret@h/db"] {
            let error = with_database(malformed, "test").map_err(|error| error.to_string());
            assert!(error.is_err_and(|error| !error.contains("sec") && !error.contains("ret")), "{malformed}");
        }
    }

    #[test]
    fn b11_a_url_that_may_be_shown() {
        let check = |url, expected: &str| assert_eq!(without_password(url), expected);
        check("postgres://u:p%2F@h:1/db", "postgres://u@h:1/db");
        check("postgres://u:p@ss@h/db", "postgres://u@h/db");
        check("postgres://u@h:1/db", "postgres://u@h:1/db");
        check("postgres://h:1/db?a=b", "postgres://h:1/db?a=b");
        check("postgres://h/db?password=p&a=b", "postgres://h/db?a=b");
        check("postgres://h/db?password=p", "postgres://h/db");
        check("u:p@h", "u@h");
        check("postgres://u:p?ss@h/db", "postgres://***");
        check("postgres://h:1/db?password=p@ss", "postgres://***");
        check("postgres://u:p@h/db?sslpassword=x&a=b", "postgres://u@h/db?a=b");
    }
}
