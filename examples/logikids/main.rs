//! A database that an init script has built, with a table `schema_migrations` of another runner, is adopted; a migration that
//! failed is fixed and runs again; a development database begins again. The client is the blocking `postgres`.
//!
//! `cargo run --example logikids`

use std::error::Error;

use atlas_migrate::clean::Resetter;
use atlas_migrate::{ErrorKind, Migration, Migrations, Migrator};
use atlas_migrate_examples::{Database, all_well, refusal};
use postgres::{Client, NoTls};

mod migrations {
    atlas_migrate::embed_migrations!("logikids/migrations");
}

mod seeds {
    atlas_migrate::embed_seeds!("logikids/seeds");
}

mod checks {
    atlas_migrate::embed_checks!("logikids/checks");
}

/// Beside the `schema_migrations` that migration 000 makes.
const HISTORY: &str = "atlas_migrations";

fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    println!("on {database}");
    let mut client = Client::connect(database.url(), NoTls)?;

    println!("\nan init script has built the database, and users have been there");
    build(&mut client)?;
    what_was_there(&mut client)?;

    println!("\na run refuses, since the history is not its own");
    refusal(ErrorKind::ForeignHistory, migrations::run(&mut client))?;

    println!("\nadopting what the other runner says that is there");
    let migrator = migrations::migrator().table(HISTORY);
    let version = last_recorded(&mut client)?;
    println!("{}", migrator.baseline(&mut client, version)?);

    println!("\nrunning what is new");
    println!("{}", migrator.run(&mut client)?);
    what_was_there(&mut client)?;

    println!("\nwithout having been adopted it would not be broken either: every file can run again");
    println!("{}", migrator.clone().namespace("not adopted").run(&mut client)?);
    what_was_there(&mut client)?;

    println!("\na release with a migration that fails, and is rolled back");
    refusal(ErrorKind::Failed, release(include_str!("releases/first/006_nicknames.sql"))?.run(&mut client))?;
    expect(&mut client, "columns for nicknames", 0, "pg_attribute WHERE attname = 'nickname' AND NOT attisdropped")?;

    println!("\nthe next release, with the file fixed");
    let migrator = release(include_str!("releases/second/006_nicknames.sql"))?;
    println!("{}", migrator.run(&mut client)?);
    what_was_there(&mut client)?;

    println!("\nstatus");
    println!("{}", migrator.status(&mut client)?);

    println!("\nverifying");
    verify(&migrator, &mut client)?;

    println!("\na reset refuses, since nobody has said that the database may be lost");
    let resetter = Resetter::new(&migrator).schemas(["public"]);
    refusal(ErrorKind::Environment, resetter.run(&mut client))?;

    println!("\na reset of a database that is for development");
    seeds::seeder("dev").mark(&mut client)?;
    let adopted = migrator.snapshot(&mut client)?;
    println!("{}", resetter.run(&mut client)?);
    println!("{}", seeds::run(&mut client, "dev")?);
    expect(&mut client, "accounts", 1, "user_accounts")?;

    println!("\nthe new database beside the adopted one");
    let difference = adopted.diff(&migrator.snapshot(&mut client)?);
    println!("{difference}");
    if !difference.is_empty() {
        return Err("they differ".into());
    }
    Ok(())
}

/// The first four files, as `docker-entrypoint-initdb.d` runs them, and what has come since.
fn build(client: &mut Client) -> Result<(), postgres::Error> {
    for migration in &migrations::MIGRATIONS.as_slice()[..4] {
        client.batch_execute(&migration.up().sql())?;
    }
    client.batch_execute(include_str!("built.sql"))
}

fn what_was_there(client: &mut Client) -> Result<(), Box<dyn Error>> {
    expect(client, "migrations that the other runner recorded", 4, "schema_migrations")?;
    expect(client, "accounts with an invite code", 2, "user_accounts JOIN invite_codes ON code = invite_code")?;
    expect(client, "sealed boxes", 1, "user_sync_data WHERE sealed = '\\x2a'")
}

/// The version of the last file that the other runner has recorded.
fn last_recorded(client: &mut Client) -> Result<String, Box<dyn Error>> {
    let file: String = client.query_one("SELECT max(filename) FROM schema_migrations", &[])?.get(0);
    let (version, _) = file.split_once('_').ok_or("the name of the file has no version")?;
    Ok(version.to_owned())
}

/// The program as a later release has it, with one migration more.
fn release(nicknames: &str) -> Result<Migrator, atlas_migrate::Error> {
    let file = |migration: &Migration| {
        (format!("{}_{}.sql", migration.version(), migration.name()), migration.up().text().into_owned())
    };
    let known = migrations::MIGRATIONS.as_slice().iter().map(file);
    let files = known.chain([("006_nicknames.sql".to_owned(), nicknames.to_owned())]);
    Ok(Migrator::new(Migrations::from_files("logikids/migrations", files)?).table(HISTORY))
}

fn verify(migrator: &Migrator, client: &mut Client) -> Result<(), Box<dyn Error>> {
    let report = checks::verifier().migrations(migrator).run(client)?;
    println!("{report}");
    all_well("the database", report.passed())
}

/// Prints how many rows there are, which have to be so many.
fn expect(client: &mut Client, what: &str, expected: i64, rows: &str) -> Result<(), Box<dyn Error>> {
    let found: i64 = client.query_one(&format!("SELECT count(*) FROM {rows}"), &[])?.get(0);
    println!("{what}: {found}");
    if found != expected {
        return Err(format!("{what}: there should be {expected}").into());
    }
    Ok(())
}
