//! All that is tried against every command of the command line, in one table. Others go deeper, over every client: into names
//! (`names`), tables of ours (`tables`), paths (`traps`), settings (`rules`, `settings`) and secrets (`secrets`).

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate_tests::{Database, Driver, Folder, OddFile, migrator, program, tried, wait_for};

/// How long a command may take, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(60);

/// A command, by a name of one word; its arguments; and how it ends where nothing is wrong.
pub(crate) type Case = (&'static str, &'static str, i32);

/// Every command, in an order in which all can be tried on one database.
pub(crate) const COMMANDS: [Case; 20] = [
    ("status", "status", 0),
    ("check", "check", 3),
    ("wait", "check --wait 50ms", 3),
    ("rehearse", "rehearse", 0),
    ("script", "script", 0),
    ("verify", "verify", 0),
    ("bench", "bench", 0),
    ("roles", "roles plan --roles roles.toml", 0),
    ("baseline", "baseline 1", 0),
    ("repair", "repair 1 --mark applied --reason tried --yes", 0),
    ("run", "run", 0),
    ("redo", "redo --yes", 0),
    ("revert", "revert --yes", 0),
    ("setup", "setup --environment dev", 0),
    ("seed", "seed --environment dev", 0),
    ("mark", "seed --environment dev --mark --yes", 0),
    ("clean", "clean --yes", 0),
    ("reset", "reset --yes", 0),
    ("drop", "drop --yes --force", 0),
    ("create", "create", 0),
];

/// Those that read the history, the tables of seeds or the mark.
const OF_TABLES: &[&str] = &[
    "status", "check", "wait", "rehearse", "baseline", "repair", "run", "redo", "revert", "setup", "seed", "mark",
    "clean", "reset", "drop",
];

/// Those that would load what is for another environment, or destroy what may be in production.
const OF_PRODUCTION: &[&str] = &["redo", "revert", "setup", "seed", "mark", "clean", "reset", "drop"];

/// Those that read files.
const OF_FILES: &[&str] = &[
    "status", "check", "wait", "rehearse", "script", "verify", "bench", "roles", "baseline", "repair", "run", "redo",
    "revert", "setup", "seed", "reset",
];

struct Attack {
    kind: &'static str,
    /// What is done to the database, as a superuser. `EVIL` is another role, and `evil` a schema of its own, with code.
    sql: &'static str,
    /// What stands where a plain file is meant to be.
    odd: Option<OddFile>,
    /// The commands that are refused, and do nothing. All others do what they do anywhere.
    refused: &'static [&'static str],
    /// One of these is said then.
    said: &'static [&'static str],
}

/// Code of another role, which tells when it runs.
const CODE: &str = "CREATE SCHEMA evil AUTHORIZATION EVIL; SET ROLE EVIL;
    CREATE FUNCTION evil.tell() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE LOG ''foreign code''; RETURN true; END';
    CREATE FUNCTION evil.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE LOG ''foreign code''; RETURN NEW; END';
    RESET ROLE;";

const NOT_OURS: &[&str] = &["is not used: it ", "is not a plain table of a role that is trusted"];
const PRODUCTION: &[&str] = &["production", "PRODUCTION"];
const NOT_PLAIN: &[&str] = &["be read: not a plain file, but "];

