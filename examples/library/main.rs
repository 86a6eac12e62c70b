//! A library's tables beside those of the application, in one database and one history table.
//!
//! `cargo run --example library`

use std::error::Error;

use atlas_migrate_examples::Database;
use sqlx::PgPool;

pub mod jobs;

mod migrations {
    atlas_migrate::embed_migrations!("../migrations");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    println!("on {database}");
    let pool = PgPool::connect(database.url()).await?;

    println!("\nthe library's migrations");
    println!("{}", jobs::migrate(&pool).await?);

    println!("\nthe application's migrations");
    println!("{}", migrations::run(&pool).await?);

    println!("\nstatus of the library");
    println!("{}", jobs::migrator().status(&pool).await?);

    println!("\nstatus of the application");
    println!("{}", migrations::migrator().status(&pool).await?);

    pool.close().await;
    Ok(())
}
