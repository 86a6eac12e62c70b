//! A terminal, and somebody who sits at it.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use atlas_migrate_tests::{Database, wait_for};
use pty_process::blocking::{Command, Pty};

use crate::Program;
use crate::files::PEOPLE;
use crate::program::LIMIT;

/// The program at a terminal of its own.
struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    shown: Arc<Mutex<String>>,
    reader: std::thread::JoinHandle<()>,
}

impl Terminal {
    #[track_caller]
    fn start(program: &Program, arguments: &[&str]) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        let command = Command::new(atlas_migrate_tests::program()).args(arguments).current_dir(&program.folder);
        let child = command.env_clear().envs(program.variables()).spawn(pts).unwrap();
        let (pty, shown) = (Arc::new(pty), Arc::new(Mutex::new(String::new())));
        let (master, buffer) = (pty.clone(), shown.clone());
        // It ends with an error once nobody has the terminal open.
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = (&*master).read(&mut bytes) {
                buffer.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        });
        Self { pty, child, shown, reader }
    }

    /// Waits until a text has been shown.
    #[track_caller]
    fn expect(&self, text: &str) {
        let what = format!("{text:?} on the terminal");
        wait_for(&what, LIMIT, || self.shown.lock().unwrap().contains(text).then_some(()));
    }

    fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// All that was shown, and the exit code.
    #[track_caller]
    fn end(mut self) -> (String, Option<i32>) {
        let status = wait_for("the end of the program", LIMIT, || self.child.try_wait().unwrap());
        // What it wrote last is read a moment later.
        wait_for("the end of what is shown", LIMIT, || self.reader.is_finished().then_some(()));
        (self.shown.lock().unwrap().clone(), status.code())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // An error says that it has ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

const CTRL_C: &str = "\x03";

/// A database with all of it, and the program on it.
fn applied() -> (Database, Program) {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.out(&["run"]);
    (database, program)
}

fn in_production(database: &Database) -> String {
    database.query(
        "CREATE TABLE schema_environment (environment text, marked_at timestamptz, marked_by text);
         INSERT INTO schema_environment VALUES ('production', now(), 'me')",
    );
    database.value("SELECT current_database()")
}

#[test]
fn a_question_and_its_answers() {
    #[track_caller]
    fn check(answer: &str, expected: i32) {
        let (database, program) = applied();
        let terminal = Terminal::start(&program, &["revert"]);
        terminal.expect("This takes back 002 ages, in the database test_");
        terminal.expect("Go on? [y/N] ");
        terminal.press(answer);
        let (shown, code) = terminal.end();
        assert_eq!(code, Some(expected), "{answer:?}: {shown}");
        assert!(shown.contains(if expected == 0 { "reverted" } else { "not confirmed: nothing was done" }), "{shown}");
        assert_eq!(database.history().len(), if expected == 0 { 2 } else { 3 }, "{answer:?}");
    }
    check("y\n", 0);
    check("yes\n", 0);
    check("n\n", 1);
    check("\n", 1);
    check("production\n", 1);
    // The end of the input.
    check("\x04", 1);
}

#[test]
fn production_wants_its_name() {
    let (database, program) = applied();
    let name = in_production(&database);
    for (answer, expected) in [("y", 1), ("production", 1), (name.as_str(), 0)] {
        let terminal = Terminal::start(&program, &["revert", "--yes"]);
        terminal.expect("which is marked as one in PRODUCTION. Type its name to go on: ");
        terminal.press(&format!("{answer}\n"));
        let (shown, code) = terminal.end();
        assert_eq!(code, Some(expected), "{answer:?}: {shown}");
    }
    assert_eq!(database.history().len(), 2);
}

/// Where nobody can be asked.
#[test]
fn production_without_a_terminal() {
    let (database, program) = applied();
    let name = in_production(&database);
    let refused = |arguments: &[&str], expected: &str| {
        let said = program.run(&[&["redo"], arguments].concat());
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(expected), "{said:?}");
    };
    refused(&["--yes"], &format!("say so with --confirm {name}"));
    refused(&["--yes", "--confirm", "production"], "the confirmation names production");
    program.out(&["redo", "--confirm", &name]);
    assert_eq!(database.history().len(), 3);
}

