//! When servers start and end.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::*;
use crate::ephemeral::server_folder::sweep;

#[test]
fn thirty_two_processes_share_one_server() {
    let space = Space::new("many");
    let start = Instant::now();
    let processes: Vec<Process> = thread::scope(|scope| {
        let all: Vec<_> = (0..32).map(|_| scope.spawn(|| Process::start(&space, "shared"))).collect();
        all.into_iter().map(|process| process.join().unwrap()).collect()
    });
    println!("32 processes have the server after {:?}", start.elapsed());
    let first = &processes[0].has;
    assert!(processes.iter().all(|process| process.has.folder == first.folder && process.has.port == first.port));
    assert_eq!(space.folders(), std::slice::from_ref(&first.folder));
    // Neither waiting for the server nor losing the race leaves a trace in the log.
    let log = fs::read_to_string(first.folder.join("server.log")).unwrap();
    assert!(!["WARNING", "ERROR", "FATAL", "PANIC"].iter().any(|level| log.contains(level)), "{log}");

    println!("one more joins in {:?}", Process::start(&space, "shared").has.took);
    drop(processes);
    println!("it is gone {:?} after the last SIGKILL", space.empty());
}

#[test]
#[cfg(feature = "testing")]
fn e3_a_server_stays_as_long_as_it_is_told() {
    let space = Space::new("linger");
    let mut process = Process::start(&space, "lingering");
    let start = Instant::now();
    process.end();
    space.empty();
    assert!(start.elapsed() < Duration::from_secs(5), "one second, and not the usual five: {:?}", start.elapsed());
}

#[test]
fn threads_share_one_server() {
    let space = Space::new("threads");
    // It compares what its threads have got.
    let mut process = Process::start(&space, "threads");
    assert_eq!(process.again().folder, process.has.folder);
    println!("asked for again, the server is there after {:?}", process.again().took);
}

#[test]
fn a_shared_server_ends_after_its_last_user_however_that_ends() {
    let end = |process: &mut Process, way| match way {
        "ended" => process.end(),
        "killed" => process.child.kill().unwrap(),
        // What a terminal does to all processes of a job.
        _ => shell(&format!("kill -INT -{}", process.child.id())),
    };
    thread::scope(|scope| {
        for way in ["ended", "killed", "interrupted"] {
            scope.spawn(move || {
                let space = Space::new(way);
                let (mut first, mut last) = (Process::start(&space, "shared"), Process::start(&space, "shared"));
                assert_eq!(first.has.folder, last.has.folder);
                end(&mut first, way);
                thread::sleep(Duration::from_secs(7));
                assert!(!refuses(last.has.port), "gone before its last user, after one was {way}");
                end(&mut last, way);
                println!("gone {:?} after its last user was {way}", space.empty());
                assert!(refuses(last.has.port));
            });
        }
    });
}

#[test]
fn a_shared_server_waits_for_the_next_user() {
    let space = Space::new("pause");
    let mut first = Process::start(&space, "shared");
    first.end();
    thread::sleep(Duration::from_secs(2));
    let second = Process::start(&space, "shared");
    assert_eq!(second.has.folder, first.has.folder);
    thread::sleep(Duration::from_secs(8));
    assert!(!refuses(second.has.port));
}

#[test]
fn a_private_server_ends_with_its_owner() {
    let space = Space::new("private");
    let start = Instant::now();
    let server = space.private(&Options::default());
    println!("a private server has started after {:?}", start.elapsed());
    let other = space.private(&Options::default());
    assert_ne!(server.port(), other.port());

    let (port, start) = (server.port(), Instant::now());
    drop(server);
    println!("and is gone {:?} after it was dropped", start.elapsed());
    assert!(refuses(port) && !refuses(other.port()));
    drop(other);
    assert_eq!(space.folders(), Vec::<PathBuf>::new());

    let mut owner = Process::start(&space, "private");
    assert!(!refuses(owner.has.port));
    owner.child.kill().unwrap();
    println!("one is gone {:?} after its owner was killed", space.empty());
    assert!(refuses(owner.has.port));
}

#[test]
fn a_shutdown_that_hangs_is_made_an_immediate_one() {
    let space = Space::new("hang");
    let server = space.private(&Options::default());
    // A fast shutdown waits for its checkpoint, and a process that is stopped makes none.
    let checkpointer = ask(&server, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'");
    shell(&format!("kill -STOP {}", checkpointer[0]));
    let start = Instant::now();
    drop(server);
    println!("a server that hangs is gone {:?} after it was dropped", start.elapsed());
    assert_eq!(space.folders(), Vec::<PathBuf>::new());
}

#[test]
fn a_server_that_was_killed_is_replaced() {
    // The folder: a keeper that is alive removes it, otherwise the next start does.
    for (victims, name) in [("$server", "server-alone"), ("$keeper $server", "both"), ("$keeper", "keeper-alone")] {
        let space = Space::new(name);
        let mut process = Process::start(&space, "shared");
        let old = process.has.folder.clone();
        let pids =
            format!("server=$(head -n 1 {}/data/postmaster.pid); keeper=$(ps -o ppid= -p $server)", old.display());
        // On a busy machine a process still has its locks for a moment.
        let gone = "for n in $(seq 1000); do grep -sq '^State:.[^Z]' /proc/$pid/status || break; sleep 0.01; done";
        shell(&format!("{pids}; kill -KILL {victims}; for pid in {victims}; do {gone}; done"));
        File::open(&old).unwrap().set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
        if victims == "$keeper" {
            // Its users keep it, others don't enter what nobody will end.
            assert_eq!(process.again().folder, old);
            assert_ne!(Process::start(&space, "shared").has.folder, old);
            shell(&format!("{pids}; kill -KILL $server"));
        }
        let replaced = || Ok::<_, ()>((process.again().folder != old).then_some(()));
        assert_eq!(tool::poll(ENOUGH, replaced), Ok(Some(())), "{name}");
        drop(process);
        if victims == "$keeper" {
            fs::remove_dir_all(old).unwrap();
        }
    }
}

#[test]
fn a_private_server_is_restarted_as_after_a_crash() {
    let space = Space::new("restart");
    let mut server = space.private(&Server::options().setting("synchronous_commit", "on"));
    let (url, port, home) = (server.url(), server.port(), space.machine().home().unwrap());
    ask(&server, "CREATE TABLE kept AS SELECT 1");
    for round in 1..3 {
        // Nobody who starts a server meanwhile takes its folder for a leftover, old as it may be.
        File::open(server.socket_folder())
            .unwrap()
            .set_modified(SystemTime::now() - Duration::from_secs(3600))
            .unwrap();
        let restarted = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !restarted.load(Ordering::Relaxed) {
                    sweep(&home).unwrap();
                }
            });
            let (start, result) = (Instant::now(), server.restart());
            restarted.store(true, Ordering::Relaxed);
            result.unwrap();
            println!("restarted after {:?}", start.elapsed());
        });
        assert_eq!(server.url(), url);
        assert_eq!(ask(&server, "SELECT * FROM kept"), ["1"]);
        let log = fs::read_to_string(server.log()).unwrap();
        assert_eq!(log.matches("database system was not properly shut down").count(), round, "{log}");
    }
    drop(server);
    assert!(refuses(port));
    assert_eq!(space.folders(), Vec::<PathBuf>::new());
}
