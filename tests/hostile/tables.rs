//! Tables that are called as ours are, and are not what they seem: nothing of them runs, and each is refused in our words.

use atlas_migrate::clean::{Cleaner, Resetter};
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::{Error, ErrorKind, Migrator, Repair, Revert};
use atlas_migrate_tests::{Connection, Database, Driver, migrator, tried};

/// Code of another role, which tells when it runs, by whatever means.
const CODE: &str = "CREATE FUNCTION evil.tell() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE LOG ''foreign code''; RETURN true; END';
    CREATE FUNCTION evil.tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE LOG ''foreign code''; RETURN $1; END';
    CREATE FUNCTION evil.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE LOG ''foreign code''; RETURN NEW; END';
    CREATE DOMAIN evil.words AS text CHECK (evil.tell())";

/// What is done to a table `T` with the columns `C`, one of which is `K`, and what is said of it then. `EVIL` is the role.
const ATTACKS: [(&str, &str, &str); 15] = [
    ("another owner", "ALTER TABLE T OWNER TO EVIL", "it belongs to the role EVIL"),
    (
        "a trigger",
        "CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON T FOR EACH ROW EXECUTE FUNCTION evil.fire()",
        "it has the trigger t, which needs a function of the role EVIL",
    ),
    (
        "a trigger of a statement",
        "CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON T FOR EACH STATEMENT EXECUTE FUNCTION evil.fire()",
        "it has the trigger t, which needs a function of the role EVIL",
    ),
    (
        "a rule",
        "CREATE RULE r AS ON INSERT TO T DO ALSO SELECT evil.tell()",
        "it has the rule r, which needs a function of the role EVIL",
    ),
    (
        "a policy",
        "CREATE POLICY p ON T USING (evil.tell()); ALTER TABLE T ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "it has the policy p, which needs a function of the role EVIL",
    ),
    ("a check", "ALTER TABLE T ADD CHECK (evil.tell()) NOT VALID", "which needs a function of the role EVIL"),
    ("a default", "ALTER TABLE T ADD extra text DEFAULT evil.tell('a')", "which needs a function of the role EVIL"),
    (
        "an index",
        "CREATE INDEX i ON T ((evil.tell('a')))",
        "it has the index i, which needs a function of the role EVIL",
    ),
    ("statistics", "CREATE STATISTICS s ON (evil.tell( K )) FROM T", "which needs a function of the role EVIL"),
    ("a type", "ALTER TABLE T ALTER K TYPE evil.words", "it has the column K of the type evil.words"),
    ("a child", "CREATE TABLE evil.child () INHERITS (T)", "it has tables that inherit from it"),
    (
        "a view",
        "ALTER TABLE T RENAME TO before; CREATE VIEW T AS SELECT * FROM before WHERE evil.tell(); ALTER VIEW T OWNER TO EVIL",
        "it is a view of the role EVIL",
    ),
    (
        "a partitioned table",
        "CREATE TABLE copied (LIKE T); DROP TABLE T; CREATE TABLE T (LIKE copied) PARTITION BY LIST ( K )",
        "it is a partitioned table of the role postgres",
    ),
    (
        "a materialized view",
        "ALTER TABLE T RENAME TO before; CREATE MATERIALIZED VIEW T AS SELECT * FROM before",
        "it is a materialized view of the role postgres",
    ),
    (
        "a foreign table",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE TABLE copied (LIKE T); DROP TABLE T ; CREATE FOREIGN TABLE T ( C ) SERVER s",
        "it is a foreign table of the role postgres",
    ),
];

const TABLES: [(&str, &str); 3] =
    [("schema_migrations", "checksum"), ("schema_seeds", "checksum"), ("schema_environment", "environment")];

fn set() -> Migrator {
    migrator(&[("1_a.sql", "CREATE TABLE a ();"), ("1_a.down.sql", "DROP TABLE a;")])
}

/// The same, and one that has not run.
fn more() -> Migrator {
    migrator(&[("1_a.sql", "CREATE TABLE a ();"), ("1_a.down.sql", "DROP TABLE a;"), ("2_b.sql", "CREATE TABLE b ();")])
}

fn seeder(count: usize) -> Seeder {
    let seeds = [("1.sql", "SELECT 1;"), ("2.sql", "SELECT 2;")].into_iter().take(count);
    Seeder::new(Seeds::from_files("seeds", seeds).unwrap_or_else(|error| panic!("{error}")), "dev")
}