#[test]
fn colours() {
    const GREEN: &str = "\x1b[32mapplied\x1b[0m";
    let (_database, program) = applied();
    #[track_caller]
    fn check(program: &Program, arguments: &[&str], expected: bool) {
        let (shown, _) = Terminal::start(program, arguments).end();
        assert!(shown.contains("applied"), "{shown}");
        assert_eq!(shown.contains(GREEN), expected, "{arguments:?}: {shown}");
    }
    check(&program, &["status"], true);
    check(&program, &["status", "--color", "never"], false);
    assert!(program.out(&["status", "--color", "always"]).contains(GREEN));
    assert!(!program.out(&["status"]).contains('\x1b'));
    let program = program.set("NO_COLOR", "1");
    check(&program, &["status"], false);
    check(&program, &["status", "--color", "always"], true);
    check(&program.set("TERM", "dumb"), &["status"], false);
}

/// A migration that takes long, behind one that does not.
const SLOW: &[(&str, &str)] = &[
    ("migrations/001_first.sql", "CREATE TABLE first ();\n"),
    ("migrations/002_slow.sql", "CREATE TABLE slow ();\nSELECT pg_sleep(60);\n"),
];

#[test]
fn progress() {
    let database = Database::new();
    let files = [("migrations/001_nap.sql", "SELECT pg_sleep(0.5);\n"), ("migrations/002_more.sql", "SELECT 1;\n")];
    let program = Program::new(&files).on(&database);
    let (shown, code) = Terminal::start(&program, &["run", "--color", "never"]).end();
    assert_eq!(code, Some(0), "{shown}");
    // Drawn anew as time passes.
    assert!(shown.matches("[--------------------] 1/2 001 nap ").count() > 2, "{shown:?}");
    assert!(shown.contains("[##########----------] 2/2 002 more"), "{shown:?}");
    // The line is gone in the end.
    assert!(shown.contains("\r\x1b[2Kapplied  "), "{shown:?}");
    database.query("DELETE FROM schema_migrations");
    let (shown, _) = Terminal::start(&program, &["run", "--no-progress", "--color", "never"]).end();
    assert!(!shown.contains('\x1b'), "{shown:?}");
}

#[track_caller]
fn send(signal: &str, child: &Child) {
    let sent = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn sessions(database: &Database) -> String {
    database
        .value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
}

/// Waits until a session of the database sleeps, in a message that has this in it.
#[track_caller]
fn waits_in(database: &Database, text: &str) {
    let asleep = format!(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep' AND position('{text}' IN query) > 0"
    );
    wait_for(&format!("a session to sleep in {text}"), LIMIT, || (!database.query(&asleep).is_empty()).then_some(()));
}

/// What is there once somebody has ended a run of [`SLOW`].
#[track_caller]
fn is_clean(database: &Database) {
    assert_eq!(database.history(), ["001|applied|1"]);
    assert_eq!(database.value("SELECT to_regclass('slow') IS NULL"), "t");
    wait_for("the sessions to end", LIMIT, || (sessions(database) == "0").then_some(()));
    assert_eq!(database.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), "0");
}

#[test]
fn ctrl_c_in_the_middle_of_a_migration() {
    let database = Database::new();
    let program = Program::new(SLOW).on(&database);
    let terminal = Terminal::start(&program, &["run", "--color", "never"]);
    terminal.expect("2/2 002 slow");
    terminal.press(CTRL_C);
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    for said in
        ["interrupted by Ctrl-C", "rolled back: nothing of it took effect", "done before it, and stays: 001 first"]
    {
        assert!(shown.contains(said), "{said:?} is not in\n{shown}");
    }
    is_clean(&database);
    // And it goes on from there.
    program.write("migrations/002_slow.sql", "CREATE TABLE slow ();\n");
    program.out(&["run"]);
    assert_eq!(database.history().len(), 2);
}

