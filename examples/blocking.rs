//! Without async: the client `postgres`, some of the options, and the verbs that write nothing.
//!
//! `cargo run --example blocking`

use std::error::Error;
use std::time::Duration;

use atlas_migrate::Event;
use atlas_migrate_examples::Database;
use postgres::{Client, NoTls};

mod migrations {
    atlas_migrate::embed_migrations!("../migrations");
}

fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    println!("on {database}");
    let mut client = Client::connect(database.url(), NoTls)?;

    let migrator = migrations::migrator().lock_timeout(Duration::from_secs(1)).on_progress(|event| {
        if let Event::Started { migration, remaining } = event {
            println!("{} begins, {remaining} to go", migration.version());
        }
    });

    println!("\nplan");
    println!("{}", migrator.plan(&mut client)?);

    println!("\nrun");
    println!("{}", migrator.run(&mut client)?);

    println!("\ncheck");
    migrator.check(&mut client)?;
    println!("this database is what this binary needs");
    Ok(())
}
