//! A process that loads seeds, as an application does when it boots.
//!
//! `seeder DRIVER URL FOLDER`, or `numbers` for rows that it makes itself, prints the most memory that it had, in kB.

use std::process::ExitCode;

use atlas_migrate::Error;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate_tests::{DRIVERS, Numbers, peak_memory};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [driver, url, source] = arguments.as_slice() else {
        eprintln!("usage: seeder DRIVER URL (FOLDER | numbers)");
        return ExitCode::from(2);
    };
    let Some(driver) = DRIVERS.into_iter().find(|known| format!("{known:?}") == *driver) else {
        eprintln!("no driver {driver}");
        return ExitCode::from(2);
    };
    match seeder(source).and_then(|seeder| driver.connect(url).seed(&seeder)) {
        Ok(_) => {
            println!("{}", peak_memory());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn seeder(source: &str) -> Result<Seeder, Error> {
    match source {
        "numbers" => Ok(Seeder::new(Seeds::empty(), "dev").generate("dev", Numbers::default())),
        folder => Ok(Seeder::new(Seeds::from_directory(folder)?, "dev")),
    }
}
