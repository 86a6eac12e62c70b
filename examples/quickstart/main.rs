//! A program that carries its migrations, and data for developers, and brings its database up to date when it boots.
//!
//! `cargo run --example quickstart`

use std::error::Error;

use atlas_migrate_examples::Database;
use sqlx::{PgPool, Row};

mod migrations {
    atlas_migrate::embed_migrations!("../migrations");
}

mod seeds {
    atlas_migrate::embed_seeds!("quickstart/seeds");
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

    println!("\nseeding");
    let report = seeds::run(&pool, "dev").await?;
    println!("{report}");

    println!("\nseeding again");
    let report = seeds::run(&pool, "dev").await?;
    println!("{report}");

    println!("\nusing it");
    let notes = sqlx::query("SELECT title, tags FROM tagged_notes ORDER BY title");
    for note in notes.fetch_all(&pool).await? {
        println!("{} {:?}", note.try_get::<String, _>("title")?, note.try_get::<Vec<String>, _>("tags")?);
    }

    pool.close().await;
    Ok(())
}