/// In a container there is no terminal, and it is ended by `SIGTERM`.
#[test]
fn signals() {
    for (signal, name, expected) in [("INT", "Ctrl-C", 130), ("TERM", "SIGTERM", 143)] {
        let database = Database::new();
        let program = Program::new(SLOW).on(&database);
        let mut child = program.command(&["run", "--format", "json"]).spawn().unwrap();
        waits_in(&database, "002 slow");
        send(signal, &child);
        let status = wait_for("the end of the program", LIMIT, || child.try_wait().unwrap());
        let mut out = String::new();
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert_eq!(status.code(), Some(expected), "{out}");
        for said in [
            format!("\"interrupted by {name}\""),
            format!("\"exit_code\": {expected}"),
            "\"name\": \"first\"".to_owned(),
        ] {
            assert!(out.contains(&said), "{said} is not in\n{out}");
        }
        is_clean(&database);
    }
}

/// One that runs statement by statement: what has run stays, and it goes on from there.
#[test]
fn ctrl_c_in_a_migration_without_a_transaction() {
    let database = Database::new();
    let slow = "-- atlas:no-transaction\nCREATE TABLE one ();\nSELECT pg_sleep(60);\nCREATE TABLE two ();\n";
    let program = Program::new(&[("migrations/001_slow.sql", slow)]).on(&database);
    let terminal = Terminal::start(&program, &["run", "--verbose"]);
    terminal.expect("001 slow: 1 of 3 statements");
    waits_in(&database, "pg_sleep(60)");
    terminal.press(CTRL_C);
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    assert_eq!(database.history(), ["001|failed|1"], "{shown}");
    wait_for("the sessions to end", LIMIT, || (sessions(&database) == "0").then_some(()));
    program.write("migrations/001_slow.sql", &slow.replace("60", "0"));
    program.out(&["run"]);
    assert_eq!(database.history(), ["001|applied|3"]);
}

/// A procedure may have committed by then: that is what is said, and no run goes on before it is known.
#[test]
fn a2_ctrl_c_in_a_procedure() {
    let database = Database::new();
    database.query("CREATE TABLE t (a int)");
    database.query(
        "CREATE PROCEDURE slow() LANGUAGE plpgsql AS 'BEGIN INSERT INTO t VALUES (1); COMMIT; PERFORM pg_sleep(60); END'",
    );
    let program = Program::new(&[("migrations/001_slow.sql", "-- atlas:no-transaction\nCALL slow();\n")]).on(&database);
    let terminal = Terminal::start(&program, &["run", "--color", "never"]);
    wait_for("its commit", LIMIT, || (database.value("SELECT count(*) FROM t") == "1").then_some(()));
    terminal.press(CTRL_C);
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("part of it may have taken effect and stay"), "{shown}");
    assert!(!shown.contains("nothing of it took effect"), "{shown}");
    let again = program.session(&["run", "repair 001 --mark failed --completed 1 --reason looked", "run"]);
    assert!(again.contains("part of it may have taken effect") && again.contains("applied  001 slow"), "{again}");
    assert_eq!(database.value("SELECT count(*) FROM t"), "1");
}

/// It ends at once, and says what is known: that nothing was done.
#[test]
fn d12_ctrl_c_at_a_question() {
    let (database, program) = applied();
    for arguments in
        [&["revert"][..], &["redo"], &["clean"], &["reset"], &["drop"], &["seed", "--environment", "dev", "--mark"]]
    {
        for (name, code) in [("Ctrl-C", 130), ("SIGTERM", 143)] {
            let terminal = Terminal::start(&program, arguments);
            terminal.expect("Go on? [y/N] ");
            let pressed = Instant::now();
            if name == "Ctrl-C" {
                terminal.press(CTRL_C);
            } else {
                send("TERM", &terminal.child);
            }
            let (shown, ended_with) = terminal.end();
            assert!(pressed.elapsed() < Duration::from_secs(5), "{arguments:?}: {:?}", pressed.elapsed());
            assert_eq!(ended_with, Some(code), "{shown}");
            assert!(shown.contains("interrupted at the question: nothing was done"), "{shown}");
            assert!(shown.contains(&format!("interrupted by {name}")), "{shown}");
            assert!(!shown.contains("rolled back") && !shown.contains("cancel"), "{shown}");
            assert_eq!(database.history().len(), 3);
        }
    }
    assert_eq!(database.value("SELECT to_regclass('schema_environment') IS NULL"), "t");
}

