//! `cargo bench -p atlas-migrate-benches --bench compile_time`: how long a cold build of a small program takes with sqlx
//! alone, and with atlas-migrate beside it.
//!
//! The programs are made in the target folder, with the versions of this workspace's `Cargo.lock`. Each build begins with
//! nothing but sources; what takes least time of so many counts. Give the machine nothing else to do meanwhile.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, io};

const BUILDS: usize = 2;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const MANIFEST: &str = r#"
[package]
name = "NAME"
edition = "2024"

[workspace]

[dependencies]
sqlx = { version = "0.9", default-features = false, features = [SQLX] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
"#;

const PROGRAM: &str = r#"
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = sqlx::PgPool::connect("postgresql://localhost/app").await?;
    MIGRATE
    sqlx::query("SELECT 1").execute(&pool).await?;
    Ok(())
}
"#;

/// What a program has of sqlx, and whether it has atlas-migrate.
#[derive(Clone, Copy)]
struct Program {
    name: &'static str,
    sqlx: &'static str,
    atlas_migrate: bool,
}

const SMALL: &str = r#""postgres", "runtime-tokio""#;
const USUAL: &str = r#""postgres", "runtime-tokio", "macros", "migrate""#;

const PAIRS: [(&str, [Program; 2]); 2] = [
    ("sqlx with no more than it needs", pair(["small", "small-with"], SMALL)),
    ("sqlx with its macros and migrations", pair(["usual", "usual-with"], USUAL)),
];

const fn pair([without, with]: [&'static str; 2], sqlx: &'static str) -> [Program; 2] {
    [Program { name: without, sqlx, atlas_migrate: false }, Program { name: with, sqlx, atlas_migrate: true }]
}

fn make(program: Program) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_time").join(program.name);
    fs::create_dir_all(folder.join("src"))?;
    fs::create_dir_all(folder.join("migrations"))?;
    let mut manifest = MANIFEST.replace("NAME", program.name).replace("SQLX", program.sqlx);
    let mut main = PROGRAM.to_owned();
    if program.atlas_migrate {
        let path = Path::new(WORKSPACE).join("atlas-migrate");
        manifest += &format!("atlas-migrate = {{ path = {path:?}, features = [\"sqlx\"] }}\n");
        main = main.replace("MIGRATE", "migrations::run(&pool).await?;")
            + "mod migrations { atlas_migrate::embed_migrations!(); }\n";
    } else {
        main = main.replace("MIGRATE", "");
    }
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), main)?;
    fs::write(folder.join("migrations/001_users.sql"), "CREATE TABLE users (id bigint PRIMARY KEY);\n")?;
    fs::copy(Path::new(WORKSPACE).join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(folder)
}

/// One build that begins with nothing but sources.
fn build(folder: &Path, profile: &str) -> io::Result<Duration> {
    let target = folder.join("target");
    match fs::remove_dir_all(&target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--profile", profile, "--target-dir"]).arg(&target).current_dir(folder);
    let started = Instant::now();
    let status = cargo.status()?;
    let time = started.elapsed();
    fs::remove_dir_all(&target)?;
    if status.success() {
        Ok(time)
    } else {
        Err(io::Error::other(format!("cargo build in {}: {status}", folder.display())))
    }
}

fn main() -> io::Result<()> {
    let processors = std::thread::available_parallelism()?;
    println!("cold builds on {processors} processors, the shorter of {BUILDS} each, in seconds\n");
    println!("{:<44} {:>8} {:>8} {:>8} {:>8}", "", "profile", "without", "with", "added");
    for (what, programs) in PAIRS {
        for profile in ["dev", "release"] {
            let mut least = [Duration::MAX; 2];
            for _ in 0..BUILDS {
                for (least, program) in least.iter_mut().zip(programs) {
                    *least = build(&make(program)?, profile)?.min(*least);
                }
            }
            let [without, with] = least.map(|time| time.as_secs_f64());
            println!("{what:<44} {profile:>8} {without:>8.1} {with:>8.1} {:>8.1}", with - without);
        }
    }
    Ok(())
}
