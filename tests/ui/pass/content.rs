//! What is embedded is what the file says.

use std::time::Duration;

use atlas_migrate::{Migration, Transaction};

mod directives {
    atlas_migrate::embed_migrations!("migrations/directives");
}

mod from_other_tools {
    atlas_migrate::embed_migrations!("migrations/from_other_tools");
}

fn main() {
    let header = directives::MIGRATIONS.as_slice()[0].up().header();
    assert_eq!(header.title.as_deref(), Some("001 users"));
    assert_eq!(header.description.as_deref(), Some("Who is who"));
    assert_eq!(header.date.as_deref(), Some("2025-01-23"));
    assert_eq!(header.lock_timeout, Some(Duration::from_secs(2)));
    assert_eq!(header.statement_timeout, Some(Duration::ZERO));
    assert!(header.compatible);
    assert_eq!(header.require[0].condition, "to_regclass('users') IS NULL");
    assert_eq!(header.require[0].message.as_deref(), Some("users exists already"));
    assert_eq!(header.require[1].message, None);
    assert_eq!(header.skip_unless.as_deref(), Some("current_setting('server_version_num')::int >= 130000"));

    let [wrapped, index, sqlx, crlf, unchecked] = from_other_tools::MIGRATIONS.as_slice() else {
        panic!("expected five migrations");
    };
    let table = |name| format!("CREATE TABLE {name} (id bigint PRIMARY KEY);\n");
    assert_eq!(wrapped.up().sql(), format!("     ;\n{}      ;\n", table("users")));
    assert_eq!(crlf.up().sql(), table("items"));
    let transaction = |migration: &Migration| migration.up().header().transaction;
    assert_eq!(
        [wrapped, index, sqlx, crlf, unchecked].map(transaction),
        [Transaction::Wrapped, Transaction::None, Transaction::None, Transaction::Wrapped, Transaction::Wrapped,]
    );
}
