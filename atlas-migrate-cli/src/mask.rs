//! Texts that are shown, without the URLs and passwords in them.

use std::ffi::OsString;

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

#[cfg(test)]
mod tests {
    use super::*;

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
