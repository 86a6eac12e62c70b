//! A schema in one file, with what its operators want to know: are the extensions, tables and indexes there, do similar names
//! match, what does the cleanup remove, and what do the tables hold?
//!
//! `cargo run --example atlast`

use std::error::Error;

use atlas_migrate_examples::{Database, all_well};
use sqlx::{PgPool, Row};

pub mod retention;

mod migrations {
    atlas_migrate::embed_migrations!("atlast/migrations");
}

mod seeds {
    atlas_migrate::embed_seeds!("atlast/seeds");
}

mod checks {
    atlas_migrate::embed_checks!("atlast/checks");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    println!("on {database}");
    let pool = PgPool::connect(database.url()).await?;

    println!("\nmigrating");
    println!("{}", migrations::run(&pool).await?);

    println!("\nwhat the cleanup keeps, and what it removes");
    retention::prove(&pool).await?;

    println!("\ntest data, which is optional");
    println!("{}", seeds::run(&pool, "dev").await?);

    println!("\naccounts whose names are like \"marble-kitchens\"");
    similar(&pool, "marble-kitchens", &["marble_kitchen", "marblekitchen"]).await?;

    println!("\nrecords");
    for row in sqlx::query(include_str!("counts.sql")).fetch_all(&pool).await? {
        let (sort, table, count): (&str, &str, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        println!("{sort:<10}  {table:<19}  {count:>3}");
    }

    println!("\nverifying");
    let report = checks::verifier().migrations(&migrations::MIGRATIONS).run(&pool).await?;
    println!("{report}");

    pool.close().await;
    all_well("the database", report.passed())
}

/// Prints which accounts match a name, which have to be these.
async fn similar(pool: &PgPool, name: &str, expected: &[&str]) -> Result<(), Box<dyn Error>> {
    let query = "SELECT username, similarity(username, $1) FROM source_accounts WHERE username % $1 ORDER BY 2 DESC, 1";
    let mut found = Vec::new();
    for row in sqlx::query(query).bind(name).fetch_all(pool).await? {
        let (username, similarity): (String, f32) = (row.try_get(0)?, row.try_get(1)?);
        println!("{username:<16}  {similarity:.2}");
        found.push(username);
    }
    if found != expected {
        return Err(format!("{expected:?} should be like {name:?}, and {found:?} are").into());
    }
    Ok(())
}
