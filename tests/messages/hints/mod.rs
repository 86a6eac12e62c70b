//! Hints lead out: each is met, followed to the letter, and arrives.

use super::*;

mod data;
mod files;
mod logins;
mod roles;
mod verbs;

impl Case {
    fn connect(&self) -> Connection {
        Driver::TokioPostgres.connect(&self.database.url())
    }
}

/// An error with this hint; whoever does what it says arrives.
#[track_caller]
fn leads_out(error: &Error, hint: &str, follow: &mut dyn FnMut() -> Result<(), Error>) {
    let text = error.to_string();
    let is_said = text.lines().filter_map(|line| line.split_once("= hint: ")).any(|(_, said)| said.contains(hint));
    assert!(is_said, "{hint:?} is no hint of this: {text}");
    follow().unwrap_or_else(|error| panic!("{hint:?} does not lead out: {error}"));
}

/// A run of the first files fails after one of those before has passed; a run of the other files passes.
#[track_caller]
fn file(before: &str, fails: &str, hint: &str, passes: &[&str]) {
    for passes in passes {
        let mut case = Case::new();
        case.database.query(before);
        // Settings of the database are those of sessions that begin later.
        case.connection = case.connect();
        let error = case.run(&[("1_a.sql", fails)]);
        let set = migrator(&[("1_a.sql", passes)]);
        leads_out(&error, hint, &mut || case.connection.run(&set).map(drop));
    }
}

#[test]
fn hints_about_statements() {
    let table = "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)";
    file(table, "SELECT 1 / 0", "fix the file and run again", &["SELECT 1"]);
    let hint = "create it before, in this migration";
    file(
        table,
        "INSERT INTO u VALUES (1)",
        hint,
        &["INSERT INTO t VALUES (1)", "CREATE TABLE u (a int); INSERT INTO u VALUES (1)"],
    );
    file(table, "CREATE TABLE t (a int)", "else use IF NOT EXISTS", &["CREATE TABLE IF NOT EXISTS t (a int)"]);
    let unique = "CREATE UNIQUE INDEX i ON t (a)";
    file(
        table,
        unique,
        "fix the rows that are in the way, by hand or earlier in this migration",
        &[&format!("DELETE FROM t; {unique}")],
    );
    // As pg_cron says it.
    let cron = "DO $$ BEGIN RAISE 'can only create extension in database postgres'; END $$";
    let condition = "-- atlas:skip-unless current_database() = current_setting('cron.database_name', true)";
    let sets =
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET cron.database_name = postgres', current_database()); END $$";
    file(sets, cron, condition, &[&format!("{condition}\n{cron}")]);
    let hint = "put `-- atlas:no-transaction` into the first line of the file";
    for statement in ["do $$ begin insert into t values (1); commit; end $$", "DO 'BEGIN COMMIT; ROLLBACK; END'"] {
        file(table, statement, hint, &[&format!("-- atlas:no-transaction\n{statement}")]);
    }
    let parts = "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE u PARTITION OF t FOR VALUES IN (1)";
    file(parts, "REINDEX TABLE t", hint, &["-- atlas:no-transaction\nREINDEX TABLE t"]);
    let functions = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN COMMIT; END'; CREATE TABLE t (a int);
        CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''VACUUM t''; END'";
    let alone = "-- atlas:no-transaction\n";
    file(
        functions,
        &format!("{alone}SELECT f()"),
        "commit only in procedures and DO blocks",
        &[&format!("{alone}DO 'BEGIN COMMIT; END'")],
    );
    file(
        functions,
        &format!("{alone}SELECT g()"),
        "write the statement at the top level",
        &[&format!("{alone}VACUUM t")],
    );
    let slow = "-- atlas:statement-timeout 20ms\nSELECT pg_sleep(0.1)";
    file(table, slow, "give it more time with `-- atlas:statement-timeout`", &[&slow.replace("20ms", "20s")]);
    file(table, "SELECT uuid_generate_v4()", "use gen_random_uuid()", &["SELECT gen_random_uuid()"]);
    file(table, "CREATE TABLE schema_migrations (a int)", "another one is given to it with `table(..)`", &["SELECT 1"]);
}

