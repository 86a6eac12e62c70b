//! The whole report, as people and programs read it.

use super::*;

const SQL: &str = "CREATE TABLE users (id int PRIMARY KEY, email varchar(20)); INSERT INTO users VALUES (1, NULL), (2, E'a\\x1b[31m\\nb');
    CREATE TABLE log (line text)";

const FILES: [(&str, &str); 4] = [
    (
        "010_users.toml",
        "[[table]]\nname = \"users\"\ncolumns = { id = \"int\", email = \"text\" }\n\n[[rows]]\ntable = \"users\"\nmax = 10\n",
    ),
    ("020_emails.sql", "-- Description: users have addresses\nSELECT * FROM users ORDER BY id"),
    ("030_three.sql", "-- atlas:check true\n-- Description: there are users\nSELECT count(*) > 0 FROM users"),
    ("040_hidden.sql", "SELECT * FROM pg_authid"),
];

/// The text with each time replaced by `0.0`, in the place that times have in a line.
fn timeless(text: &str) -> String {
    let mask = |line: &str| {
        let Some((before, after)) = line.split_once(" ms") else { return format!("{line}\n") };
        let number = before.rfind(' ').map_or(0, |space| space + 1);
        let (start, width) = if before[..number].ends_with("  ") { (before.len() - 8, 8) } else { (number, 3) };
        format!("{}{:>width$} ms{after}\n", &before[..start], "0.0")
    };
    text.lines().map(mask).collect()
}

/// Compares with the snapshot of this name, save for what differs from run to run: times, the version, the role.
#[track_caller]
fn check(name: &str, text: fn(&VerifyReport) -> String) {
    let database = Database::new();
    database.query(SQL);
    let role = Role::new(&database, "verify_report");
    database.query(&format!("GRANT SELECT ON users TO {}", role.name));
    let report = verify(&mut Driver::Postgres.connect(&database.url_as(&role.name)), &verifier(&FILES));
    let version = checked(&report, "server version").note().unwrap_or_default();
    insta::assert_snapshot!(name, role.masked(&text(&report).replace(version, "15.0")));
}

#[test]
fn text() {
    check("text", |report| timeless(&report.to_string()));
}

#[test]
fn colored() {
    check("colored", |report| {
        let text = report.colored().to_string();
        let colors = ["\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[90m", "\x1b[0m"];
        assert_eq!(colors.iter().fold(text.clone(), |text, color| text.replace(color, "")), report.to_string());
        timeless(&text).replace('\x1b', "ESC")
    });
}

#[test]
fn json() {
    check("json", |report| {
        let mask = |line: &str| match line.split_once("\"duration_ms\": ") {
            Some((before, after)) => {
                format!("{before}\"duration_ms\": 0.0{}\n", if after.ends_with(',') { "," } else { "" })
            }
            None => format!("{line}\n"),
        };
        report.to_json().lines().map(mask).collect()
    });
}
