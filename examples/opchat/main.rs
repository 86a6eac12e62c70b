//! A chat server's database with a large set of data that the program makes itself: the same each time, as if people had
//! written for four months, mostly during business hours.
//!
//! `cargo run --example opchat`

use std::error::Error;

use atlas_migrate::Event;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate_examples::Database;
use sqlx::PgPool;

pub mod check;
pub mod people;
pub mod talk;
pub mod world;

mod migrations {
    atlas_migrate::embed_migrations!("opchat/migrations");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    println!("on {database}");
    let pool = PgPool::connect(database.url()).await?;

    println!("\nmigrating");
    println!("{}", migrations::run(&pool).await?);

    println!("\nseeding");
    println!("{}", seeder().run(&pool).await?);

    println!("\nseeding again");
    println!("{}", seeder().run(&pool).await?);

    println!("\nchecking");
    let failed = check::population(&pool).await?;
    pool.close().await;
    if failed > 0 {
        return Err(format!("{failed} checks failed").into());
    }
    Ok(())
}

/// The tables may come in any order: their foreign keys say in which they are loaded.
fn seeder() -> Seeder {
    Seeder::new(Seeds::empty(), "demo")
        .generate("demo", people::Users)
        .generate("demo", talk::Chats)
        .generate("demo", talk::Memberships)
        .generate("demo", talk::Messages)
        .on_progress(|event| {
            if let Event::Seeding { seed, rows, total_rows: Some(total), .. } = event
                && (rows.is_multiple_of(5_000) || rows == total)
            {
                println!("{seed}: {rows} of {total} rows");
            }
        })
}