const ATTACKS: [Attack; 12] = [
    Attack { kind: "none, to compare with", sql: "", odd: None, refused: &[], said: &[] },
    Attack {
        kind: "names",
        sql: r#"CREATE SCHEMA "'; DROP TABLE kept; --"; CREATE SCHEMA """; DROP TABLE kept; --"; CREATE SCHEMA "$$; DROP TABLE kept; $atlas$";
            CREATE TABLE "'; DROP TABLE kept; --"."""; DROP TABLE kept; --" ("'; DROP TABLE kept; --" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
            CREATE TABLE """; DROP TABLE kept; --"."\'; DROP TABLE kept; --" ("%s %I \" serial PRIMARY KEY REFERENCES "'; DROP TABLE kept; --"."""; DROP TABLE kept; --");
            INSERT INTO "'; DROP TABLE kept; --"."""; DROP TABLE kept; --" DEFAULT VALUES; INSERT INTO """; DROP TABLE kept; --"."\'; DROP TABLE kept; --" DEFAULT VALUES;
            CREATE VIEW "$$; DROP TABLE kept; $atlas$"."'; DROP TABLE kept; --" AS SELECT 1 AS "'";
            CREATE FUNCTION "$$; DROP TABLE kept; $atlas$"."'; DROP TABLE kept; --"() RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE TYPE """; DROP TABLE kept; --"."'; DROP TABLE kept; --" AS ENUM ('''; DROP TABLE kept; --')"#,
        odd: None,
        refused: &[],
        said: &[],
    },
    Attack {
        kind: "owners",
        sql: "ALTER TABLE schema_migrations OWNER TO EVIL; ALTER TABLE schema_seeds OWNER TO EVIL; ALTER TABLE schema_environment OWNER TO EVIL",
        odd: None,
        refused: OF_TABLES,
        said: NOT_OURS,
    },
    Attack {
        kind: "triggers",
        sql: "CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION evil.fire();
            CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON schema_seeds FOR EACH STATEMENT EXECUTE FUNCTION evil.fire();
            CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON schema_environment FOR EACH STATEMENT EXECUTE FUNCTION evil.fire()",
        odd: None,
        refused: OF_TABLES,
        said: NOT_OURS,
    },
    Attack {
        kind: "rules",
        sql: "CREATE RULE r AS ON INSERT TO schema_migrations DO ALSO SELECT evil.tell();
            CREATE RULE r AS ON UPDATE TO schema_seeds DO ALSO SELECT evil.tell();
            CREATE RULE r AS ON DELETE TO schema_environment DO INSTEAD SELECT evil.tell()",
        odd: None,
        refused: OF_TABLES,
        said: NOT_OURS,
    },
    Attack {
        kind: "policies",
        sql: "CREATE POLICY p ON schema_migrations USING (evil.tell()); ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE POLICY p ON schema_seeds USING (evil.tell()); ALTER TABLE schema_seeds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE POLICY p ON schema_environment USING (evil.tell()); ALTER TABLE schema_environment ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        odd: None,
        refused: OF_TABLES,
        said: NOT_OURS,
    },
    Attack {
        kind: "views",
        sql: "ALTER TABLE schema_migrations RENAME TO m; CREATE VIEW schema_migrations AS SELECT * FROM m WHERE evil.tell(); ALTER VIEW schema_migrations OWNER TO EVIL;
            ALTER TABLE schema_seeds RENAME TO s; CREATE VIEW schema_seeds AS SELECT * FROM s WHERE evil.tell(); ALTER VIEW schema_seeds OWNER TO EVIL;
            ALTER TABLE schema_environment RENAME TO e; CREATE VIEW schema_environment AS SELECT * FROM e WHERE evil.tell(); ALTER VIEW schema_environment OWNER TO EVIL",
        odd: None,
        refused: OF_TABLES,
        said: NOT_OURS,
    },
    Attack {
        kind: "marks in capitals",
        sql: "UPDATE schema_environment SET environment = 'PRODUCTION'",
        odd: None,
        refused: OF_PRODUCTION,
        said: PRODUCTION,
    },
    Attack {
        kind: "two marks",
        sql: "ALTER TABLE schema_environment DROP CONSTRAINT schema_environment_pkey CASCADE;
            INSERT INTO schema_environment SELECT 'production', marked_at, marked_by FROM schema_environment;
            ALTER TABLE schema_environment ADD PRIMARY KEY (environment)",
        odd: None,
        refused: OF_PRODUCTION,
        said: PRODUCTION,
    },
    Attack { kind: "FIFOs", sql: "", odd: Some(OddFile::Fifo), refused: OF_FILES, said: NOT_PLAIN },
    Attack { kind: "devices", sql: "", odd: Some(OddFile::Device), refused: OF_FILES, said: NOT_PLAIN },
    Attack { kind: "links", sql: "", odd: Some(OddFile::Link), refused: OF_FILES, said: NOT_PLAIN },
];

/// Migrations whose rows are to be there once, and a table that is to stay.
const UP: &str = "CREATE TABLE kept AS SELECT 1 AS n;\nALTER TABLE kept ADD PRIMARY KEY (n);\n\
    CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int);\nINSERT INTO a (n) VALUES (1);";
const DOWN: &str = "DROP TABLE a, kept;";
const SEED: &str = "INSERT INTO a (n) VALUES (3);";

/// A project, and a database on which its first migration has run, and its first seed.
struct Attacked {
    folder: Folder,
    database: Database,
    name: String,
    /// Whence it is seen whether that is there.
    other: Database,
}

impl Attacked {
    fn new(evil: &str, attack: &Attack) -> Self {
        let database = Database::new();
        let mut connection = Driver::Postgres.connect(&database.url());
        connection.run(&migrator(&[("1_a.up.sql", UP), ("1_a.down.sql", DOWN)])).unwrap();
        let seeds = Seeds::from_files("seeds", [("dev/1.sql", SEED)]).unwrap();
        connection.seed(&Seeder::new(seeds, "dev")).unwrap();
        database.query(&format!("{CODE} {}", attack.sql).replace("EVIL", evil));
        let roles = format!("owner = '{evil}'\n");
        let mut files = vec![
            ("migrations/1_a.up.sql", UP),
            ("migrations/1_a.down.sql", DOWN),
            ("migrations/2_b.up.sql", "INSERT INTO a (n) VALUES (2);"),
            ("migrations/2_b.down.sql", "DELETE FROM a WHERE n = 2;"),
            ("seeds/dev/1.sql", SEED),
            ("seeds/dev/2.sql", "INSERT INTO a (n) VALUES (4);"),
            ("checks/a.sql", "SELECT n FROM kept WHERE n <> 1"),
            ("benchmarks/a.sql", "SELECT n FROM kept"),
        ];
        if attack.odd.is_none() {
            files.push(("roles.toml", &roles));
        }
        let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), &files);
        for file in ["migrations/3_c.sql", "seeds/dev/3.sql", "checks/b.sql", "benchmarks/b.sql", "roles.toml"] {
            if let Some(odd) = attack.odd {
                odd.put(&folder.path().join(file));
            }
        }
        let name = database.value("SELECT current_database()");
        Self { folder, database, name, other: Database::new() }
    }

    fn is_there(&self) -> bool {
        let databases = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", self.name);
        self.other.value(&databases) == "1"
    }

    /// The rows of both tables, as far as they are there.
    fn rows(&self) -> Vec<String> {
        if !self.is_there() || self.database.value("SELECT to_regclass('kept') IS NULL") == "t" {
            return Vec::new();
        }
        self.database.query("SELECT 'kept', n FROM kept UNION ALL SELECT 'a', n FROM a ORDER BY 1, 2")
    }
}

fn check(evil: &str, attack: &Attack) -> usize {
    let attacked = Attacked::new(evil, attack);
    for (command, arguments, code) in COMMANDS {
        let what = format!("{}: {command}", attack.kind);
        let before = attacked.rows();
        let (ended, said) = run(&attacked.folder, &attacked.database.url(), arguments);
        let after = attacked.rows();
        if attack.refused.contains(&command) {
            assert!(
                !matches!(ended, Some(0 | 3)) && attack.said.iter().any(|one| said.contains(one)),
                "{what}: {said}"
            );
            assert_eq!(after, before, "{what}");
        } else {
            assert_eq!(ended, Some(code), "{what}: {said}");
        }
        let once = after.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(once, after.len(), "{what} has done something twice: {after:?}");
        let may_lose = matches!(command, "clean" | "drop");
        assert!(may_lose || before.is_empty() || !after.is_empty(), "{what} has lost something: {before:?}");
        assert_eq!(attacked.database.logs("foreign code"), [""; 0], "{what} ran code of another role");
    }
    COMMANDS.len()
}

#[test]
fn every_command_against_every_attack() {
    let evil = format!("evil_by_command_{}", std::process::id());
    Database::new().query(&format!("CREATE ROLE {evil}"));
    let count: usize = std::thread::scope(|scope| {
        let attacks: Vec<_> = ATTACKS.iter().map(|attack| scope.spawn(|| check(&evil, attack))).collect();
        attacks.into_iter().map(|attack| attack.join().unwrap()).sum()
    });
    Database::new().query(&format!("DROP ROLE {evil}"));
    tried(count, "attacks");
}

/// A database is called what it is called: made, migrated, emptied and dropped.
#[test]
fn names_of_databases() {
    let database = Database::new();
    let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), &[("migrations/1_a.sql", "CREATE TABLE a ();")]);
    let own = database.value("SELECT current_database()");
    for name in ["'; DROP DATABASE OWN; --", "\"; DROP DATABASE OWN; --", "$$ %s \\ \u{1b}[2J é", "template0 "] {
        let name = format!("{}{name}", std::process::id()).replace("OWN", &own);
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let url = database.url().replace(&own, &encoded);
        let commands = ["create", "run", "status", "clean --yes", "reset --yes", "drop --yes"];
        for (index, command) in commands.into_iter().enumerate() {
            let (code, said) = run(&folder, &url, command);
            assert!(code == Some(0) && !said.contains('\u{1b}'), "{name:?}, {command}: {said}");
            let literal = format!("'{}'", name.replace('\'', "''"));
            let is_there = database.value(&format!("SELECT count(*) FROM pg_database WHERE datname = {literal}"));
            assert_eq!(is_there, if index + 1 < commands.len() { "1" } else { "0" }, "{name:?}, {command}");
        }
    }
}

/// Ended while it waits for somebody who has locked all tables: nothing was done, and no session stays.
#[test]
fn signals() {
    let attacked = Attacked::new("postgres", &ATTACKS[0]);
    let database = &attacked.database;
    let state = || {
        database.query(
            "SELECT 'history ' || version || state || statements FROM schema_migrations UNION ALL SELECT 'a ' || n FROM a
            UNION ALL SELECT 'kept ' || n FROM kept UNION ALL SELECT 'seed ' || name FROM schema_seeds
            UNION ALL SELECT 'mark ' || environment FROM schema_environment ORDER BY 1",
        )
    };
    let before = state();
    let mut somebody = Driver::Postgres.connect(&database.url());
    somebody.sql("BEGIN; LOCK TABLE schema_migrations, schema_seeds, schema_environment, a, kept");
    let sessions = |condition: &str| {
        database.value(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'atlas-migrate %' AND {condition}"
        ))
    };
    let mut interrupted = Vec::new();
    for (command, arguments, _) in COMMANDS {
        let mut child = start(&attacked.folder, &database.url(), arguments);
        let waits = wait_for(&format!("{command} to wait"), LIMIT, || match child.try_wait().unwrap() {
            Some(_) => Some(false),
            None => (sessions("wait_event_type = 'Lock'") != "0").then_some(true),
        });
        if waits {
            Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
            let (code, said) = end(command, child);
            assert!(code == Some(143) && said.contains("interrupted by SIGTERM"), "{command}: {said}");
            interrupted.push(command);
        }
        wait_for("its sessions to end", LIMIT, || (sessions("true") == "0").then_some(()));
    }
    drop(somebody);
    assert_eq!(state(), before);
    let all = COMMANDS.map(|(command, ..)| command).into_iter();
    // These need none of the tables.
    let expected: Vec<_> = all.filter(|command| !matches!(*command, "script" | "roles" | "create")).collect();
    assert_eq!(interrupted, expected);
    tried(interrupted.len(), "signals");
}

/// Starts a command, in the folder of a project and on a database.
fn start(folder: &Folder, url: &str, arguments: &str) -> Child {
    Command::new(program())
        .args(arguments.split(' '))
        .current_dir(folder.path())
        .env("DATABASE_URL", url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{arguments}: {error}"))
}

/// How it ends. It has less to say than a pipe holds.
#[track_caller]
fn end(command: &str, mut child: Child) -> (Option<i32>, String) {
    wait_for(&format!("the end of {command}"), LIMIT, || child.try_wait().unwrap());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).join(""))
}

/// Both.
#[track_caller]
pub(crate) fn run(folder: &Folder, url: &str, arguments: &str) -> (Option<i32>, String) {
    end(arguments, start(folder, url, arguments))
}
