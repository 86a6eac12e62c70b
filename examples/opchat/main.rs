//! A chat server's database: three roles that may do just what they need, a small set of data for development, a large one
//! that the program makes itself as if people had written for four months, and the proof of all of it.
//!
//! `cargo run --example opchat`

use std::error::Error;

use atlas_migrate::clean::{Cleaner, Resetter};
use atlas_migrate::roles::{Login, Roles};
use atlas_migrate::seed::Seeder;
use atlas_migrate::setup::Setup;
use atlas_migrate::{Event, Migrator};
use atlas_migrate_examples::{Database, all_well};
use sqlx::{Executor, PgPool, Row};

pub mod people;
pub mod talk;
pub mod world;

mod migrations {
    atlas_migrate::embed_migrations!("opchat/migrations");
}

mod seeds {
    atlas_migrate::embed_seeds!("opchat/seeds");
}

mod schema {
    atlas_migrate::embed_checks!("opchat/checks/schema");
}

mod small {
    atlas_migrate::embed_checks!("opchat/checks/small");
}

mod benchmarks {
    atlas_migrate::embed_benchmarks!("opchat/benchmarks");
}

mod population {
    atlas_migrate::embed_checks!("opchat/checks/population");
}

const OWNER: &str = "opchat_owner";
const ENVIRONMENT: &str = "dev";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    println!("on {database}");
    let admin = PgPool::connect(database.url()).await?;
    let done = show(&admin).await;
    admin.close().await;
    done
}

async fn show(admin: &PgPool) -> Result<(), Box<dyn Error>> {
    println!("\n== setting up: roles, migrations, the small set, checks");
    let report = setup().run(admin).await?;
    println!("{report}");
    all_well("the set-up", report.passed())?;
    println!("\nwhat was tried as the application:");
    for probe in report.proof().map_or(&[][..], |proof| proof.probes()) {
        if probe.what().starts_with("opchat_app: ") {
            println!("{probe}");
        }
    }
    let small = small::verifier().run(admin).await?;
    println!("\n{small}");
    all_well("the small set", small.passed())?;

    println!("\n== cleaning");
    let cleaner = Cleaner::new().role(OWNER).confirm(ENVIRONMENT);
    println!("{}\n", cleaner.plan(admin).await?);
    println!("{}", cleaner.run(admin).await?);

    println!("\n== populating");
    println!("{}", people_and_talk().run(admin).await?);
    println!("\nagain: {}", people_and_talk().run(admin).await?);

    println!("\n== verifying the population");
    let report = population::verifier().migrations(migrator()).run(admin).await?;
    println!("{report}");
    all_well("the population", report.passed())?;
    samples(admin).await?;

    println!("\n== benchmarks");
    admin.execute("ANALYZE").await?;
    let report = benchmarks::bencher().run(admin).await?;
    println!("{report}");
    all_well("what statements cost", report.passed())?;

    println!("\n== starting again");
    println!("{}\n", Resetter::new(migrator()).confirm(ENVIRONMENT).run(admin).await?);
    let report = setup().run(admin).await?;
    println!("{report}");
    all_well("the second set-up", report.passed())
}

fn migrator() -> Migrator {
    migrations::migrator().role(OWNER)
}

/// Nobody logs in as the owner; migrations run as it, and the application reads and writes rows.
fn roles() -> Roles {
    Roles::owned_by(OWNER)
        .migrator(Login::new("opchat_migration").password_from_env("OPCHAT_MIGRATION_PASSWORD"))
        .application(Login::new("opchat_app").password_from_env("OPCHAT_APP_PASSWORD"))
}

fn setup() -> Setup {
    Setup::new(migrator()).roles(roles()).seeds(seeds::seeder(ENVIRONMENT)).verify(schema::verifier())
}

/// The tables may come in any order: their foreign keys say in which they are loaded.
fn people_and_talk() -> Seeder {
    Seeder::new(atlas_migrate::seed::Seeds::empty(), ENVIRONMENT)
        .namespace("population")
        .role(OWNER)
        .generate(ENVIRONMENT, people::Users)
        .generate(ENVIRONMENT, talk::Chats)
        .generate(ENVIRONMENT, talk::Memberships)
        .generate(ENVIRONMENT, talk::Messages)
        .on_progress(|event| {
            if let Event::Seeding { seed, rows, total_rows: Some(total), .. } = event
                && (rows.is_multiple_of(5_000) || rows == total)
            {
                println!("{seed}: {rows} of {total} rows");
            }
        })
}

/// What somebody sees who looks into it.
async fn samples(pool: &PgPool) -> Result<(), sqlx::Error> {
    let query = "SELECT to_char(m.sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), u.display_name, left(m.body, 40)
        FROM messages m JOIN users u ON u.id = m.author ORDER BY m.id LIMIT 3";
    println!("\nsome messages:");
    for row in sqlx::query(query).fetch_all(pool).await? {
        let (at, who, what): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        println!("{at} {who}: {what}");
    }
    Ok(())
}
