//! Connections, as psql makes them.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use atlas_migrate_tests::{Database, wait_for};

use crate::certificates::Authority;
use crate::secure::{PASSWORD, Secure};
use crate::{Program, Said};

/// A migration that keeps whether its connection is encrypted.
const SEEN: (&str, &str) =
    ("migrations/001_seen.sql", "CREATE TABLE seen AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid();\n");

/// What is expected of an attempt to connect.
#[derive(Clone, Copy, Debug)]
enum Way {
    Encrypted,
    Plain,
    /// With an error that says this.
    Refused(&'static str),
}
use Way::{Encrypted, Plain, Refused};

/// Runs the migration in a new database, by a URL made of that of the database.
#[track_caller]
fn check(program: &Program, database: &Database, url: &str, expected: Way) {
    let said = program.run(&["run", "--database-url", url]);
    match expected {
        Refused(reason) => {
            assert!(matches!(said.code, Some(1 | 2)), "{url}: {said:?}");
            assert!(said.err.contains(reason), "{url}: {reason:?} is not said in\n{}", said.err);
        }
        Encrypted | Plain => {
            assert_eq!(said.code, Some(0), "{url}: {said:?}");
            let expected = if matches!(expected, Encrypted) { "t" } else { "f" };
            assert_eq!(database.value("SELECT ssl FROM seen"), expected, "{url}");
        }
    }
}

/// `user@host?parameters` on a server with TLS. In the parameters `{home}` is the folder with the certificates.
#[test]
fn tls() {
    let secure = Secure::get();
    let program = Program::new(&[SEEN]);
    program.write("root.crt", &secure.authority.certificate());
    program.write("other.crt", &Authority::new("another authority").certificate());
    program.write("cut.crt", secure.authority.certificate().split_once("-----END").unwrap().0);
    program.write("empty.crt", "");
    let client = secure.authority.sign("by_certificate", &[]);
    program.write("client.crt", &client.certificate);
    program.write("client.key", &client.key);
    let home = program.folder.display().to_string();
    let case = |login: &str, parameters: &str, expected: Way| {
        let database = secure.database();
        let (user, host) = login.split_once('@').unwrap();
        let url = database.url_as(user).replace("127.0.0.1", host);
        let parameters = parameters.replace("{home}", &home);
        check(&program, &database, &format!("{url}?{parameters}"), expected);
    };
    const NO_LINE: &str = "no pg_hba.conf entry";

    case("postgres@localhost", "", Encrypted);
    case("postgres@localhost", "sslmode=disable", Plain);
    case("only_tls@localhost", "sslmode=disable", Refused(NO_LINE));
    case("postgres@localhost", "sslmode=allow", Plain);
    case("only_tls@localhost", "sslmode=allow", Encrypted);
    case("only_plain@localhost", "sslmode=allow", Plain);
    case("postgres@localhost", "sslmode=prefer", Encrypted);
    case("only_tls@localhost", "sslmode=prefer", Encrypted);
    case("only_plain@localhost", "sslmode=prefer", Plain);
    case("postgres@localhost", "sslmode=require", Encrypted);
    case("only_plain@localhost", "sslmode=require", Refused(NO_LINE));
    case("postgres@127.0.0.1", "sslmode=require&sslrootcert={home}/root.crt", Encrypted);
    case("postgres@127.0.0.1", "sslmode=require&sslrootcert={home}/other.crt", Refused("UnknownIssuer"));
    case("postgres@127.0.0.1", "sslmode=verify-ca&sslrootcert={home}/root.crt", Encrypted);
    case("postgres@127.0.0.1", "sslmode=verify-ca&sslrootcert={home}/other.crt", Refused("UnknownIssuer"));
    case("postgres@127.0.0.1", "sslmode=verify-ca", Refused("UnknownIssuer"));
    case("postgres@127.0.0.1", "sslmode=verify-ca&sslrootcert={home}/cut.crt", Refused("cut.crt"));
    case("postgres@127.0.0.1", "sslmode=verify-ca&sslrootcert={home}/empty.crt", Refused("UnknownIssuer"));
    case(
        "postgres@127.0.0.1",
        "sslmode=verify-ca&sslrootcert={home}/missing.crt",
        Refused("missing.crt cannot be read: No such file"),
    );
    case("postgres@localhost", "sslmode=verify-full&sslrootcert={home}/root.crt", Encrypted);
    case("postgres@127.0.0.1", "sslmode=verify-full&sslrootcert={home}/root.crt", Refused("not valid for name"));
    case("postgres@localhost", "sslmode=verify-full&sslrootcert={home}/other.crt", Refused("UnknownIssuer"));
    case("postgres@localhost", "sslmode=verify-full&sslrootcert=system", Refused("UnknownIssuer"));
    case("by_certificate@localhost", "sslmode=require", Refused("certificate"));
    let with_certificate = "sslmode=require&sslcert={home}/client.crt&sslkey={home}/client.key";
    case("by_certificate@localhost", with_certificate, Encrypted);

    // As psql does, it looks into a folder of its user's home.
    fs::create_dir(program.folder.join(".postgresql")).unwrap();
    fs::copy(program.folder.join("root.crt"), program.folder.join(".postgresql/root.crt")).unwrap();
    case("postgres@localhost", "sslmode=verify-full", Encrypted);
    case("postgres@127.0.0.1", "sslmode=verify-full", Refused("not valid for name"));
    fs::rename(program.folder.join("client.crt"), program.folder.join(".postgresql/postgresql.crt")).unwrap();
    fs::rename(program.folder.join("client.key"), program.folder.join(".postgresql/postgresql.key")).unwrap();
    case("by_certificate@localhost", "sslmode=require", Encrypted);

    let by_variables = Program::new(&[SEEN]).set("PGSSLMODE", "verify-full");
    let by_variables = by_variables.set("PGSSLROOTCERT", &format!("{home}/root.crt"));
    let database = secure.database();
    check(&by_variables, &database, &database.url().replace("127.0.0.1", "localhost"), Encrypted);
}

#[test]
fn a_server_without_tls() {
    let program = Program::new(&[SEEN]);
    for (mode, expected) in
        [("disable", Plain), ("allow", Plain), ("prefer", Plain), ("require", Refused("server does not support TLS"))]
    {
        let database = Database::new();
        check(&program, &database, &format!("{}?sslmode={mode}", database.url()), expected);
    }
}

/// Percent-encoded, as a URL has it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Runs `status`, tells whether it could log in, and sees that no output has the password.
#[track_caller]
fn logs_in(program: &Program, arguments: &[&str], expected: bool) -> Said {
    let said = program.run(&[&["status", "--verbose"], arguments].concat());
    assert_eq!(said.code, Some(if expected { 0 } else { 1 }), "{said:?}");
    let secrets = [PASSWORD.to_owned(), encoded(PASSWORD)];
    for text in [&said.out, &said.err] {
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "the password is shown:\n{text}");
    }
    said
}

