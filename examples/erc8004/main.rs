//! A database of events that happened on chains: pairs of up and down files, what depends on the server, what must be so before
//! a migration runs, what is optional, a listener that is told of new events, and a report of how the database is used.
//!
//! `cargo run --example erc8004`

use std::error::Error;
use std::time::Duration;

use atlas_migrate::{ErrorKind, Revert, Target, usage};
use atlas_migrate_examples::{Database, all_well, refusal};
use sqlx::postgres::{PgConnectOptions, PgListener};
use sqlx::{AssertSqlSafe, Executor, PgPool, Row, raw_sql};

mod migrations {
    atlas_migrate::embed_migrations!("erc8004/migrations");
}

mod seeds {
    atlas_migrate::embed_seeds!("erc8004/seeds");
}

mod checks {
    atlas_migrate::embed_checks!("erc8004/checks");
}

/// How long the listener waits.
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    println!("on {database}");
    let pool = PgPool::connect(database.url()).await?;
    let migrator = migrations::migrator();

    println!("\nmigrating up to the table of events");
    println!("{}", migrator.clone().target(Target::Version("20260301000008".into())).run(&pool).await?);

    println!("\na listener is told of a new event");
    listen(&pool).await?;

    println!("\nwhile there are events, the table stays as it is");
    refusal(ErrorKind::Precondition, migrator.run(&pool).await)?;

    println!("\nwithout them, all the others run that are for this server, and not optional");
    pool.execute("DELETE FROM events").await?;
    println!("{}", migrator.run(&pool).await?);

    println!("\nstatus");
    println!("{}", migrator.status(&pool).await?);

    println!("\nreverting the last two, and then all");
    println!("{}", migrator.revert(&pool, Revert::Steps(2)).await?);
    println!("{}", migrator.revert(&pool, Revert::All).await?);
    expect(&pool, "tables that are left, except the history", 0, LEFT).await?;

    println!("\nall of it as one file, schema.sql, which any client can run; this one asks for what is optional");
    pool.close().await;
    let options = database.url().parse::<PgConnectOptions>()?.options([("erc8004.agent_tokens", "on")]);
    let pool = PgPool::connect_with(options).await?;
    let schema = migrator.script()?;
    for title in schema.lines().filter(|line| line.starts_with("-- 2026")) {
        println!("{title}");
    }
    pool.execute(raw_sql(AssertSqlSafe(schema))).await?;
    println!("a run finds that there is nothing to do: {}", migrator.run(&pool).await?);
    expect(&pool, "tables of what is optional", 1, "pg_tables WHERE tablename = 'agent_mcp_tokens'").await?;

    println!("\nseeding");
    println!("{}", seeds::run(&pool, "dev").await?);

    println!("\nthe time of a change is that of the change");
    pool.execute("UPDATE users SET name = 'Alice Liddell' WHERE email = 'alice@example.com'").await?;
    expect(&pool, "users that were changed after they were made", 1, "users WHERE updated_at > created_at").await?;

    println!("\nverifying");
    let report = checks::verifier().migrations(&migrations::MIGRATIONS).run(&pool).await?;
    println!("{report}");

    println!("\nhow the database is used");
    pool.execute("ANALYZE").await?;
    // Its own connection is not in the report; this one is.
    let other = pool.acquire().await?;
    println!("{}", usage::read(&pool).await?);
    drop(other);

    pool.close().await;
    all_well("the database", report.passed())
}

/// What `DROP TABLE` has to have dropped.
const LEFT: &str = "pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'";

/// Prints what a listener is told when somebody records an event.
async fn listen(pool: &PgPool) -> Result<(), Box<dyn Error>> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("new_event").await?;
    pool.execute(
        "INSERT INTO events (happened_at, chain, block, registry, agent, payload)
         VALUES ('2026-03-02 08:00:00+00', 11155111, 1, 'reputation', 42, '{\"score\": 4}')",
    )
    .await?;
    let told = tokio::time::timeout(PATIENCE, listener.recv()).await;
    let told = told.map_err(|_| format!("the listener was told of no new event within {} s", PATIENCE.as_secs()))??;
    println!("{}: {}", told.channel(), told.payload());
    Ok(())
}

/// Prints how many rows there are, which have to be so many.
async fn expect(pool: &PgPool, what: &str, expected: i64, rows: &str) -> Result<(), Box<dyn Error>> {
    let query = AssertSqlSafe(format!("SELECT count(*) FROM {rows}"));
    let found: i64 = sqlx::query(query).fetch_one(pool).await?.try_get(0)?;
    println!("{what}: {found}");
    if found != expected {
        return Err(format!("{what}: there should be {expected}").into());
    }
    Ok(())
}
