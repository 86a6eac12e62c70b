//! Hints lead out: each is met, followed to the letter, and arrives.

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::SystemTime;

use super::*;
use crate::ephemeral::Error;
use crate::ephemeral::binaries::Search;

/// An error with this hint; whoever does what it says arrives.
#[track_caller]
fn leads_out<T, U>(fails: Result<T, Error>, hint: &str, follow: impl FnOnce() -> Result<U, Error>) {
    let text = fails.err().expect("it should fail").to_string();
    assert!(text.lines().any(|line| line.strip_prefix("hint: ").is_some_and(|said| said.contains(hint))), "{text}");
    follow().unwrap_or_else(|error| panic!("{hint:?} does not lead out: {error}"));
}

impl Space {
    fn start(&self, options: &Options) -> Result<(), Error> {
        self.start_with(&self.machine(), options)
    }

    fn start_with(&self, machine: &Machine, options: &Options) -> Result<(), Error> {
        servers::private_on(machine, options).map(drop)
    }

    /// A folder that everybody can enter.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("atlas-migrate-{}-{name}", self.0));
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    /// A folder of programs: the right ones, except for this one, which is a script.
    fn programs(&self, name: &str, script: &str) -> PathBuf {
        let (folder, right) = (self.folder("programs"), Search::here().newest(&self.machine()).unwrap());
        for program in ["postgres", "initdb"] {
            let path = folder.join(program);
            if path.symlink_metadata().is_ok() {
                fs::remove_file(&path).unwrap();
            }
            if program == name {
                fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            } else {
                symlink(right.join(program), path).unwrap();
            }
        }
        folder
    }
}

#[test]
fn programs() {
    let space = Space::new("programs");
    let right = Search::here().newest(&space.machine()).unwrap();
    let of = |folder: &Path| Server::options().binaries(folder);
    let machine = space.machine();
    let named = |folder: &Path| Search { explicit: Some(folder.to_owned()), packaged: Vec::new(), path: Vec::new() };
    let empty = space.folder("empty");
    leads_out(named(&empty).newest(&machine), "set ATLAS_MIGRATE_PG_BIN to the folder that both are in", || {
        named(&right).newest(&machine).and_then(|folder| space.start(&of(&folder)))
    });
    let other = " can name another folder; the server's user must be able to run what is in it";
    leads_out(space.start(&of(&space.programs("postgres", "echo nonsense"))), other, || space.start(&of(&right)));
    leads_out(space.start(&of(&space.programs("postgres", "exit 1"))), other, || space.start(&of(&right)));
    let old = space.programs("postgres", "echo 'postgres (PostgreSQL) 12.22'");
    leads_out(
        space.start(&of(&old)),
        "install a newer PostgreSQL, or let ATLAS_MIGRATE_PG_BIN name its folder",
        || space.start(&of(&right)),
    );
    leads_out(named(&old).of_major(&machine, 12), "ask for version 13 or a later one", || {
        Search { packaged: vec![(13, right.clone())], ..named(&old) }.of_major(&machine, 13)
    });
    let future = space.programs("postgres", "echo 'postgres (PostgreSQL) 99.1'");
    let hint = "let ATLAS_MIGRATE_PG_BIN name the folder of its `postgres` and `initdb`";
    leads_out(named(&empty).of_major(&machine, 99), hint, || named(&future).of_major(&machine, 99));
    let faulty = space.programs("initdb", "echo no space left; exit 1");
    leads_out(space.start(&of(&faulty)), "see what initdb says; the server's folder needs 50 MB of free space", || {
        space.start(&of(&right))
    });
    for name in ["empty", "programs"] {
        fs::remove_dir_all(space.folder(name)).unwrap();
    }
}

#[test]
fn folders() {
    let space = Space::new("folders");
    let options = Options::default();
    let cache = space.folder("cache");
    let kept = |folder: PathBuf| space.machine().with_cache(folder);
    let in_a_file = cache.join("file/cache");
    File::create(cache.join("file")).unwrap();
    leads_out(
        space.start_with(&kept(in_a_file.clone()), &options),
        "make one of these folders this user's own, where it can write",
        || {
            fs::remove_file(cache.join("file")).unwrap();
            space.start_with(&kept(in_a_file), &options)
        },
    );
    let templates = cache.join("templates");
    fs::create_dir(&templates).unwrap();
    fs::set_permissions(&templates, fs::Permissions::from_mode(0o777)).unwrap();
    let hint = "remove that folder; it holds nothing that is not made again";
    leads_out(space.start_with(&kept(cache.clone()), &options), hint, || {
        fs::remove_dir(&templates).unwrap();
        space.start_with(&kept(cache.clone()), &options)
    });
    fs::remove_dir_all(&cache).unwrap();

    let rooms = |rooms: &[PathBuf]| Machine::here().unwrap().with_space(&space.0).with_rooms(rooms.to_vec());
    let (nowhere, room) = (env::temp_dir().join("atlas-migrate-nowhere"), space.folder("room"));
    fs::set_permissions(&room, fs::Permissions::from_mode(0o777)).unwrap();
    leads_out(
        space.start_with(&rooms(std::slice::from_ref(&nowhere)), &options),
        "let TMPDIR name a folder that uid ",
        || space.start_with(&rooms(&[nowhere, room.clone()]), &options),
    );
    fs::remove_dir_all(room).unwrap();

    // A file where the folder of a server would be.
    let odd = space.machine().home().unwrap().join("server-odd");
    File::create(&odd).unwrap().set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    leads_out(space.start(&options), "remove by hand what is left over there", || {
        fs::remove_file(&odd).unwrap();
        space.start(&options)
    });

    // The record of the shared server.
    let shared = |path: &str| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "ephemeral::tests::another_process", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, format!("shared {}", space.0)).env("PATH", path).stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let (what, hint) = said.split_once("\nhint: ").unwrap_or((&said, ""));
        if output.status.success() { Ok(()) } else { Err(Error::new(what, hint.lines().next().unwrap_or_default())) }
    };
    let here = env::var("PATH").unwrap();
    leads_out(shared("/nowhere"), "this needs the ordinary Unix tools (cp, df, id, mkfifo, sh) in the PATH", || {
        shared(&here)
    });
    let home = space.machine().home().unwrap();
    let records = || fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path());
    let is_record = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("shared-") && path.extension().is_none()
    };
    fs::write(records().find(is_record).unwrap(), "nonsense").unwrap();
    let hint = "look there for what is wrong; when no test is running, the folder can be removed";
    leads_out(shared(&here), hint, || {
        space.empty();
        fs::remove_dir_all(&home).unwrap();
        shared(&here)
    });
}

#[test]
fn starting() {
    let space = Space::new("starting");
    let with = |value: &str| Server::options().setting("work_mem", value);
    let hint = "if the server refuses a setting, correct it; else see what its log says";
    leads_out(space.start(&with("much")), hint, || space.start(&with("4MB")));

    let mut running = servers::private_on(&space.machine(), &Options::default()).unwrap();
    let mut shared = running.clone();
    leads_out(servers::restart(&mut shared), "start one of your own with `private()`", || {
        drop(shared);
        servers::restart(&mut running)
    });
    let settings = running.folder.join("data/postgresql.conf");
    let right = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{right}\nwork_mem = 'much'\n")).unwrap();
    leads_out(servers::restart(&mut running), hint, || space.start(&Options::default()));
}