#[test]
fn b12_what_a_definition_does_not_allow() {
    file(
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a, b FROM t",
        "CREATE OR REPLACE VIEW v AS SELECT b FROM t",
        "DROP VIEW first, in the same migration",
        &["DROP VIEW v; CREATE VIEW v AS SELECT b FROM t"],
    );
    file(
        "CREATE TABLE t (a int PRIMARY KEY, b int)",
        "ALTER TABLE t ADD PRIMARY KEY (b)",
        "drop that constraint first, or let the new one be UNIQUE",
        &["ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (b)", "ALTER TABLE t ADD UNIQUE (b)"],
    );
}

#[test]
fn hints_that_take_more_than_a_file() {
    let mut case = Case::new().sql("CREATE TABLE t (a int)");
    let set = migrator(&[("1_t.sql", "CREATE TABLE t (a int)")]);
    let error = case.connection.run(&set).unwrap_err();
    leads_out(&error, "adopt it with `baseline`", &mut || case.connection.baseline(&set, "1").map(drop));
    leads_out(&error, "adopt it with `baseline`", &mut || case.connection.check(&set));

    let mut case = Case::new().sql("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (a mood)");
    let (add, insert) = ("ALTER TYPE mood ADD VALUE 'ok';", "INSERT INTO t VALUES ('ok');");
    let error = case.run(&[("1_a.sql", &format!("{add} {insert}"))]);
    let two = migrator(&[("1_a.sql", add), ("2_b.sql", insert)]);
    leads_out(&error, "in the next migration", &mut || case.connection.run(&two).map(drop));

    let mut case = Case::new().sql("CREATE TABLE t (a int)");
    let mut holder = case.connect();
    holder.sql("BEGIN; LOCK TABLE t");
    let set = migrator(&[("1_a.sql", "ALTER TABLE t ADD b int")]);
    let hasty = set.clone().lock_timeout(Duration::from_millis(20)).retry_budget(Duration::ZERO);
    let error = case.connection.run(&hasty).unwrap_err();
    leads_out(&error, "end the session that is in the way", &mut || {
        holder.sql("ROLLBACK");
        case.connection.run(&hasty).map(drop)
    });
}

/// What is the server's fault says nothing of the file, which passes as it is once the trouble is over.
#[test]
fn d14_what_is_not_the_files_fault() {
    let mut case = Case::new().sql("CREATE TABLE trouble (code text)");
    for (code, hint) in [
        ("53000", "provide what the server is short of"),
        ("53100", "make room on the server's disk, which is full"),
        ("53200", "give the server more memory"),
        ("53300", "end sessions that are idle, or raise max_connections"),
        ("53400", "raise the limit that the message names"),
        ("55000", "bring it to the state that the message asks for"),
        ("55006", "end the session that uses it"),
        ("57P01", "run again when the server is there"),
        ("57P02", "wait until the server is there again"),
        ("57P04", "connect to another database: this one was dropped"),
        ("57P03", "wait until the server is there again"),
        ("58000", "look at the server's log and at its disks"),
        ("58030", "look at the server's log and at its disks"),
        ("25006", "connect to the primary, with a session"),
        ("25P03", "run again: the process stood still for too long"),
        ("25P04", "raise transaction_timeout"),
        ("40001", "be patient with `retry_budget(..)`"),
        ("40003", "be patient with `retry_budget(..)`"),
        ("40P01", "be patient with `retry_budget(..)`"),
        ("08001", "run again when the other server can be reached"),
        ("XX000", "look at the server's log"),
        ("XX001", "restore what is damaged"),
        ("F0000", "fix the server's configuration"),
        ("P0001", "do what the message says"),
    ] {
        case.database.query(&format!("INSERT INTO trouble VALUES ('{code}')"));
        let text = "DO $$ DECLARE c text; BEGIN SELECT code INTO c FROM trouble; IF c IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = c, MESSAGE = 'trouble'; END IF; END $$";
        let set = migrator(&[("1_a.sql", text)]).retry_budget(Duration::ZERO);
        let error = case.connection.run(&set).unwrap_err();
        assert_eq!(error.sqlstate(), Some(code), "{error}");
        assert!(!error.to_string().contains("fix the file"), "{error}");
        leads_out(&error, hint, &mut || {
            case.database.query("DELETE FROM trouble");
            case.connection.run(&set).map(drop)
        });
        case.database.query("DELETE FROM schema_migrations");
    }
}

/// A step of a story: the error of a verb on a database, and what is done about it.
struct Story<'a> {
    before: &'a [(&'a str, &'a str)],
    files: &'a [(&'a str, &'a str)],
}

