//! Texts that are shown, without the URLs and passwords in them.

use std::ffi::OsString;

use percent_encoding::percent_decode_str;

/// What stands for it.
const HIDDEN: &str = "***";

/// What clap says of arguments, without those that may have a password in them.
pub(super) fn without_secrets(text: &str, arguments: &[OsString]) -> String {
    let mut secrets = Vec::new();
    let mut is_url = false;
    for argument in arguments.iter().skip(1).map(|argument| argument.to_string_lossy()) {
        let value = argument.split_once('=').filter(|(name, _)| name.starts_with("--")).map(|(_, value)| value);
        let text = value.unwrap_or(&argument).to_owned();
        if is_url || may_be_secret(&text) {
            secrets.push(text);
        }
        is_url = argument == "--database-url";
    }
    // The longest first: one may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
}

/// Whether a text may be the URL of a database, or say a password in another way.
fn may_be_secret(text: &str) -> bool {
    text.contains("://") || text.contains('@') || text.to_ascii_lowercase().contains("password")
}

/// Whether the URL of a database may have a password in it.
pub(super) fn may_have_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let login = authority.rsplit_once('@').map_or("", |(login, _)| login);
    login.contains(':') || url.to_ascii_lowercase().contains("password")
}

/// The URL of a database without the password in it, and that password. Nothing of a URL that cannot be taken apart.
pub(super) fn without_password(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').map_or((rest, None), |(before, name)| (before, Some(name)));
    // Then the part before it may be one of a password.
    if database.is_some_and(|name| name.contains('@')) || query.contains('@') {
        return None;
    }
    let (login, servers) = authority.rsplit_once('@').map_or((None, authority), |(login, rest)| (Some(login), rest));
    let (user, mut password) = login.map_or((None, None), |login| match login.split_once(':') {
        Some((user, password)) => (Some(user), Some(password)),
        None => (Some(login), None),
    });
    let mut plain = format!("{scheme}://");
    plain.extend(user.map(|user| format!("{user}@")));
    plain += servers;
    plain.extend(database.map(|name| format!("/{name}")));
    let mut sign = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.strip_prefix("password=") {
            Some(value) => password = Some(value),
            None => {
                plain.push(std::mem::replace(&mut sign, '&'));
                plain += pair;
            }
        }
    }
    let password = percent_decode_str(password?).decode_utf8().ok()?;
    (!may_have_password(&plain)).then(|| (plain, password.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_split(url: &str, expected: Option<(&str, &str)>) {
        let split = without_password(url);
        assert_eq!(split.as_ref().map(|(url, password)| (url.as_str(), password.as_str())), expected, "{url}");
    }

    #[test]
    fn b3_urls_without_their_password() {
        check_split("postgres://me:x@h:1/a?sslmode=require", Some(("postgres://me@h:1/a?sslmode=require", "x")));
        check_split("postgresql://me:p%2F%3a@h", Some(("postgresql://me@h", "p/:")));
        check_split("postgres://me:a@b@h,i:2/a", Some(("postgres://me@h,i:2/a", "a@b")));
        check_split("postgres://me:a:b@[::1]:2/", Some(("postgres://me@[::1]:2/", "a:b")));
        check_split("postgres:///a?password=x&host=/tmp", Some(("postgres:///a?host=/tmp", "x")));
        check_split("postgres://me:old@h?password=new", Some(("postgres://me@h", "new")));
        check_split("postgres://me@h/a", None);
        // What cannot be taken apart is shown nowhere.
        for url in ["postgres://me:x/y@h/a", "postgres://me:1?x@h/a", "host=h password=x", "postgres://me:%ff@h"] {
            check_split(url, None);
        }
        check_split("postgres://me:x@h/a?Password=y", None);
    }

    #[track_caller]
    fn check(arguments: &[&str], expected: &str) {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        let said = format!("unexpected: {}", arguments[1..].join(&OsString::from(" ")).to_string_lossy());
        assert_eq!(without_secrets(&said, &arguments), format!("unexpected: {expected}"));
    }

    #[test]
    fn b11_arguments_without_secrets() {
        check(&["p", "run", "--nonsense"], "run --nonsense");
        check(&["p", "postgres://me:se/cret@h/a"], "***");
        check(&["p", "--database-url", "host=h key=secret", "run"], "--database-url *** run");
        check(&["p", "--database-url=postgres://me:a b@h", "run"], "--database-url=*** run");
        check(&["p", "--url=me:x@h", "me:x@h/a"], "--url=*** ***");
        check(&["p", "PGPASSWORD=x"], "***");
    }

    #[test]
    fn b11_urls_that_may_have_a_password() {
        for url in
            ["postgres://me:x@h", "postgres://me:x/y@h", "postgres://h?password=x", "host=h password=x", "me:x@h"]
        {
            assert!(may_have_password(url), "{url}");
        }
        for url in ["postgres://me@h", "postgres://h:1/a", "postgres:///a", "host=h"] {
            assert!(!may_have_password(url), "{url}");
        }
    }
}