/// Nothing can be under way before there is a connection.
#[test]
fn d12_ctrl_c_while_it_connects() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://me@{}/db?sslmode=disable", listener.local_addr().unwrap());
    let program = Program::new(PEOPLE).set("DATABASE_URL", &url);
    let terminal = Terminal::start(&program, &["run", "--verbose"]);
    terminal.expect("connecting to");
    let (_somebody, _) = listener.accept().unwrap();
    let pressed = Instant::now();
    terminal.press(CTRL_C);
    let (shown, code) = terminal.end();
    assert!(pressed.elapsed() < Duration::from_secs(5), "{:?}", pressed.elapsed());
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("interrupted before anything was begun"), "{shown}");
}

/// The server has no connection left for who would cancel: it is not said that anything was rolled back, and what comes to its
/// end is told as what it is.
#[test]
fn d12_ctrl_c_when_no_connection_is_left() {
    let database = Database::new();
    let files = [("migrations/001_slow.sql", "CREATE TABLE slow ();\nSELECT pg_sleep(2);\n")];
    let name = format!("limited_{}", std::process::id());
    database.query(&format!("CREATE ROLE {name} LOGIN CONNECTION LIMIT 1"));
    database.query(&format!("GRANT ALL ON SCHEMA public TO {name}"));
    let program = Program::new(&files).set("DATABASE_URL", &database.url_as(&name));
    let terminal = Terminal::start(&program, &["run", "--color", "never"]);
    terminal.expect("1/1 001 slow");
    waits_in(&database, "001 slow");
    terminal.press(CTRL_C);
    terminal.expect("it still runs, and the server cannot be asked now: ");
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("it had come to its end before") && shown.contains("applied"), "{shown}");
    assert!(!shown.contains("rolled back"), "{shown}");
    assert_eq!(database.history(), ["001|applied|2"]);
    database.query(&format!("DROP OWNED BY {name}; DROP ROLE {name}"));
}

/// Who presses it twice leaves, and is told that it may go on.
#[test]
fn d12_ctrl_c_twice() {
    let database = Database::new();
    let name = format!("limited_twice_{}", std::process::id());
    database.query(&format!("CREATE ROLE {name} LOGIN CONNECTION LIMIT 1"));
    database.query(&format!("GRANT ALL ON SCHEMA public TO {name}"));
    let files = [("migrations/001_slow.sql", "SELECT pg_sleep(5);\n")];
    let program = Program::new(&files).set("DATABASE_URL", &database.url_as(&name));
    let terminal = Terminal::start(&program, &["run"]);
    waits_in(&database, "001 slow");
    terminal.press(CTRL_C);
    terminal.expect("it still runs");
    terminal.press(CTRL_C);
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    for said in
        ["left while it was still running", "what was running may still take effect: look with `atlas-migrate status`"]
    {
        assert!(shown.contains(said), "{said:?} is not in\n{shown}");
    }
    database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    wait_for("the sessions to end", LIMIT, || (sessions(&database) == "0").then_some(()));
    database.query(&format!("DROP OWNED BY {name}; DROP ROLE {name}"));
}

/// A file whose reading takes longer than anybody waits: the command is left all the same.
#[test]
fn d12_a_signal_while_a_file_is_read() {
    let (_database, program) = applied();
    let file = "seeds/dev/people.csv";
    program.write(file, &format!("name,age\n{}", "Ada,36\n".repeat(12_000_000)));
    let mut child = program.command(&["seed", "--environment", "dev"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let sent = std::process::Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let asked = Instant::now();
    let status = wait_for("the end of the program", LIMIT, || child.try_wait().unwrap());
    let mut shown = String::new();
    child.stderr.take().unwrap().read_to_string(&mut shown).unwrap();
    assert_eq!(status.code(), Some(143), "{shown}");
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(shown.contains("left while a file was being read") && shown.contains("SIGTERM"), "{shown}");
}

/// While it waits for another process.
#[test]
fn ctrl_c_in_a_wait() {
    let (database, program) = (Database::new(), Program::new(SLOW));
    let program = program.on(&database);
    let first = Terminal::start(&program, &["run"]);
    first.expect("2/2 002 slow");
    let second = Terminal::start(&program, &["run", "--color", "never"]);
    second.expect("waiting for ");
    second.press(CTRL_C);
    let (shown, code) = second.end();
    assert_eq!(code, Some(130), "{shown}");
    first.press(CTRL_C);
    assert_eq!(first.end().1, Some(130));
    is_clean(&database);
}
