//! A program that carries its migrations, and brings its database up to date when it boots.
//!
//! `cargo run --example quickstart`

use std::error::Error;

use atlas_migrate_examples::Database;
use sqlx::{PgPool, Row};

mod migrations {
    atlas_migrate::embed_migrations!("../migrations");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    println!("on {database}");
    let pool = PgPool::connect(database.url()).await?;

    println!("\nbooting");
    let report = migrations::run(&pool).await?;
    println!("{report}");

    println!("\nbooting again");
    let report = migrations::run(&pool).await?;
    println!("{report}");
    if report.is_empty() {
        println!("(found out in one round trip)");
    }

    println!("\nstatus");
    let status = migrations::migrator().status(&pool).await?;
    println!("{status}");

    println!("\nusing it");
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql(
        "INSERT INTO notes (title) VALUES ('Buy milk'), ('Call home');
         INSERT INTO tags (note, name) SELECT max(id), 'phone' FROM notes",
    )
    .execute(&mut *transaction)
    .await?;
    let notes = sqlx::query("SELECT title, coalesce(tags, '{}') AS tags FROM tagged_notes ORDER BY id DESC LIMIT 2");
    for note in notes.fetch_all(&mut *transaction).await? {
        println!("{} {:?}", note.try_get::<String, _>("title")?, note.try_get::<Vec<String>, _>("tags")?);
    }
    transaction.rollback().await?;

    pool.close().await;
    Ok(())
}