impl Story<'_> {
    /// A run of the files is refused with this hint, and passes when it was followed with these files.
    #[track_caller]
    fn ends(&self, hint: &str, follow: impl FnOnce(&mut Connection) -> Result<(), Error>, files: &[(&str, &str)]) {
        let mut case = Case::new();
        // It may stop in its middle.
        let _stopped = case.connection.run(&migrator(self.before));
        let error = case.run(self.files);
        let mut follow = Some(follow);
        leads_out(&error, hint, &mut || {
            follow.take().map_or(Ok(()), |follow| follow(&mut case.connection))?;
            case.connection.run(&migrator(files)).map(drop)?;
            case.connection.check(&migrator(files))
        });
    }
}

fn nothing(_: &mut Connection) -> Result<(), Error> {
    Ok(())
}

#[test]
fn hints_about_drift() {
    let edited = ("001_a.sql", "CREATE TABLE a (id bigint);");
    let change = ("002_c.sql", "ALTER TABLE a ALTER id TYPE bigint;");
    let changed = Story { before: &[A], files: &[edited] };
    changed.ends("restore the file as it was applied, and put the change into a new migration", nothing, &[A, change]);

    let late = Story { before: &[B], files: &[A, B] };
    late.ends("give it a version above all that were applied", nothing, &[B, ("003_a.sql", A.1)]);

    let repair = |version: &'static str, repair: Repair, files: &'static [(&'static str, &'static str)]| {
        move |connection: &mut Connection| connection.repair(&migrator(files), version, repair).map(drop)
    };
    let both =
        Story { before: &[A, B], files: &[("001_a.sql", "CREATE TABLE a ();"), ("002_b.sql", "CREATE TABLE b ();")] };
    both.ends("for each of them, shown for the first: ", nothing, &[A, B]);
    let several =
        Story { before: &[A, B], files: &[("000_new.sql", "SELECT 1"), ("001_a.sql", "CREATE TABLE a ();"), B] };
    several.ends("for the first of them: ", nothing, &[A, B, ("003_new.sql", "SELECT 1")]);
    let replaced = Story { before: &[A, B], files: &[A, ("002_c.sql", "CREATE TABLE c ();"), ("003_b.sql", B.1)] };
    let higher = ("003_c.sql", "CREATE TABLE c ();");
    replaced.ends(
        "give migrations/003_b.sql the version 002 again, and migrations/002_c.sql a higher one",
        nothing,
        &[A, B, higher],
    );
    let missing = Story { before: &[A, B], files: &[B] };
    missing.ends("restore the file", nothing, &[A, B]);
    missing.ends(
        "keep its row with `repair(&pool, \"001\", Repair::Applied)`",
        repair("001", Repair::Applied, &[B]),
        &[B],
    );
    missing.ends(
        "remove it with `repair(&pool, \"001\", Repair::Removed)`",
        repair("001", Repair::Removed, &[B]),
        &[B],
    );
    let newer = Story { before: &[A, B], files: &[A] };
    newer.ends("deploy the binary that has it", nothing, &[A, B]);
    newer.ends(
        "keep its row with `repair(&pool, \"002\", Repair::Applied)`",
        repair("002", Repair::Applied, &[A]),
        &[A],
    );
    let view = Story { before: &[A, ("R__v.sql", "SELECT 1;")], files: &[A] };
    view.ends(
        "keep its row with `repair(&pool, \"R__v\", Repair::Applied)`",
        repair("R__v", Repair::Applied, &[A]),
        &[A],
    );
    view.ends("remove it with `repair(&pool, \"R__v\", Repair::Removed)`", repair("R__v", Repair::Removed, &[A]), &[A]);

    let steps = "-- atlas:no-transaction\nCREATE TABLE c ();\nSELECT 1 / 0;";
    let (other, rest) = (steps.replace("TABLE c", "TABLE d"), steps.replace("1 / 0", "1"));
    let unfinished = Story { before: &[("1_s.sql", steps)], files: &[("1_s.sql", &other)] };
    unfinished.ends("restore the statements that have run", nothing, &[("1_s.sql", &rest)]);
}

