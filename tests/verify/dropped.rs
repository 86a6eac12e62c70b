//! A future that is dropped, at every point at which it waits, leaves nothing behind.

use super::*;

fn three_queries() -> Verifier {
    verifier(&[
        ("a.sql", "SELECT 1 WHERE false"),
        ("b.sql", "SELECT * FROM nowhere"),
        ("c.sql", "SELECT 1 FROM pg_sleep(0.01)"),
    ])
}

atlas_migrate_tests::dropped!(
    "",
    |database| three_queries().run(database),
    // Whether the next user is in no transaction, and has the timeout of the role.
    "SELECT concat_ws(' ', now() = statement_timestamp(), current_setting('transaction_read_only'),
        current_setting('statement_timeout'))",
    "t off 0"
);
