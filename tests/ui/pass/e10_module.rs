//! What a module of migrations has: all the verbs, and the migrations one by one.

use atlas_migrate::{Database, Error, Repair, Report, Revert};

mod migrations {
    atlas_migrate::embed_migrations!("migrations/numbered");
}

/// A verb after the other, on whatever client.
fn all<'c, D: Database<'c>>(database: D) -> D::OutcomeWith<Report, Error> {
    database.in_one_session(|connection| {
        Box::pin(async move {
            migrations::run(&mut *connection).await?;
            migrations::plan(&mut *connection).await?;
            migrations::status(&mut *connection).await?;
            migrations::check(&mut *connection).await?;
            migrations::wait(&mut *connection).await?;
            migrations::rehearse(&mut *connection).await?;
            migrations::revert(&mut *connection, Revert::Last).await?;
            migrations::baseline(&mut *connection, "2").await?;
            migrations::repair(&mut *connection, "2", Repair::Applied).await?;
            migrations::migrator().target("2").run(&mut *connection).await
        })
    })
}

fn main() {
    let _ = all::<&mut atlas_migrate::Connection<'_>>;
    assert_eq!(migrations::MIGRATIONS.len(), 4);
    assert!(!migrations::MIGRATIONS.is_empty());
    let names = migrations::MIGRATIONS.iter().map(|migration| migration.version().to_string());
    assert_eq!(names.count(), 4);
    for migration in &migrations::MIGRATIONS {
        assert!(!migration.up().path().is_empty());
    }
}