type Verb = (&'static str, fn(&mut Connection) -> Result<(), Error>);

/// All that reads or writes the history.
const OF_THE_HISTORY: [Verb; 10] = [
    ("check", |connection| connection.check(&set())),
    ("check, with more to run", |connection| connection.check(&more())),
    ("status", |connection| connection.status(&set()).map(drop)),
    ("plan", |connection| connection.plan(&more()).map(drop)),
    ("wait", |connection| connection.wait(&set())),
    ("run", |connection| connection.run(&more()).map(drop)),
    ("rehearse", |connection| connection.rehearse(&more()).map(drop)),
    ("revert", |connection| connection.revert(&set(), Revert::All).map(drop)),
    ("baseline", |connection| connection.baseline(&more(), "2").map(drop)),
    ("repair", |connection| connection.repair(&set(), "1", Repair::Pending).map(drop)),
];

/// All that reads or writes the tables of seeds.
const OF_SEEDS: [Verb; 4] = [
    ("seed", |connection| connection.seed(&seeder(1)).map(drop)),
    ("seed, with more to load", |connection| connection.seed(&seeder(2)).map(drop)),
    ("dry run", |connection| connection.dry_run(&seeder(2)).map(drop)),
    ("mark", |connection| connection.mark(&seeder(1))),
];

/// What may do something else, and runs nothing of the table either.
const OTHERS: [Verb; 4] = [
    ("clean, planned", |connection| connection.plan_clean(&Cleaner::new()).map(drop)),
    ("clean", |connection| connection.clean(&Cleaner::new()).map(drop)),
    ("reset, planned", |connection| connection.plan_reset(&Resetter::new(set()).schemas(["other"])).map(drop)),
    ("reset", |connection| connection.reset(&Resetter::new(set()).schemas(["other"])).map(drop)),
];

/// The part with the word in its brackets replaced, if it is that.
fn replaced(part: &str, word: &str, meant: &str) -> String {
    let bare = part.trim_matches(|c| matches!(c, '(' | ')' | ';' | ','));
    if bare == word { part.replacen(word, meant, 1) } else { part.to_owned() }
}

#[test]
fn d9_tables_that_are_not_what_they_seem() {
    let evil = format!("evil_{}", std::process::id());
    Database::new().query(&format!("CREATE ROLE {evil}"));
    std::thread::scope(|scope| {
        for table in TABLES {
            let evil = &evil;
            scope.spawn(move || ATTACKS.into_iter().for_each(|attack| check_table(evil, table, attack)));
        }
    });
    Database::new().query(&format!("DROP ROLE {evil}"));
}

fn check_table(evil: &str, (table, column): (&str, &str), (what, attack, said): (&str, &str, &str)) {
    let database = Database::new();
    let mut connection = Driver::TokioPostgres.connect(&database.url());
    connection.run(&set()).unwrap();
    connection.seed(&seeder(1)).unwrap();
    database.query(&format!("CREATE SCHEMA other; CREATE SCHEMA evil AUTHORIZATION {evil}; SET ROLE {evil}; {CODE}"));
    let columns = database.value(&format!(
        "SELECT string_agg(format('%I %s', attname, format_type(atttypid, NULL)), ', ') FROM pg_attribute
        WHERE attrelid = '{table}'::regclass AND attnum > 0"
    ));
    let filled_in = |text: &str| {
        let mut text = text.replace("EVIL", evil);
        for (word, meant) in [("T", table), ("K", column), ("C", &columns)] {
            text = text.split(' ').map(|part| replaced(part, word, meant)).collect::<Vec<_>>().join(" ");
        }
        text
    };
    database.query(&filled_in(attack));
    let before = database.logs("foreign code").len();
    let mut check = |verbs: &[Verb], is_refused: bool| {
        for (verb, perform) in verbs {
            let result = perform(&mut connection);
            let ran = database.logs("foreign code").len() - before;
            assert_eq!(ran, 0, "{verb} ran code of another role: {what} on {table}: {result:?}");
            if is_refused {
                let error = result.expect_err(&format!("{verb}: {what} on {table}"));
                assert_eq!(error.kind(), ErrorKind::ForeignHistory, "{verb}, {what}: {error}");
                assert!(error.to_string().contains(&filled_in(said)), "{verb}, {what} on {table}: {error}");
            }
        }
    };
    tried(OF_THE_HISTORY.len() + OF_SEEDS.len() + OTHERS.len(), "attacks");
    check(&OF_THE_HISTORY, table == TABLES[0].0);
    check(&OF_SEEDS, table != TABLES[0].0);
    check(&OTHERS, false);
    assert_eq!(database.value("SELECT to_regclass('a') IS NOT NULL OR to_regclass('b') IS NULL"), "t");
}

/// An owner to whom the policies do not apply sees all; others see that they are kept from seeing.
#[test]
fn a8_row_level_security_that_hides() {
    let reader = format!("reader_{}", std::process::id());
    Database::new().query(&format!("CREATE ROLE {reader} LOGIN"));
    for (table, what) in [
        ("schema_migrations", "the history"),
        ("schema_seeds", "which seeds were loaded"),
        ("schema_environment", "the mark of the environment"),
    ] {
        let database = Database::new();
        let mut owner = Driver::TokioPostgres.connect(&database.url());
        owner.run(&set()).unwrap();
        owner.seed(&seeder(1)).unwrap();
        database.query(&format!(
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO {reader}; GRANT CREATE ON SCHEMA public TO {reader};
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        ));
        owner.check(&set()).unwrap();
        assert!(owner.seed(&seeder(1)).unwrap().is_empty());
        for driver in [Driver::TokioPostgres, Driver::SqlxPool] {
            let mut connection = driver.connect(&database.url_as(&reader));
            let verbs: &[Verb] = match table {
                "schema_migrations" => &OF_THE_HISTORY,
                // A mark can be written without knowing which seeds were loaded.
                "schema_seeds" => &OF_SEEDS[..3],
                _ => &OF_SEEDS,
            };
            for (verb, perform) in verbs {
                let error = perform(&mut connection).expect_err(verb);
                let (said, role) = (error.to_string(), format!("from the role {reader}"));
                assert!(said.starts_with(&format!("row-level security hides {what}")), "{verb}: {error}");
                assert!(said.contains(&role), "{verb}: {error}");
            }
            if table == "schema_environment" {
                let error = connection.clean(&Cleaner::new()).map(drop).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Environment, "{error}");
            }
        }
        assert_eq!(database.value("SELECT count(*) FROM schema_migrations"), "1");
        drop(owner);
        database.query(&format!("DROP OWNED BY {reader}"));
    }
    Database::new().query(&format!("DROP ROLE {reader}"));
}

