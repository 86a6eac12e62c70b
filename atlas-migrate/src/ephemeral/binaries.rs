//! Finding PostgreSQL's programs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Error;
use super::fetch;
use super::hint::{self, VARIABLE};
use super::machine::Machine;
use super::tool;

/// The oldest major version that atlas-migrate supports.
const OLDEST: u32 = 13;

/// Where the distributions put a folder for each major version: what stands before the number, and what after it.
///
/// Most of them are not in the PATH.
const PACKAGED: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),                       // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                                // PGDG for Red Hat, Fedora and SUSE
    ("/usr/libexec", "postgresql", ""),                       // Alpine
    ("/opt/homebrew/opt", "postgresql@", "bin"),              // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql@", "bin"),                 // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"), // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// Where to look.
pub(super) struct Search {
    /// What `ATLAS_MIGRATE_PG_BIN` says.
    pub(super) explicit: Option<PathBuf>,
    /// Folders of programs with their major versions.
    pub(super) packaged: Vec<(u32, PathBuf)>,
    /// The PATH.
    pub(super) path: Vec<PathBuf>,
}

/// The version of a `postgres`.
pub(super) struct Version {
    /// As `server_version_num` has it: 150018 for 15.18.
    pub(super) number: u32,
    /// All that `postgres --version` prints, the packager's own numbering included.
    pub(super) line: String,
}

impl Search {
    pub(super) fn here() -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        Self {
            explicit: env::var_os(VARIABLE).map(PathBuf::from),
            packaged: PACKAGED.iter().flat_map(|(parent, before, below)| packaged(parent, before, below)).collect(),
            path: env::split_paths(&path).filter(|folder| folder.is_absolute()).collect(),
        }
    }

    /// The folder of the newest `postgres` and `initdb`, fetched if there are none.
    pub(super) fn newest(&self, machine: &Machine) -> Result<PathBuf, Error> {
        if let Some(folder) = &self.explicit {
            return if has_programs(folder) {
                Ok(folder.clone())
            } else {
                Err(Error::new(
                    format!("{VARIABLE} is {folder:?}, where `postgres` or `initdb` is missing"),
                    hint::programs(),
                ))
            };
        }
        let packaged = self.packaged.iter().filter(|(major, _)| *major >= OLDEST).max_by_key(|(major, _)| *major);
        if let Some((_, folder)) = packaged {
            return Ok(folder.clone());
        }
        match self.path.iter().find(|folder| has_programs(folder)) {
            Some(folder) => Ok(folder.clone()),
            None => fetch::newest(machine),
        }
    }

    /// The folder of the programs of one major version, fetched if they are not on the machine.
    pub(super) fn of_major(&self, machine: &Machine, wanted: u32) -> Result<PathBuf, Error> {
        if wanted < OLDEST {
            return Err(Error::new(
                format!("PostgreSQL {wanted} is older than {OLDEST}, the first version that is supported"),
                hint::newer_version(OLDEST),
            ));
        }
        if let Some((_, folder)) = self.packaged.iter().find(|(major, _)| *major == wanted) {
            return Ok(folder.clone());
        }
        for folder in self.explicit.iter().chain(&self.path).filter(|folder| has_programs(folder)) {
            // One that cannot even tell its version is not the wanted one.
            if version(machine, folder).is_ok_and(|found| found.number / 10_000 == wanted) {
                return Ok(folder.clone());
            }
        }
        fetch::of_major(machine, wanted)
    }
}

/// Asks the programs themselves.
pub(super) fn version(machine: &Machine, folder: &Path) -> Result<Version, Error> {
    let hint = hint::other_programs();
    let mut command = machine.command(folder.join("postgres"));
    let line = tool::output(command.arg("--version"), Duration::from_secs(20), &hint)?.trim().to_owned();
    let Some(number) = number(&line) else {
        return Err(Error::new(format!("{}/postgres printed {line:?} for its version", folder.display()), hint));
    };
    if number / 10_000 < OLDEST {
        return Err(Error::new(
            format!("{} has {line}, which is older than {OLDEST}", folder.display()),
            hint::newer_programs(),
        ));
    }
    Ok(Version { number, line })
}

fn packaged(parent: &str, before: &str, below: &str) -> Vec<(u32, PathBuf)> {
    // Most of these parents are on no given machine.
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.strip_prefix(before)?.parse().ok()?;
            Some((major, entry.path().join(below)))
        })
        .filter(|(_, folder)| has_programs(folder))
        .collect()
}

fn has_programs(folder: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|program| folder.join(program).is_file())
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 150018, `postgres (PostgreSQL) 19devel` is 190000.
pub(super) fn number(line: &str) -> Option<u32> {
    let version = line.split_once("(PostgreSQL) ")?.1;
    let (major, rest) = version.split_at(version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len()));
    let minor = rest.strip_prefix('.').unwrap_or("0");
    let minor = &minor[..minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len())];
    major.parse::<u32>().ok()?.checked_mul(10_000)?.checked_add(minor.parse().ok()?)
}
