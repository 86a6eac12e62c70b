//! Passwords in a file, as psql reads them: `~/.pgpass`, or where `PGPASSFILE` says.

use std::io;
use std::path::{Path, PathBuf};

use atlas_migrate::__private::cli::plain;

/// Whose password is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Login<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password for a login, and what is to be said about the file.
pub(super) fn find(file: Option<&str>, login: Login<'_>) -> (Option<String>, Option<String>) {
    let in_home = || std::env::home_dir().map(|home| home.join(".pgpass"));
    let Some(path) = file.map(PathBuf::from).or_else(in_home) else { return (None, None) };
    let text = match plain::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (None, None),
        Err(error) => return (None, Some(format!("{} is left alone: {error}", path.display()))),
    };
    if is_open(&path) {
        let warning = format!("{} is left alone, since others may read it: chmod 600", path.display());
        return (None, Some(warning));
    }
    (text.lines().find_map(|line| of_line(line, login)), None)
}

/// Whether others than its owner have rights on a file.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

fn of_line(line: &str, login: Login<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    // The socket in a server's own folder goes by this name.
    let host = if matches!(login.host, "/var/run/postgresql" | "/tmp") { "localhost" } else { login.host };
    let port = login.port.to_string();
    let mut rest = line;
    for wanted in [host, &port, login.database, login.user] {
        let (field, behind) = field(rest);
        rest = behind?;
        // What is escaped is no wildcard, and a socket may also be named by its folder.
        let is_folder = host != login.host && field == login.host && wanted == host;
        if field != "*" && field != wanted && !is_folder {
            return None;
        }
    }
    Some(field(rest).0)
}

/// What stands before the first colon that is not escaped, and what stands behind it.
fn field(text: &str) -> (String, Option<&str>) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            ':' => return (value, Some(&text[index + 1..])),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: Login<'_> = Login { host: "h", port: 5432, database: "app", user: "me" };

    #[track_caller]
    fn check(line: &str, login: Login<'_>, expected: Option<&str>) {
        assert_eq!(of_line(line, login).as_deref(), expected, "{line}");
    }

    #[test]
    fn lines() {
        check("h:5432:app:me:secret", LOGIN, Some("secret"));
        check("*:*:*:*:secret", LOGIN, Some("secret"));
        check("h:5432:app:me:a\\:b\\\\c", LOGIN, Some("a:b\\c"));
        check("h:5432:app:me:a b ", LOGIN, Some("a b "));
        for other in
            ["", "#h:5432:app:me:secret", "h:5433:app:me:secret", "h:5432:app:you:s", "h:5432:app", "x:*:*:*:s"]
        {
            check(other, LOGIN, None);
        }
    }

    #[test]
    fn sockets() {
        let socket = Login { host: "/tmp", ..LOGIN };
        check("localhost:*:*:*:secret", socket, Some("secret"));
        check("/tmp:*:*:*:secret", socket, Some("secret"));
        check("localhost:*:*:*:secret", Login { host: "/elsewhere", ..LOGIN }, None);
        check("/elsewhere:*:*:*:secret", Login { host: "/elsewhere", ..LOGIN }, Some("secret"));
    }
}
