//! Texts that are shown, without the passwords of the URLs in them.

/// The text, with a star for each character of a password, so that places in it stay what they are.
pub(super) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, behind) = rest.split_at(start + 3);
        shown += before;
        let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '\'' | '"' | '?');
        let authority = &behind[..behind.find(is_end).unwrap_or(behind.len())];
        let login = &authority[..authority.rfind('@').unwrap_or(0)];
        match login.split_once(':') {
            Some((user, password)) => shown += &format!("{user}:{}", stars(password)),
            None => shown += login,
        }
        rest = &behind[login.len()..];
    }
    parameters_masked(&(shown + rest))
}

/// Also those that are a parameter: `…?password=secret`.
fn parameters_masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("password=") {
        let (before, behind) = rest.split_at(start + "password=".len());
        shown += before;
        let end = behind.find(|c: char| c.is_whitespace() || matches!(c, '&' | '\'' | '"')).unwrap_or(behind.len());
        shown += &stars(&behind[..end]);
        rest = &behind[end..];
    }
    shown + rest
}

/// As many bytes, and no fewer characters.
fn stars(password: &str) -> String {
    "*".repeat(password.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(masked(text), expected);
    }

    #[test]
    fn passwords_are_not_shown() {
        check("no URL: a:b@c", "no URL: a:b@c");
        check("unexpected 'postgres://me:secret@h/a' found", "unexpected 'postgres://me:******@h/a' found");
        check("postgres://me@h/a", "postgres://me@h/a");
        check("postgres://me:a@b@h:1/a postgres://u:p@h", "postgres://me:***@h:1/a postgres://u:*@h");
        check("postgres://h:1/a@b", "postgres://h:1/a@b");
        check("u = \"postgres://u:pé@h?a=b\" # x", "u = \"postgres://u:***@h?a=b\" # x");
        check("postgres://h/a?password=p&user=u", "postgres://h/a?password=*&user=u");
        check("://", "://");
    }
}