#[test]
fn passwords() {
    let secure = Secure::get();
    let database = secure.database();
    let url = database.url_as("by_password");
    let with_password = url.replacen("by_password@", &format!("by_password:{}@", encoded(PASSWORD)), 1);
    let program = || Program::new(&[SEEN]).set("DATABASE_URL", &url);

    logs_in(&program(), &[], false);
    logs_in(&program(), &["--database-url", &with_password], true);
    logs_in(&Program::new(&[SEEN]).set("DATABASE_URL", &with_password), &["--format", "json"], true);
    logs_in(&program().set("PGPASSWORD", PASSWORD), &[], true);
    let wrong = logs_in(&program().set("PGPASSWORD", "wrong"), &[], false);
    assert!(wrong.err.contains("password authentication failed for user \"by_password\""), "{wrong:?}");

    let port = secure.server.port();
    let line = format!("127.0.0.1:{port}:*:by_password:{}\n", PASSWORD.replace('\\', "\\\\").replace(':', "\\:"));
    let keep = |program: &Program, name: &str, mode: u32| {
        program.write(name, &line);
        fs::set_permissions(program.folder.join(name), Permissions::from_mode(mode)).unwrap();
    };
    let in_home = program();
    keep(&in_home, ".pgpass", 0o600);
    logs_in(&in_home, &[], true);
    keep(&in_home, ".pgpass", 0o644);
    let open = logs_in(&in_home, &[], false);
    assert!(open.err.contains("is left alone, since others may read it"), "{open:?}");
    let elsewhere = program().set("PGPASSFILE", "passwords");
    keep(&elsewhere, "passwords", 0o600);
    logs_in(&elsewhere, &[], true);
}