/// Those who may own the tables: whoever the migrator acts as, the owner of the database, a superuser, and a role that one of
/// these has made it a member of. Not a role that has made it a member of itself.
#[test]
fn d9_owners_that_are_trusted() {
    let process = std::process::id();
    let [migrator, group, stranger, other] =
        ["migrator", "group", "stranger", "other"].map(|name| format!("{name}_{process}"));
    Database::new().query(&format!(
        "CREATE ROLE {migrator} LOGIN; CREATE ROLE {group}; CREATE ROLE {other}; CREATE ROLE {stranger} CREATEROLE;
        GRANT {group} TO {migrator}; GRANT {other} TO {stranger} WITH ADMIN OPTION;
        SET ROLE {stranger}; GRANT {other} TO {migrator}"
    ));
    for (owner, of_database, is_trusted) in [
        ("postgres", "postgres", true),
        (&migrator, "postgres", true),
        (&group, "postgres", true),
        (&stranger, &stranger, true),
        (&stranger, "postgres", false),
        (&other, "postgres", false),
    ] {
        let database = Database::new();
        Driver::Postgres.connect(&database.url()).run(&set()).unwrap();
        let name = database.value("SELECT current_database()");
        database.query(&format!(
            "ALTER TABLE schema_migrations OWNER TO {owner}; ALTER DATABASE {name} OWNER TO {of_database};
            GRANT ALL ON schema_migrations TO {migrator}; GRANT CREATE ON SCHEMA public TO {migrator}"
        ));
        let mut connection = Driver::TokioPostgres.connect(&database.url_as(&migrator));
        // To read what cannot run anything needs no trust, except for a superuser's.
        connection.check(&set()).unwrap();
        let run = connection.run(&more());
        assert_eq!(run.is_ok(), is_trusted, "{owner} of {of_database}: {run:?}");
        let superuser = Driver::Postgres.connect(&database.url()).status(&set());
        assert_eq!(
            superuser.is_ok(),
            owner == "postgres" || owner == of_database,
            "{owner} of {of_database}: {superuser:?}"
        );
        drop(connection);
        database.query(&format!(
            "ALTER DATABASE {name} OWNER TO postgres; DROP OWNED BY {migrator}, {group}, {stranger}, {other}"
        ));
    }
    Database::new().query(&format!("DROP ROLE {migrator}, {group}, {other}, {stranger}"));
}
