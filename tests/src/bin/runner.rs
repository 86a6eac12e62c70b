//! A process that runs the migrations of a folder, as an application does when it boots.
//!
//! `runner DRIVER URL FOLDER` prints how many migrations it applied.

use std::process::ExitCode;

use atlas_migrate::{Migrations, Migrator};
use atlas_migrate_tests::DRIVERS;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [driver, url, folder] = arguments.as_slice() else {
        eprintln!("usage: runner DRIVER URL FOLDER");
        return ExitCode::from(2);
    };
    let Some(driver) = DRIVERS.into_iter().find(|known| format!("{known:?}") == *driver) else {
        eprintln!("no driver {driver}");
        return ExitCode::from(2);
    };
    let result = Migrations::from_directory(folder).and_then(|set| driver.connect(url).run(&Migrator::new(set)));
    match result {
        Ok(report) => {
            println!("{}", report.applied().count());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
