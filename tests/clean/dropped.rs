//! A run whose future is dropped, at every point at which it waits, leaves nothing behind.

use atlas_migrate::clean::Resetter;
use atlas_migrate_tests::dropped::{connect, dropped_after};
use atlas_migrate_tests::migrator;

use super::*;

/// What the client's next user should find: no transaction, no locks on tables, and its own settings.
const NEXT_USER: &str = "SELECT concat_ws(' ', now() = statement_timestamp(), current_setting('lock_timeout'), current_setting('row_security'),
    (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode IN ('ExclusiveLock', 'AccessExclusiveLock')
     AND locktype IN ('relation', 'advisory')))";

/// Drops what the verb gives after each number of polls, until it comes to its end. The answers are what may be found then.
#[allow(clippy::needless_pass_by_value, reason = "a closure")]
fn check<T>(
    verb: impl AsyncFn(&mut tokio_postgres::Client) -> Result<T, atlas_migrate::Error>,
    question: &str,
    answers: &[&str],
) {
    for polls in 1..100 {
        let tables = "CREATE TABLE a AS SELECT 1; CREATE TABLE b AS SELECT generate_series(1, 200)";
        let (database, _) = with(Driver::Postgres, tables);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (outcome, next_user) = runtime.block_on(async {
            let mut client = connect(&database.url()).await;
            let outcome = dropped_after(polls, verb(&mut client)).await;
            (outcome, client.simple_query(NEXT_USER).await.unwrap())
        });
        let next_user = next_user.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        assert_eq!(next_user, Some("t 0 on 0"), "after {polls} polls");
        let answer = database.value(question);
        assert!(answers.contains(&answer.as_str()), "after {polls} polls: {answer}");
        if let Some(outcome) = outcome {
            outcome.unwrap_or_else(|error| panic!("{error}"));
            assert!(polls > 1, "it came to its end without waiting");
            return;
        }
    }
    panic!("100 polls were not enough");
}

#[test]
fn cleaning() {
    let rows = "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b)";
    check(async |client| Cleaner::new().run(client).await, rows, &["201", "0"]);
}

#[test]
fn resetting() {
    let migrator = migrator(&[("1_c.sql", "CREATE TABLE c AS SELECT 1")]);
    let tables = "SELECT coalesce(string_agg(relname, ' ' ORDER BY relname), '') FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname !~ '^schema_'";
    check(async |client| Resetter::new(migrator.clone()).run(client).await, tables, &["a b", "", "c"]);
}
