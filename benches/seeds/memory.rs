//! What a process has in memory at most that loads the large file and does nothing else.

use std::process::Command;

use atlas_migrate::ephemeral::Server;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate_tests::{Database, PEOPLE, peak_memory};

use super::copy::{FORMATS, Folder, ROWS};
use super::{DRIVERS, Outcome, must_hold};

pub(super) const VERB: &str = "load";

/// In kB.
const MOST: usize = 50_000;

/// Prints the table.
pub(super) fn run(server: &Server, folder: &Folder) -> Outcome<bool> {
    println!("\npeak memory of a process that loads {ROWS} rows, its code included");
    let mut most = 0;
    for (format, (driver, name)) in FORMATS.into_iter().flat_map(|format| DRIVERS.map(|driver| (format, driver))) {
        let database = Database::on(server);
        database.query(PEOPLE);
        let mut child = Command::new(std::env::current_exe()?);
        let output = child.args([VERB, &format!("{driver:?}"), &database.url()]).arg(folder.of(format)).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let peak: usize = String::from_utf8(output.stdout)?.trim().parse()?;
        println!("{:<44} {:>8.1} MB", format!("{format}, {name}"), peak as f64 / 1e3);
        most = most.max(peak);
    }
    Ok(must_hold(&format!("under {} MB: {:.1} MB", MOST / 1000, most as f64 / 1e3), (1..MOST).contains(&most)))
}

/// What the process does.
pub(super) fn load(driver: &str, url: &str, folder: &str) -> Outcome<()> {
    let known = DRIVERS.into_iter().find(|(known, _)| format!("{known:?}") == driver);
    let (driver, _) = known.ok_or_else(|| format!("no driver {driver}"))?;
    driver.connect(url).seed(&Seeder::new(Seeds::from_directory(folder)?, "dev"))?;
    println!("{}", peak_memory());
    Ok(())
}