#[test]
fn hints_about_reverting() {
    let pair = |name, up, down| [(format!("{name}.up.sql"), up), (format!("{name}.down.sql"), down)];
    let set = |files: &[(String, &str)]| {
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        migrator(&files)
    };
    let first = pair("1_a", "CREATE TABLE a ();", "DROP TABLE a;");
    let stops = "-- atlas:no-transaction\nDROP TABLE b;\nSELECT 1 / 0;";
    let all = |down| set(&[first.clone(), pair("2_b", "CREATE TABLE b ();", down)].concat());
    let mut case = Case::new();
    case.connection.run(&all(stops)).unwrap();
    let error = case.connection.revert(&all(stops), Revert::Last).unwrap_err();
    let goes_on = |connection: &mut Connection| {
        connection.revert(&all("-- atlas:no-transaction\nDROP TABLE b;\nSELECT 1;"), Revert::To("1".into())).map(drop)
    };
    assert!(
        error.to_string().contains("fix the file and go on with `revert(&pool, Revert::To(\"1\".into()))`"),
        "{error}"
    );
    let error = case.connection.run(&all(stops)).unwrap_err();
    leads_out(&error, "go on reverting where that stopped: `revert(&pool, Revert::To(\"1\".into()))`", &mut || {
        goes_on(&mut case.connection)?;
        goes_on(&mut case.connection)?;
        assert_eq!(case.database.history(), ["1|applied|1"]);
        case.connection.run(&all(stops)).map(drop)
    });

    let up = &[A];
    let down = &[("001_a.up.sql", A.1), ("001_a.down.sql", "DROP TABLE a;")];
    let mut case = Case::new().applied(up);
    let error = case.connection.revert(&migrator(up), Revert::Last).unwrap_err();
    leads_out(&error, "write a down file for it", &mut || {
        case.connection.revert(&migrator(down), Revert::Last).map(drop)
    });
    let mut case = Case::new().applied(up);
    leads_out(&error, "`repair(&pool, \"001\", Repair::Pending)`", &mut || {
        case.database.query("DROP TABLE a");
        case.connection.repair(&migrator(up), "001", Repair::Pending)?;
        case.connection.run(&migrator(up)).map(drop)
    });
    let mut case = Case::new();
    case.connection.run(&migrator(down)).unwrap();
    let error = case.connection.revert(&migrator(&[B]), Revert::Last).unwrap_err();
    leads_out(&error, "run the binary that has it", &mut || {
        case.connection.revert(&migrator(down), Revert::Last).map(drop)
    });
    let mut case = Case::new().sql(A.1);
    case.connection.baseline(&migrator(down), "1").unwrap();
    let error = case.connection.revert(&migrator(down), Revert::Last).unwrap_err();
    leads_out(
        &error,
        "write a new migration that undoes it; or, if its down file is right for what is there",
        &mut || {
            case.connection.run(&migrator(&[down[0], down[1], ("002_undo.sql", "ALTER TABLE a RENAME TO b;")]))?;
            case.database.query("ALTER TABLE b RENAME TO a; DELETE FROM schema_migrations WHERE version = '002'");
            Ok(())
        },
    );
    leads_out(&error, "say that it was applied: `repair(&pool, \"001\", Repair::Applied)`", &mut || {
        case.connection.repair(&migrator(down), "001", Repair::Applied)?;
        case.connection.revert(&migrator(down), Revert::Last).map(drop)
    });
    let stopped = |last| migrator(&[("1_s.up.sql", last), ("1_s.down.sql", "DROP TABLE c;")]);
    let (fails, passes) =
        ("-- atlas:no-transaction\nCREATE TABLE c ();\nSELECT 1 / 0;", "-- atlas:no-transaction\nCREATE TABLE c ();");
    let mut case = Case::new();
    case.connection.run(&stopped(fails)).unwrap_err();
    let error = case.connection.revert(&stopped(fails), Revert::Last).unwrap_err();
    leads_out(&error, "run the migrations to its end first", &mut || {
        case.connection.run(&stopped(passes))?;
        case.connection.revert(&stopped(passes), Revert::Last).map(drop)
    });
}

