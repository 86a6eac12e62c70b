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

/// The text without its times.
fn timeless(text: &str) -> String {
    atlas_migrate_tests::without_times(text)
}

/// Compares with the snapshot of this name, except what differs from run to run: times, the version, the role.
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
    check("json", |report| timeless(&report.to_json()));
}