/// What others see of the process, too, has no password.
#[test]
#[cfg(target_os = "linux")]
fn the_password_is_not_in_the_process_list() {
    let secure = Secure::get();
    let database = secure.database();
    let program = Program::new(&[("migrations/001_slow.sql", "SELECT pg_sleep(30);\n")]);
    let url = database.url_as("by_password");
    let url = url.replacen("by_password@", &format!("by_password:{}@", encoded(PASSWORD)), 1);
    let mut child = program.command(&["run", "--database-url", &url]).spawn().unwrap();
    let at_work = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()";
    wait_for("the migration to run", crate::program::LIMIT, || (database.value(at_work) == "1").then_some(()));
    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()");
    assert_eq!(arguments.split('\0').collect::<Vec<_>>(), ["atlas-migrate", "run", ""]);
}

#[test]
fn sockets() {
    let secure = Secure::get();
    let folder = secure.server.socket_folder().display().to_string();
    let port = secure.server.port().to_string();
    let by_url = |url: &dyn Fn(&str) -> String| {
        let database = secure.database();
        let name = database.value("SELECT current_database()");
        check(&Program::new(&[SEEN]), &database, &url(&name), Plain);
    };
    by_url(&|name| format!("postgresql:///{name}?host={folder}&port={port}&user=postgres"));
    by_url(&|name| format!("postgresql://postgres@{}:{port}/{name}", encoded(&folder)));
    // There is nothing to encrypt.
    by_url(&|name| format!("postgresql://postgres@/{name}?host={folder}&port={port}&sslmode=require"));

    let database = secure.database();
    let name = database.value("SELECT current_database()");
    let program = Program::new(&[SEEN]).set("PGHOST", &folder).set("PGPORT", &port).set("PGUSER", "postgres");
    program.set("PGDATABASE", &name).out(&["run"]);
    assert_eq!(database.value("SELECT ssl FROM seen"), "f");
}

#[test]
fn several_hosts() {
    let database = Database::new();
    let url = database.url().replace("@127.0.0.1", "@127.0.0.1:1,127.0.0.1");
    check(&Program::new(&[SEEN]), &database, &url, Plain);
    let nowhere = Program::new(&[SEEN]).run(&["run", "--database-url", "postgresql://me@127.0.0.1:1,127.0.0.1:2/x"]);
    assert!(nowhere.err.contains("at 127.0.0.1:1, 127.0.0.1:2, database x, user me"), "{nowhere:?}");
}

/// Settings and names of the session.
#[test]
fn options() {
    let database = Database::new();
    let seen =
        "CREATE TABLE seen AS SELECT current_setting('application_name') AS name, current_setting('work_mem') AS mem;";
    let program = Program::new(&[("migrations/001_seen.sql", seen)]).set("PGAPPNAME", "deploy");
    program.out(&["run", "--database-url", &format!("{}?options=-c%20work_mem%3D123kB", database.url())]);
    let row = database.value("SELECT split_part(name, ' ', 1), mem FROM seen");
    assert_eq!(row, "deploy|123kB");
}

#[test]
fn a_server_that_does_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgresql://me@{}/x?connect_timeout=1", listener.local_addr().unwrap());
    let start = std::time::Instant::now();
    let said = Program::new(&[SEEN]).run(&["status", "--database-url", &url]);
    assert!(said.err.contains("no answer within 1 s (connect_timeout)"), "{said:?}");
    assert!(start.elapsed() < Duration::from_secs(30));
}
