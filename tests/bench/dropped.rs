//! A future that is dropped, at every point at which it waits, leaves nothing behind.

use super::*;

fn two_benchmarks() -> Bencher {
    bencher(&[
        ("a.sql", "-- atlas:parameters SELECT 1\nSELECT $1::int"),
        ("b.sql", "INSERT INTO a VALUES (1) RETURNING (SELECT 1 FROM pg_sleep(0.01))"),
        ("c.sql", "SELECT * FROM nowhere"),
    ])
}

atlas_migrate_tests::dropped!(
    "CREATE TABLE a (id int)",
    |database| two_benchmarks().run(database),
    // Whether the next user is in no transaction, has the timeouts of the role and none of our statements; and the rows.
    "SELECT concat_ws(' ', now() = statement_timestamp(), current_setting('transaction_read_only'),
        current_setting('statement_timeout'), current_setting('lock_timeout'),
        (SELECT count(*) FROM pg_prepared_statements WHERE from_sql), (SELECT count(*) FROM a))",
    "t off 0 0 0 0"
);
