//! Who may start servers, with what, and what becomes of those that cannot start.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

use super::*;
use crate::ephemeral::binaries::{Search, version};
use crate::ephemeral::lock;
use crate::ephemeral::start::{Lifetime, Start};

#[test]
fn a_server_speaks_utf_8_and_takes_settings() {
    let space = Space::new("settings");
    let options = Server::options().setting("wal_level", "logical").setting("application_name", "a 'b' \"c\" $d");
    let server = space.private(&options.setting("max_connections", "10").setting("port", "1"));
    let cases = [
        ("SELECT lower('ÄÜ')", "äü"),
        ("SHOW server_encoding", "UTF8"),
        ("SHOW timezone", "UTC"),
        ("SHOW fsync", "off"),
        ("SHOW wal_level", "logical"),
        ("SHOW max_connections", "10"),
        ("SHOW application_name", "a 'b' \"c\" $d"),
        ("SHOW server_version_num", &server.version().to_string()),
    ];
    for (sql, expected) in cases {
        assert_eq!(ask(&server, sql), [expected], "{sql}");
    }
    assert!(server.socket_folder().join(format!(".s.PGSQL.{}", server.port())).exists());
    assert!(fs::read_to_string(server.log()).unwrap().contains("ready to accept connections"));
    assert_eq!(server.url(), format!("postgresql://postgres@127.0.0.1:{}/postgres", server.port()));
    assert!(server.url_of("a b/ü?%").ends_with("/a%20b%2F%C3%BC%3F%25"));
}

#[test]
fn a_setting_that_the_server_refuses_is_named() {
    let space = Space::new("refused");
    let options = Server::options().setting("work_mem", "much");
    let message = servers::private_on(&space.machine(), &options).unwrap_err().to_string();
    assert!(message.contains("ended instead of becoming ready"), "{message}");
    assert!(message.contains("invalid value for parameter \"work_mem\": \"much\""), "{message}");
    assert_eq!(message.matches("\nhint: ").count(), 1, "{message}");
}

#[test]
fn a_port_that_is_taken_is_no_failure() {
    let space = Space::new("port");
    let (machine, taken) = (space.machine(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (binaries, home) = (&Search::here().newest(&machine).unwrap(), &machine.home().unwrap());
    let start = Start { machine: &machine, binaries, settings: &[], home, lifetime: Lifetime::OfOwner };
    let version = version(&machine, binaries).unwrap();
    assert!(start.run_on(taken.local_addr().unwrap().port(), &version).unwrap().is_none());
    assert_eq!(space.folders(), Vec::<PathBuf>::new());
}

#[test]
fn the_first_start_takes_longer_than_the_next() {
    let space = Space::new("cache");
    let cache = env::temp_dir().join(format!("atlas-migrate-{}", space.0));
    for round in ["without", "with"] {
        let (machine, start) = (space.machine().with_cache(cache.clone()), Instant::now());
        let running = servers::private_on(&machine, &Options::default()).unwrap();
        println!("started in {:?} {round} a template", start.elapsed());
        drop(running);
    }
    let templates: Vec<_> = fs::read_dir(cache.join("templates")).unwrap().collect();
    assert_eq!(templates.len(), 1);
    fs::remove_dir_all(cache).unwrap();
}

#[test]
fn leftovers_are_swept() {
    let space = Space::new("sweep");
    let home = space.machine().home().unwrap();
    let old = SystemTime::now() - Duration::from_secs(3600);
    let make = |name: &str| {
        let folder = home.join(name);
        fs::create_dir(&folder).unwrap();
        File::create(folder.join("server.alive")).unwrap();
        folder
    };
    let (dead, alive, young) = (make("server-1-0"), make("server-1-1"), make("server-1-2"));
    let lock = lock::try_take(&alive.join("server.alive")).unwrap().unwrap();
    for folder in [&dead, &alive] {
        File::open(folder).unwrap().set_modified(old).unwrap();
    }
    drop(space.private(&Options::default()));
    assert_eq!([dead.exists(), alive.exists(), young.exists()], [false, true, true]);
    drop(lock);
    fs::remove_dir_all(alive).unwrap();
    fs::remove_dir_all(young).unwrap();
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let space = Space::new("foreign");
    let home = space.machine().home().unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(space.machine().homes().count(), 0);
    assert_ne!(space.machine().home().ok(), Some(home.clone()));
    fs::remove_dir_all(home).unwrap();
}

/// Root's servers and those of an ordinary user, at the same time. Only root can become somebody else.
#[test]
fn every_user_has_servers_of_their_own() {
    const NOBODY: u32 = 65534;
    let space = Space::new("users");
    let server = space.private(&Options::default());
    assert_eq!(ask(&server, "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; test $(id -u) != 0'"), Vec::<String>::new());
    let process = Process::start(&space, "shared");
    if !process.has.folder.to_str().unwrap().contains("atlas-migrate-0-") {
        println!("not root: the other user is left out");
        return;
    }
    // This program itself may be where nobody else gets.
    let program = env::temp_dir().join(format!("atlas-migrate-{}", space.0));
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    for kind in ["shared", "private"] {
        let mut other = Process::start_as(Some(NOBODY), &program, &space, kind);
        println!("{kind} as nobody in {:?}: {}", other.has.took, other.has.folder.display());
        assert!(other.has.folder.to_str().unwrap().contains("atlas-migrate-65534-"));
        assert!(!refuses(other.has.port));
        other.end();
        let gone = tool::poll(ENOUGH, || Ok::<_, ()>((!other.has.folder.exists()).then_some(())));
        assert_eq!(gone, Ok(Some(())));
        if kind == "private" {
            fs::remove_dir_all(other.has.folder.parent().unwrap()).unwrap();
        }
    }
    fs::remove_dir_all(program.with_extension("cache")).unwrap();
    fs::remove_file(program).unwrap();
}
