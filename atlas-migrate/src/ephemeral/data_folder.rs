//! A fresh data folder, from a template that is kept between runs.

use std::fs;
use std::io;
use std::path::Path;
use std::process;
use std::time::{Duration, SystemTime};

use super::Error;
use super::binaries::Version;
use super::fingerprint::fingerprint;
use super::hint;
use super::machine::Machine;
use super::tool;

/// How long initdb and copying may take. Half a second and a twentieth are usual.
const LIMIT: Duration = Duration::from_secs(120);

/// Templates are made anew every so often, since something may tidy up in an old one: systemd removes single files from
/// `/tmp` after ten days.
const PERIOD: Duration = Duration::from_secs(5 * 24 * 3600);

/// `-N`: nothing is forced to disk. Small WAL segments make a small folder. Without a locale the encoding would be
/// SQL_ASCII; this one sorts by code point, and knows the letters of all languages.
#[rustfmt::skip]
const INITDB: [&str; 10] = [
    "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--wal-segsize=1",
    if cfg!(target_os = "macos") { "--locale=C" } else { "--locale=C.UTF-8" },
    if cfg!(target_os = "macos") { "--lc-ctype=UTF-8" } else { "--lc-ctype=C.UTF-8" },
];

/// Makes a data folder where there is none yet. Everything in it belongs to the server's user.
pub(super) fn create(machine: &Machine, binaries: &Path, version: &Version, folder: &Path) -> Result<(), Error> {
    let templates = machine.cache()?.join("templates");
    let cannot = |what: &str| format!("cannot {what} in {}", templates.display());
    machine.private_folder(&templates).map_err(Error::io(cannot("keep templates"), hint::TEMPLATES))?;

    // What initdb writes depends on its version, the packager's files beside it, and what it is told.
    let parts = [env!("CARGO_PKG_VERSION"), &version.line, &binaries.to_string_lossy()];
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let fingerprint = fingerprint(parts.into_iter().chain(INITDB));
    let key = format!("{}-{fingerprint}-{}", version.number, now.as_secs() / PERIOD.as_secs());
    let template = templates.join(&key);
    if template.is_dir() {
        return copy(machine, &template, folder);
    }

    let mut initdb = machine.command(binaries.join("initdb"));
    initdb.args(INITDB).arg("-D").arg(folder);
    tool::output(&mut initdb, LIMIT, hint::INITDB)?;
    remove_old(&templates).map_err(Error::io(cannot("remove old templates"), hint::TEMPLATES))?;
    // A process id alone is not enough: it is used again, and a container that shares the folder has ids of its own.
    let unfinished = templates.join(format!("{key}-{}-{}", process::id(), now.as_nanos()));
    copy(machine, folder, &unfinished)?;
    match fs::rename(&unfinished, &template) {
        // Another process has been faster: a folder that is not empty is never replaced.
        Err(_) if template.is_dir() => fs::remove_dir_all(&unfinished),
        renamed => renamed,
    }
    .map_err(Error::io(cannot("keep a template"), hint::TEMPLATES))
}

fn copy(machine: &Machine, from: &Path, to: &Path) -> Result<(), Error> {
    // `-a` keeps the modes, which PostgreSQL insists on, and lets GNU's cp share the blocks where the file system can.
    tool::output(machine.command("cp").arg("-a").arg(from).arg(to), LIMIT, hint::UNIX_TOOLS)?;
    Ok(())
}

fn remove_old(templates: &Path) -> io::Result<()> {
    for entry in fs::read_dir(templates)? {
        let path = entry?.path();
        // Copying keeps the time at which initdb made it. A day after its period nobody copies it any more.
        let made = fs::metadata(&path).and_then(|found| found.modified());
        if made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > PERIOD + PERIOD / 5)) {
            match fs::remove_dir_all(&path) {
                // Another process does the same.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
    }
    Ok(())
}
