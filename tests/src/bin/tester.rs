//! A process that needs databases for tests, as test programs do.
//!
//! `tester COUNT FOLDER END [TABLE]` makes so many databases one after another with the migrations of the folder, uses each
//! and prints its name and how many users it had. The last one comes to its end as said: `drop`, `wait`, `keep`, `panic` or `hang`.

use std::error::Error;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use atlas_migrate::testing::Database;
use atlas_migrate::{Migrations, Migrator};
use postgres::{Client, NoTls};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (count, folder, end, table) = match arguments[..] {
        [count, folder, end] => (count, folder, end, None),
        [count, folder, end, table] => (count, folder, end, Some(table)),
        _ => {
            eprintln!("usage: tester COUNT FOLDER END [TABLE]");
            return ExitCode::from(2);
        }
    };
    match run(count, folder, end, table) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(count: &str, folder: &str, end: &str, table: Option<&str>) -> Result<(), Box<dyn Error>> {
    let migrator = Migrator::new(Migrations::from_directory(folder)?);
    let migrator = match table {
        Some(table) => migrator.table(table),
        None => migrator,
    };
    let count: usize = count.parse()?;
    for number in 1..=count {
        let database = Database::new_blocking(migrator.clone())?;
        let mut client = Client::connect(database.url(), NoTls)?;
        let users: i64 = client.query_one("SELECT count(*) FROM users", &[])?.get(0);
        println!("{} {users}", database.name());
        client.batch_execute("INSERT INTO users (name) VALUES ('Cid')")?;
        if number == count {
            match end {
                "drop" => {}
                "wait" => thread::sleep(Duration::from_secs(1)),
                "keep" => database.keep(),
                "panic" => panic!("as it should"),
                "hang" => loop {
                    thread::sleep(Duration::from_secs(1));
                },
                other => return Err(format!("no end {other}").into()),
            }
        }
    }
    Ok(())
}
