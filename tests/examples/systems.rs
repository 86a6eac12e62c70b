//! The systems in miniature: what their examples prove, and that they fail when something is not so.

use atlas_migrate::testing;
use atlas_migrate::verify::{Checks, Verdict, Verifier};
use atlas_migrate_tests::Database;

use super::{WORKSPACE, example, redacted, run, said};

/// The text has these lines, in this order.
#[track_caller]
fn check(text: &str, lines: &[&str]) {
    let mut rest = text.lines();
    for line in lines {
        assert!(rest.any(|other| other == *line), "there is no line {line:?}, or it is not in its place, in\n{text}");
    }
}

/// Runs an example on a database that it has been on before and that was changed since: it fails, and says this.
#[track_caller]
fn check_changed(name: &str, change: &str, lines: &[&str]) {
    let database = Database::new();
    example(name, Some(&database));
    database.query(change);
    check_failing(name, &database, lines);
}

#[track_caller]
fn check_failing(name: &str, database: &Database, lines: &[&str]) {
    let output = run(name, Some(&database.url()));
    let text =
        redacted(&[output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat());
    assert_eq!(output.status.code(), Some(1), "{text}");
    check(&text, lines);
}

#[test]
fn atlast() {
    check(
        &said("atlast"),
        &[
            "applied 001 schema [n] ms",
            "kept notification_queue sent 7 days ago",
            "kept notification_queue pending for a year",
            "kept notification_queue failed 30 days ago",
            "gone notification_queue sent 7 days and 1 microsecond ago",
            "gone notification_queue failed 30 days and 1 microsecond ago",
            "kept oauth_sessions expires now",
            "gone oauth_sessions expired 1 microsecond ago",
            "kept oauth_states made 1 hour ago",
            "gone oauth_states made 1 hour and 1 microsecond ago",
            "kept user_sessions expires now",
            "gone user_sessions expired 1 microsecond ago",
            "marble_kitchen 0.82",
            "marblekitchen 0.58",
            "transient notification_queue 0",
            "persistent source_accounts 6",
            "persistent partner_api_keys 0",
            "pass extension uuid-ossp [n] ms 1.1",
            "pass function cleanup_transient_data() [n] ms",
            "pass index source_accounts_similar on source_accounts [n] ms",
            "pass rows of notification_queue [n] ms 0",
            "pass atlast/checks/060_similar_names.sql (names that are only similar match, others do not) [n] ms",
            "40 passed, 0 failed, 0 skipped in [n] ms",
        ],
    );
}

#[test]
fn atlast_with_another_schema() {
    check_changed(
        "atlast",
        "DROP INDEX notification_queue_by_match; INSERT INTO partner_api_keys (partner, key_hash) VALUES ('p', 'k')",
        &[
            "FAIL index notification_queue_by_match on notification_queue [n] ms",
            "index: expected an index, found none",
            "FAIL rows of partner_api_keys [n] ms",
            "FAIL atlast/checks/040_foreign_keys.sql (every foreign key has an index that begins with its columns) [n] ms",
            "table: notification_queue, foreign_key: notification_queue_match_fkey",
            "37 passed, 3 failed, 0 skipped in [n] ms",
            "Error: \"the database is not as it should be\"",
        ],
    );
}

#[test]
fn atlast_with_other_rules_of_retention() {
    check_changed(
        "atlast",
        "CREATE OR REPLACE FUNCTION cleanup_transient_data() RETURNS TABLE (cleaned text, removed bigint) LANGUAGE sql
         AS $$ DELETE FROM user_sessions WHERE expires_at <= now() RETURNING 'user_sessions', 1::bigint $$",
        &[
            "gone user_sessions expires now",
            "gone user_sessions expired 1 microsecond ago",
            "Error: \"the cleanup was wrong about 5 of 11 rows\"",
        ],
    );
}

#[test]
fn logikids() {
    check(
        &said("logikids"),
        &[
            "the table \"public\".\"schema_migrations\" exists, and is not a history of atlas-migrate",
            "= note: its columns: filename applied_at; the form is none that is known",
            "baseline 000 schema_migrations [n] ms",
            "baseline 003 user_accounts [n] ms",
            "applied 004 refresh_tokens [n] ms",
            "applied 005 add_revoked_to_accounts [n] ms",
            "migrations that the other runner recorded: 4",
            "accounts with an invite code: 2",
            "applied 000 schema_migrations [n] ms",
            "applied 005 add_revoked_to_accounts [n] ms",
            "accounts with an invite code: 2",
            "migration 006 nicknames failed: column \"nickname\" of relation \"user_accounts\" contains null values",
            "--> logikids/migrations/006_nicknames.sql:6:1",
            "= note: rolled back: nothing of it took effect",
            "columns for nicknames: 0",
            "applied 006 nicknames [n] ms",
            "accounts with an invite code: 2",
            "003 user_accounts baseline [time] by postgres in [n] ms 2025-10-05 Accounts Who has registered, and with \
             which invite code",
            "005 add_revoked_to_accounts applied [time] by postgres in [n] ms 2025-11-02 Revoked accounts An account that \
             is closed stays, so that its name is not given again",
            "pass table schema_migrations [n] ms",
            "18 passed, 0 failed, 0 skipped in [n] ms",
            "the database postgres is not marked as one of an environment",
            "dropped: 7",
            "applied 000 schema_migrations [n] ms",
            "applied 006 nicknames [n] ms",
            "accounts: 1",
            "the new database beside the adopted one",
            "no difference",
        ],
    );
}

/// Somebody else's table has the name of one of the system's, so `IF NOT EXISTS` leaves it as it is.
#[test]
fn logikids_on_a_table_of_somebody_else() {
    let database = Database::new();
    database.query("CREATE TABLE refresh_tokens (token_hash text PRIMARY KEY, user_id text, expires_at timestamptz)");
    check_failing(
        "logikids",
        &database,
        &[
            "applied 006 nicknames [n] ms",
            "FAIL table refresh_tokens [n] ms",
            "column user_id: expected uuid, found text",
            "17 passed, 1 failed, 0 skipped in [n] ms",
            "Error: \"the database is not as it should be\"",
        ],
    );
}

#[test]
fn erc8004() {
    let text = said("erc8004");
    check(
        &text,
        &[
            "applied 20260301000008 events [n] ms",
            "a listener is told of a new event",
            "while there are events, the table stays as it is",
            "= note: nothing of it ran",
            "skipped 20260301000013 agent_mcp_tokens [n] ms",
            "20260301000013 agent_mcp_tokens skipped [time] by postgres in [n] ms 2026-03-06 Tokens of agents Optional: for \
             those who set erc8004.agent_tokens to on",
            "reverted 20260301000013 agent_mcp_tokens [n] ms",
            "reverted 20260301000001 extensions [n] ms",
            "tables that are left, except the history: 0",
            "-- 20260301000001 extensions: erc8004/migrations/20260301000001_extensions.up.sql",
            "-- 20260301000013 agent_mcp_tokens: erc8004/migrations/20260301000013_agent_mcp_tokens.up.sql",
            "a run finds that there is nothing to do: up to date",
            "tables of what is optional: 1",
            "seeded dev/010_users.csv (3 rows, [n] ms)",
            "users that were changed after they were made: 1",
            "pass trigger users_touch on users [n] ms",
            "pass rows of events [n] ms 5",
            "pass erc8004/checks/050_by_week.sql (events are kept by the week, whoever does it) [n] ms",
            "37 passed, 0 failed, 0 skipped in [n] ms",
            "table total heap indexes toast rows",
            "index size scans",
            "connections number application",
        ],
    );
    assert!(text.contains("\nnew_event: {\"id\": "), "{text}");
    // One of the two is for the server; which of them is not is recorded.
    let [hypertable, partitions] = ["20260301000009 events_as_hypertable", "20260301000010 events_in_partitions"];
    for lines in [
        [format!("applied {hypertable} [n] ms"), format!("skipped {partitions} [n] ms")],
        [format!("skipped {hypertable} [n] ms"), format!("applied {partitions} [n] ms")],
    ] {
        if text.contains(&lines[0]) {
            check(&text, &[&lines[0], &lines[1]]);
        }
    }
    let stopped = "was stopped: there are events: move them away, and put them back when it is done";
    assert!(
        [hypertable, partitions].iter().any(|name| text.contains(&format!("migration {name} {stopped}"))),
        "{text}"
    );
}

/// Nobody is told of an event where triggers do not fire.
#[test]
fn erc8004_without_triggers() {
    let database = Database::new();
    let replica = "EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database())";
    database.query(&format!("DO $$ BEGIN {replica}; END $$"));
    check_failing(
        "erc8004",
        &database,
        &["applied 20260301000008 events [n] ms", "Error: \"the listener was told of no new event within [n] ms\""],
    );
}

#[test]
fn erc8004_with_other_data() {
    let database = Database::new();
    example("erc8004", Some(&database));
    database
        .query("DELETE FROM checkpoints WHERE chain = 84532; UPDATE users SET password_hash = '' WHERE name = 'Bob'");
    database.query(
        "ALTER TABLE users DISABLE TRIGGER users_touch; UPDATE events SET happened_at = '2026-03-02 12:00:00+00'",
    );
    let mut client = postgres::Client::connect(&database.url(), postgres::NoTls).unwrap();
    let checks = Checks::from_directory(format!("{WORKSPACE}/examples/erc8004/checks")).unwrap();
    let report = Verifier::new(checks).run(&mut client).unwrap();
    let failed = report.checks().iter().filter(|check| check.verdict() == Verdict::Fail);
    let expected = ["trigger users_touch on users", "rows of checkpoints", "030_passwords.sql", "050_by_week.sql"];
    let names: Vec<_> = failed.map(|check| check.name().rsplit('/').next().unwrap()).collect();
    assert_eq!(names, expected, "{report}");
}

mod migrations {
    atlas_migrate::embed_migrations!("../examples/erc8004/migrations");
}

/// Each down file takes back what its up file has made.
#[test]
fn erc8004_forth_and_back() {
    testing::validate(migrations::migrator()).unwrap();
}