#[test]
fn hints_about_options() {
    let mut case = Case::new().applied(&[A]);
    let all = migrator(&[A, ("002_v.sql", "VACUUM a;")]).transaction_mode(TransactionMode::All);
    let error = case.connection.run(&all).unwrap_err();
    let each = all.transaction_mode(TransactionMode::Each);
    leads_out(&error, "use `transaction_mode(TransactionMode::Each)`", &mut || case.connection.run(&each).map(drop));
    let target = |version: &'static str| migrator(&[A, B]).target(Target::Version(version.into()));
    let mut case = Case::new();
    let error = case.connection.run(&target("7")).unwrap_err();
    leads_out(&error, "the newest is 002 b", &mut || case.connection.run(&target("002")).map(drop));
    let set = migrator(&[A, B]);
    let error = case.connection.repair(&set, "1", Repair::Removed).unwrap_err();
    let hint = "if nothing of it took effect, say so with `repair(&pool, \"001\", Repair::Pending)`";
    leads_out(&error, hint, &mut || {
        case.database.query("DROP TABLE a");
        case.connection.repair(&set, "001", Repair::Pending)?;
        case.connection.run(&set.clone().out_of_order(OutOfOrder::Allow)).map(drop)
    });
    let error = case.connection.repair(&set, "1", Repair::Failed { completed: 2 }).unwrap_err();
    leads_out(&error, "count the statements of the file", &mut || {
        case.connection.repair(&set, "1", Repair::Failed { completed: 1 }).map(drop)
    });
    let mut case = Case::new().applied(&[A, B]);
    let error = case.connection.repair(&migrator(&[A]), "2", Repair::Failed { completed: 1 }).unwrap_err();
    leads_out(&error, "say it with the binary that has its file", &mut || {
        case.connection.repair(&set, "2", Repair::Failed { completed: 1 }).map(drop)
    });
    let mut case = Case::new();
    let role = format!("absent_{}", std::process::id());
    let set = migrator(&[A]).role(&role);
    let error = case.connection.run(&set).unwrap_err();
    leads_out(&error, "create the role", &mut || {
        case.database.query(&format!("CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}"));
        case.connection.run(&set).map(drop)
    });
    case.database.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    let mut case = Case::new();
    case.connection.sql("BEGIN");
    let error = case.run(&[A]);
    leads_out(&error, "commit or roll back first", &mut || {
        case.connection.sql("COMMIT");
        case.connection.run(&migrator(&[A])).map(drop)
    });
    let mut case = Case::new().sql("CREATE TABLE schema_migrations (version text); CREATE TABLE a (id int)");
    let error = case.run(&[A]);
    leads_out(&error, "choose another name with `table(..)`", &mut || {
        let set = migrator(&[A, B]).table("other");
        case.connection.baseline(&set, "1")?;
        case.connection.run(&set).map(drop)
    });
}

#[test]
fn hints_about_conditions_and_doubt() {
    file(
        "CREATE TABLE t (a int)",
        "-- atlas:require t\nSELECT 1",
        "make the condition a boolean expression",
        &["-- atlas:require EXISTS (SELECT FROM pg_class WHERE relname = 't')\nSELECT 1"],
    );
    let set = migrator(&[("1_a.sql", "-- atlas:require EXISTS (SELECT FROM t)\nSELECT 1")]);
    let mut case = Case::new().sql("CREATE TABLE t (a int)");
    let error = case.connection.run(&set).unwrap_err();
    leads_out(&error, "bring the database to where this is true", &mut || {
        case.database.query("INSERT INTO t VALUES (1)");
        case.connection.run(&set).map(drop)
    });
    let set = migrator(&[("1_i.sql", "CREATE INDEX CONCURRENTLY by_id ON t (a);")]);
    let mut case = Case::new();
    case.connection.run(&set).unwrap_err();
    case.database.query("CREATE TABLE t (a int, b int); CREATE INDEX by_id ON t (b)");
    case.database.query("UPDATE schema_migrations SET state = 'running', runner = 'gone'");
    let error = case.connection.run(&set).unwrap_err();
    leads_out(&error, "drop or rename that index and run again", &mut || {
        case.database.query("DROP INDEX by_id");
        case.connection.run(&set).map(drop)
    });
    let mut case = Case::new()
        .sql("CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN CREATE TABLE t (); COMMIT; PERFORM 1 / 0; END'");
    let set = migrator(&[("1_p.sql", "-- atlas:no-transaction\nCALL p();\nSELECT 1;")]);
    let error = case.connection.run(&set).unwrap_err();
    leads_out(&error, "`repair(&pool, \"1\", Repair::Failed { completed: 1 })` if all of it took effect", &mut || {
        case.connection.repair(&set, "1", Repair::Failed { completed: 1 })?;
        case.connection.run(&set).map(drop)
    });
}
