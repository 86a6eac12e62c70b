//! What a script may do to the session that it runs in.

use std::collections::BTreeSet;

use crate::migration::Script;
use crate::statement::Statement;

impl Script {
    /// Whether it may leave something in the session: it does more than define, change and drop objects that are not temporary.
    ///
    /// What a default or an event trigger does to the session is not seen here.
    pub fn may_change_session(&self) -> bool {
        const HARMLESS: [&str; 6] = ["create", "alter", "drop", "comment", "grant", "revoke"];
        let text = self.text();
        let is_harmless = |statement: &Statement| {
            let word = text[statement.range.clone()].split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
            HARMLESS.iter().any(|harmless| word.eq_ignore_ascii_case(harmless))
        };
        // A table that is made of a query is made by whatever functions the query calls; `TEMP`, `TEMPORARY`, `pg_temp`.
        let lowercase = text.to_ascii_lowercase();
        ["select", "temp"].iter().any(|word| lowercase.contains(word)) || !self.statements().iter().all(is_harmless)
    }

    /// The settings of one's own (`app.tenant`) that it seems to set, its functions and blocks included, in lower case.
    ///
    /// The server does not list such settings, so that one has to know their names to put them back. Found by the words `SET`
    /// and `set_config` wherever they stand: a name too many does no harm.
    pub fn custom_settings(&self) -> BTreeSet<String> {
        custom_settings(&self.text())
    }
}

/// The settings of one's own that this text seems to set, in lower case.
pub fn custom_settings(text: &str) -> BTreeSet<String> {
    let text = text.to_lowercase();
    const QUOTES: [char; 2] = ['\'', '"'];
    let is_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.') || QUOTES.contains(&c);
    let name = |(start, word): (usize, &str)| {
        if text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let rest = &text[start + word.len()..];
        let rest = match rest.strip_prefix("_config") {
            Some(arguments) => arguments.trim_start().strip_prefix('(')?.trim_start(),
            None => {
                let rest = rest.strip_prefix(char::is_whitespace)?.trim_start();
                let scope = ["session", "local"].iter().find_map(|scope| rest.strip_prefix(scope));
                scope.filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(rest).trim_start()
            }
        };
        let name = rest.split(|c| !is_of_a_name(c)).next()?.replace(QUOTES, "");
        let is_custom = name.split('.').count() > 1 && !name.split('.').any(str::is_empty);
        is_custom.then_some(name)
    };
    text.match_indices("set").filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Syntax;

    #[track_caller]
    fn check(text: &'static str, names: &[&str]) {
        let found = Script::parse("a.sql", text, Syntax::Parser).unwrap().custom_settings();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), names, "{text}");
    }

    #[test]
    fn settings_of_ones_own() {
        check("SET app.tenant = '7';", &["app.tenant"]);
        check("set\n  App.Tenant TO 7; SET SESSION b.c = 1; SET LOCAL d.e = 1;", &["app.tenant", "b.c", "d.e"]);
        check("SET \"app\".\"tenant\" = 1; SET a.b.c = 1; SET session.a = 1;", &["a.b.c", "app.tenant", "session.a"]);
        check(
            "SELECT set_config('app.tenant', '7', false), pg_catalog.set_config ( 'a.b', '1', true);",
            &["a.b", "app.tenant"],
        );
        check("DO 'BEGIN PERFORM set_config(''app.tenant'', ''7'', false); END';", &["app.tenant"]);
        check("DO $$ BEGIN PERFORM set_config('größe.x', '7', false); SET a_1.b$ = 1; END $$;", &["a_1.b$", "größe.x"]);
    }

    #[test]
    fn other_settings() {
        check("SET search_path = a, b;", &[]);
        check("SELECT set_config('search_path', '', false), set_config(name, 'a.b', false) FROM names;", &[]);
        check("RESET app.tenant; CREATE TABLE offset_ (reset text); UPDATE t SET a = b.c FROM b;", &[]);
        check("SELECT 'SET', 'set_config', 'SET .a', 'SET a.', 'set';", &[]);
    }
}
