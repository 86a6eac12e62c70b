//! Hints of the command line lead out: what they say is typed into a shell, word for word, and arrives.

use std::process::Command;

use atlas_migrate::ephemeral::Server;
use atlas_migrate_tests::{Database, Driver, program};

use crate::Program;
use crate::certificates::Authority;
use crate::files::PEOPLE;
use crate::secure::{PASSWORD, Secure};

impl Program {
    /// Types a command into a shell.
    #[track_caller]
    pub(crate) fn shell(&self, command: &str) -> (bool, String) {
        let tools = self.folder.join("tools");
        if !tools.exists() {
            std::fs::create_dir(&tools).unwrap();
            std::os::unix::fs::symlink(program(), tools.join("atlas-migrate")).unwrap();
        }
        let path = format!("{}:/usr/bin:/bin", tools.display());
        let output = Command::new("/bin/sh")
            .args(["-c", command])
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.variables())
            .env("PATH", path)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    }

    /// The hint of a command that fails, in which there is this.
    #[track_caller]
    pub(crate) fn hint(&self, command: &str, expected: &str) -> String {
        let (is_done, said) = self.shell(command);
        let mut hints = said.lines().filter_map(|line| line.split_once("= hint: ")).map(|(_, hint)| hint);
        let hint = hints.find(|hint| hint.contains(expected));
        assert!(!is_done && hint.is_some(), "{command}: {expected:?} is not said: {said}");
        hint.unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn passes(&self, command: &str) {
        let (is_done, said) = self.shell(command);
        assert!(is_done, "{command} does not lead out: {said}");
    }

    /// A command fails with this hint; others, which it says, pass.
    #[track_caller]
    pub(crate) fn leads_out(&self, fails: &str, hint: &str, pass: &[&str]) {
        self.hint(fails, hint);
        pass.iter().for_each(|command| self.passes(command));
    }
}

/// The commands that a hint has in backticks.
pub(crate) fn commands(hint: &str) -> Vec<String> {
    let quoted = hint.split('`').skip(1).step_by(2);
    quoted.filter(|quoted| quoted.starts_with("atlas-migrate ")).map(str::to_owned).collect()
}

/// Files of which these were run, and then these are gone or new; each command of the hint, by itself, lets `run` pass.
#[track_caller]
fn each_command_helps(gone: &[&str], new: &[(&str, &str)], hint: &str) {
    let begin = || {
        let database = Database::new();
        let program = Program::new(PEOPLE).on(&database);
        program.passes("atlas-migrate run");
        for name in gone {
            std::fs::remove_file(program.folder.join(name)).unwrap();
        }
        new.iter().for_each(|(name, text)| program.write(name, text));
        (database, program)
    };
    let count = commands(&begin().1.hint("atlas-migrate run", hint)).len();
    assert!(count > 0, "{hint}");
    for number in 0..count {
        let (_database, program) = begin();
        let command = commands(&program.hint("atlas-migrate run", hint)).swap_remove(number);
        // Nobody is there to be asked.
        let asks =
            ["redo", "revert", "repair"].iter().any(|verb| command.contains(verb)) && !command.contains("applied");
        program.passes(&if asks { format!("{command} --yes") } else { command });
        program.passes("atlas-migrate run");
    }
}

#[test]
fn drift() {
    each_command_helps(
        &["migrations/R__adults.sql"],
        &[],
        "atlas-migrate repair R__adults --mark applied --reason '…'",
    );
    each_command_helps(
        &["migrations/001_people.up.sql", "migrations/001_people.down.sql"],
        &[],
        "atlas-migrate repair 001 --mark removed --reason '…'",
    );
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.leads_out(
        "atlas-migrate redo --yes",
        "apply what is pending, with `atlas-migrate run`",
        &["atlas-migrate run"],
    );
    program.write("migrations/000_before.sql", "SELECT 1;\n");
    program.leads_out(
        "atlas-migrate run",
        "`atlas-migrate run --allow-out-of-order`",
        &["atlas-migrate run --allow-out-of-order"],
    );
    program.write("migrations/002_ages.up.sql", "ALTER TABLE people ADD age bigint;\n");
    program.leads_out("atlas-migrate run", "redo it with `atlas-migrate redo`; else", &["atlas-migrate redo --yes"]);
    program.leads_out(
        "atlas-migrate run --target 9",
        "give a version that exists: the newest is 002 ages",
        &["atlas-migrate run --target 002"],
    );
    let elsewhere = "atlas-migrate run --schema app";
    program.leads_out(elsewhere, "use that one with `--schema public`; or", &["atlas-migrate run --schema public"]);

    let database = Database::new();
    let files = [("migrations/001_a.sql", "CREATE TABLE a ();\n"), ("migrations/002_b.sql", "CREATE TABLE b ();\n")];
    let program = Program::new(&files).on(&database);
    program.passes("atlas-migrate run");
    program.write("others/001_x.sql", "CREATE TABLE x ();\n");
    let others = "atlas-migrate run --source others --namespace others";
    program.leads_out("atlas-migrate run --source others", "`--namespace`", &[others]);
    let beside = "atlas-migrate run --schema app --beside-other-history --source third";
    program.write("third/001_y.sql", "CREATE TABLE y ();\n");
    program.leads_out("atlas-migrate run --schema app", "`--beside-other-history`", &[beside]);
}

/// What is done by other tools, and what is in the way.
#[test]
fn beside_others() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    database.query("CREATE TABLE people (name text, age int)");
    let hint = "adopt it with `atlas-migrate baseline VERSION`";
    program.leads_out("atlas-migrate run", hint, &["atlas-migrate baseline 002", "atlas-migrate run"]);
    // What waits for a lock has an option for it, which the hint names.
    let mut holder = Driver::Postgres.connect(&database.url());
    holder.sql("BEGIN; INSERT INTO people VALUES ('Ada', 36)");
    let clean = "atlas-migrate clean --confirm ".to_owned() + &database.value("SELECT current_database()");
    program.hint(&clean, "end the session that has locked a table, or be patient with `--lock-timeout`");
    program.hint(&format!("{clean} --lock-timeout 10ms"), "or be patient with `--lock-timeout`");
    // So has what waits for another process.
    holder.sql(
        "ROLLBACK; BEGIN; SELECT pg_advisory_xact_lock(
             ('x' || left(encode(sha256('atlas-migrate \"public\" \"schema_migrations\"'), 'hex'), 16))::bit(64)::bigint)",
    );
    program.hint(&format!("{clean} --wait 10ms"), "wait longer with `--wait`, or end it with pg_terminate_backend");
    holder.sql("ROLLBACK");
    program.passes(&clean);

    let database = Database::new();
    let alone = "-- atlas:no-transaction\nDO $$ BEGIN CREATE TABLE pets (); COMMIT; PERFORM 1 / 0; END $$;\n";
    let program =
        Program::new(&[("migrations/1_pets.sql", alone), ("migrations/2_b.sql", "SELECT 1;\n")]).on(&database);
    program.shell("atlas-migrate run");
    let repaired = commands(&program.hint("atlas-migrate run", "find out what the statement has done, then say so: "));
    assert_eq!(repaired.len(), 3, "{repaired:?}");
    program.passes(&repaired[0]);
    program.passes("atlas-migrate run");
    let hint = "end a script before it with `--to`, and begin the next one behind it with `--from`";
    program.leads_out("atlas-migrate script", hint, &["atlas-migrate script --from 1"]);
    let hint = "run without `--single-transaction`";
    program.write("migrations/3_c.sql", "VACUUM;\n");
    program.leads_out("atlas-migrate run --single-transaction", hint, &["atlas-migrate run"]);
}

#[test]
fn data() {
    let database = Database::new();
    let name = database.value("SELECT current_database()");
    let rows = ("seeds/dev/people.csv", "name,age\nAda,36\n");
    let program = Program::new(&[PEOPLE, &[rows]].concat()).on(&database);
    program.passes("atlas-migrate run");
    let hint = "say which it is to be with --environment, for example --environment dev";
    program.leads_out("atlas-migrate seed", hint, &["atlas-migrate seed --environment dev"]);
    let hint = "if it is meant, say so with --yes";
    program.leads_out("atlas-migrate clean", hint, &["atlas-migrate clean --yes"]);
    program.leads_out("atlas-migrate seed --yes", "leave out --yes and --confirm", &["atlas-migrate seed"]);
    let hint = "connect to the database that is meant";
    program.leads_out("atlas-migrate clean --confirm other", hint, &[&format!("atlas-migrate clean --confirm {name}")]);
    database.query("UPDATE schema_environment SET environment = 'production'");
    let hint = program.hint("atlas-migrate clean --yes", "if it is meant, say so with --confirm ");
    let (_, confirmation) = hint.split_once("with ").unwrap();
    program.passes(&format!("atlas-migrate clean {confirmation}"));
    database.query("DROP TABLE schema_environment; INSERT INTO people VALUES ('Bob', 1)");
    let hint = "say so with `atlas-migrate seed --mark --environment dev`, and run again";
    program.leads_out(
        "atlas-migrate seed --environment dev",
        hint,
        &["atlas-migrate seed --mark --environment dev --yes", "atlas-migrate seed --environment dev"],
    );
    let hint = "name the table with `--keep`";
    let nothing = "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
        CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE FOREIGN TABLE far PARTITION OF t DEFAULT SERVER elsewhere";
    database.query(nothing);
    program.leads_out("atlas-migrate clean --yes", hint, &["atlas-migrate clean --yes --keep t"]);
    database.query("ALTER TABLE schema_environment ENABLE ROW LEVEL SECURITY");
    let role = format!("reader_{name}");
    database.query(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA public TO {role}"));
    let as_reader = format!("atlas-migrate clean --yes --keep t --database-url {}", database.url_as(&role));
    let hint = "let its owner show it: ALTER TABLE public.schema_environment DISABLE ROW LEVEL SECURITY";
    program.leads_out(&as_reader, hint, &["atlas-migrate clean --yes --keep t"]);
    database.query("ALTER TABLE public.schema_environment DISABLE ROW LEVEL SECURITY");
    program.passes(&as_reader);
    database.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));

    program.write("benchmarks/1_one.sql", "SELECT 1;\n");
    program.write("before.json", "nonsense");
    program.leads_out(
        "atlas-migrate bench --baseline before.json",
        "`atlas-migrate bench --save FILE`",
        &["atlas-migrate bench --save before.json", "atlas-migrate bench --baseline before.json"],
    );
}

#[test]
fn databases_and_files() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    let mut somebody = Driver::Postgres.connect(&database.url());
    somebody.sql("SELECT 1");
    program.leads_out(
        "atlas-migrate drop --yes",
        "end these sessions: `atlas-migrate drop --force`",
        &["atlas-migrate drop --force --yes"],
    );
    let hint = program.hint("atlas-migrate run", "make it with `atlas-migrate create`, or connect to another one");
    program.passes(&commands(&hint)[0]);
    program.passes("atlas-migrate run");
    let roles = "atlas-migrate roles plan";
    program.write("roles.toml", "owner = \"postgres_of_hints\"\n");
    let hint = "declare them below [roles] in atlas-migrate.toml, or name a file with --roles";
    program.leads_out(roles, hint, &["atlas-migrate roles plan --roles roles.toml"]);
    program.write("atlas-migrate.toml", "[roles]\nowner = \"postgres_of_hints\"\n");
    program.passes(roles);
    program.write("atlas-migrate.toml", "shcema = \"app\"\n");
    program.hint("atlas-migrate validate", "did you mean `schema`?");
    program.write("atlas-migrate.toml", "schema = \"app\"\n");
    program.passes("atlas-migrate validate");

    let program = Program::new(&[("db/001_a.sql", "SELECT 1;\n")]);
    let hint = "give a path that is absolute, or that begins in the current directory of the process";
    program.leads_out("atlas-migrate validate", hint, &["atlas-migrate validate --source db"]);
    let program = Program::new(&[("migrations/V1__a.sql", "SELECT 1;\n")]);
    program.leads_out("atlas-migrate new b --reversible", "leave out --reversible", &["atlas-migrate new b"]);

    // The syntax is looked at before anything runs.
    #[track_caller]
    fn file(faulty: &str, hint: &str, right: &str) {
        let program = Program::new(&[("migrations/1_a.sql", faulty)]);
        program.hint("atlas-migrate validate", hint);
        program.write("migrations/1_a.sql", right);
        program.passes("atlas-migrate validate");
    }
    let unknown = "CREATE SOMETHING new;\n";
    let hint = "if the server takes it, put `-- atlas:no-syntax-check` at the top of the file";
    file(unknown, hint, &format!("-- atlas:no-syntax-check\n{unknown}"));
    let two = "CREATE TABLE a (id int)\nCREATE TABLE b (id int);\n";
    file(two, "end the statement before it with `;`", &two.replacen("\n", ";\n", 1));
    file(
        "SELECT :'name';\n",
        "write the value of the variable: only psql puts it in",
        "SELECT * FROM t WHERE name = 'Ada';\n",
    );
    let program = Program::new(&[]);
    std::fs::create_dir(program.folder.join("migrations")).unwrap();
    std::fs::write(program.folder.join("migrations/1_a.sql"), b"SELECT '\xe4';\n").unwrap();
    program.hint("atlas-migrate validate", "save the file as UTF-8");
    program.write("migrations/1_a.sql", "SELECT 'ä';\n");
    program.passes("atlas-migrate validate");
    let program = Program::new(&[]);
    std::fs::create_dir_all(program.folder.join("migrations/1_a.sql")).unwrap();
    program.write("migrations/2_b.sql", "SELECT 1;\n");
    program.shell("mkfifo migrations/3_c.sql");
    program.hint(
        "atlas-migrate validate",
        "see that it is a plain file, may be read, and has a name in UTF-8; or move it out of the folder",
    );
    program.passes("rm migrations/3_c.sql && rmdir migrations/1_a.sql && atlas-migrate validate");
}

/// URLs and variables that are not right, and right ones.
#[test]
fn urls() {
    let database = Database::new();
    let url = database.url();
    let program = Program::new(PEOPLE);
    let with = |url: &str| format!("atlas-migrate run --database-url '{url}'");
    let encode = "in the user and the password of a URL, percent-encode: / as %2F, ? as %3F, @ as %40, : as %3A, # as %23, % as %25";
    let login = |password: &str| url.replacen("postgres@", &format!("postgres:{password}@"), 1);
    for (password, encoded) in [("a/b", "a%2Fb"), ("1?b", "1%3Fb")] {
        program.leads_out(&with(&login(password)), encode, &[&with(&login(encoded))]);
    }
    program.leads_out(
        &with(&format!("\"{url}\"")),
        "leave the quotes out: no shell takes them off here",
        &[&with(&url)],
    );
    let port = "give a number, as in PGPORT=5432";
    program.leads_out(&with(&url.replacen("/test", "x/test", 1)), port, &[&with(&url)]);
    let form = "write it as in postgresql://user@host:5432/database?sslmode=verify-full";
    program.leads_out(&with(&url.replacen("postgresql", "mysql", 1)), form, &[&with(&url)]);
    let parameter = |text: &str| with(&format!("{url}?{text}"));
    program.leads_out(&parameter("sslmod=prefer"), "did you mean `sslmode`?", &[&parameter("sslmode=prefer")]);
    program.leads_out(&parameter("sslmode=prefre"), "did you mean `prefer`?", &[&parameter("sslmode=prefer")]);
    program.leads_out(&parameter("color=red"), "there are: host, ", &[&with(&url)]);
    let binding = "leave it out; the values are prefer, disable";
    program.leads_out(
        &parameter("channel_binding=require"),
        binding,
        &[&with(&url), &parameter("channel_binding=prefer")],
    );
    let options = "write settings as in options=-c%20search_path=app";
    program.leads_out(&parameter("options=search_path"), options, &[&parameter("options=-c%20search_path=public")]);
    let service = "unset it, and give the database as a URL or in PGHOST, PGUSER and so on";
    let set = format!("PGSERVICE=mine {}", with(&url));
    program.leads_out(&set, service, &[&with(&url)]);
    program.write(".env", "NOTE=two words\nmy words\n");
    program.hint(&with(&url), "quote values with spaces");
    program.write(".env", "NOTE='two words my words'\n");
    program.passes(&with(&url));
}

/// Encryption and logins.
#[test]
fn tls() {
    let secure = Secure::get();
    let program = Program::new(PEOPLE);
    program.write("root.crt", &secure.authority.certificate());
    program.write("other.crt", &Authority::new("another authority").certificate());
    let client = secure.authority.sign("by_certificate", &[]);
    program.write("client.crt", &client.certificate);
    program.write("client.key", &client.key);
    let case = |login: &str, fails: &str, hint: &str, to: &str, passes: &str| {
        let database = secure.database();
        let run = |login: &str, parameters: &str| {
            let (user, host) = login.split_once('@').unwrap();
            let url = database.url_as(user).replace("127.0.0.1", host);
            format!("atlas-migrate run --database-url '{url}?{parameters}'")
        };
        program.leads_out(&run(login, fails), hint, &[&run(to, passes)]);
    };
    let (named, numbered) = ("postgres@localhost", "postgres@127.0.0.1");
    let hint =
        "name a file with the certificate of the authority that signed the server's, as with sslrootcert=root.crt";
    case(named, "sslmode=verify-full", hint, named, "sslmode=verify-full&sslrootcert=root.crt");
    case(named, "sslmode=verify-ca&sslrootcert=other.crt", hint, named, "sslmode=verify-ca&sslrootcert=root.crt");
    let strict = "sslmode=verify-full&sslrootcert=root.crt";
    let hint = "connect by a name that the server's certificate has; or hold only its authority against sslrootcert, with sslmode=verify-ca";
    case(numbered, strict, hint, named, strict);
    case(numbered, strict, hint, numbered, "sslmode=verify-ca&sslrootcert=root.crt");
    let hint = "let the server's pg_hba.conf have a line for this host, user and database, or connect in another way (`sslmode`)";
    case("only_tls@localhost", "sslmode=disable", hint, "only_tls@localhost", "sslmode=require");
    let hint = "or connect in another way (`sslmode`)";
    case("only_plain@localhost", "sslmode=require", hint, "only_plain@localhost", "sslmode=disable");
    let hint = "give the certificate of this user and its key, as with sslcert and sslkey";
    let by_certificate = "by_certificate@localhost";
    case(
        by_certificate,
        "sslmode=require",
        hint,
        by_certificate,
        "sslmode=require&sslcert=client.crt&sslkey=client.key",
    );

    let secured = secure.database();
    let url = secured.url_as("by_password");
    let program = Program::new(PEOPLE).set("DATABASE_URL", &url);
    program.hint(
        "PGPASSWORD=wrong atlas-migrate run",
        "check the user and the password (PGPASSWORD, ~/.pgpass or the URL)",
    );
    program.set("PGPASSWORD", PASSWORD).passes("atlas-migrate run");

    // What is made is a copy of a database that somebody is connected to.
    let server = Server::options().private().unwrap_or_else(|error| panic!("no server to test on: {error}"));
    let database = Database::on(&server);
    let program = Program::new(PEOPLE).set("DATABASE_URL", &format!("{}_new", database.url()));
    let template = database.url().replace(&database.value("SELECT current_database()"), "template1");
    let somebody = Driver::Postgres.connect(&template);
    let hint =
        "a new database is a copy of template1, to which nobody may be connected: end these sessions, and try again";
    program.hint("atlas-migrate create", hint);
    drop(somebody);
    let gone = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'template1'";
    atlas_migrate_tests::wait_for("the session to end", crate::program::LIMIT, || {
        (database.value(gone) == "0").then_some(())
    });
    program.passes("atlas-migrate create && atlas-migrate run && atlas-migrate drop --yes");

    let without = Database::new();
    let program = Program::new(PEOPLE);
    let run = |mode: &str| format!("atlas-migrate run --database-url '{}?sslmode={mode}'", without.url());
    let hint = "enable ssl on the server; or connect without encryption, with sslmode=disable";
    program.leads_out(&run("require"), hint, &[&run("disable")]);
}

/// What is in doubt is said with the numbers that it takes, where it is: the schema was typed, and is typed again.
#[test]
fn b3_what_is_in_doubt_is_said_in_a_shell() {
    let database = Database::new();
    database.query("CREATE SCHEMA app");
    let alone =
        "-- atlas:no-transaction\nCREATE TABLE pets ();\nDO $$ BEGIN DROP TABLE pets; COMMIT; PERFORM 1 / 0; END $$;\n";
    let files = [("migrations/001_a.sql", "SELECT 1;\n"), ("migrations/002_pets.sql", alone)];
    let program = Program::new(&files).on(&database);
    let hint = program.hint("atlas-migrate run --schema app", "find out what the statement has done, then say so: ");
    let repair = |mark: &str| format!("atlas-migrate repair 002 --mark {mark} --reason '…' --schema app");
    let marks = ["failed --completed 2", "failed --completed 1", "partly --completed 1"].map(repair);
    assert_eq!(commands(&hint), marks, "{hint}");
    program.passes(&marks[0]);
    program.passes("atlas-migrate run --schema app");
}

/// Options of what fails, in the words of the shell: also of `reset`, of what a warning says, and of a table of somebody else's.
#[test]
fn b3_options_in_a_shell() {
    let database = Database::new();
    database.query(
        "CREATE SCHEMA app; CREATE SCHEMA other; CREATE TABLE app.a (id int); CREATE VIEW other.v AS TABLE app.a",
    );
    let program = Program::new(PEOPLE).on(&database);
    program.leads_out(
        "atlas-migrate reset --schemas app --confirm $(basename $DATABASE_URL)",
        "name their schemas as well with `--schemas`, or drop them first",
        &["atlas-migrate reset --schemas app,other --confirm $(basename $DATABASE_URL)"],
    );

    let database = Database::new();
    let program = Program::new(&[("migrations/1_own.sql", "CREATE TABLE schema_migrations (id int);\n")]).on(&database);
    let said = program.run(&["run"]).err;
    assert!(said.contains("give the history another name with `--table`, before the first run"), "{said}");
    program.leads_out(
        "atlas-migrate run",
        "unless another one is given to it with `--table`",
        &["atlas-migrate run --table history"],
    );
    let json = program.run(&["status", "--table", "", "--format", "json"]).out;
    assert!(json.contains("the name of the table is empty"), "{json}");
}

/// The command line of another program goes by its name, and names none of what the command at hand rejects.
#[test]
fn b3_nothing_is_named_that_is_rejected() {
    let database = Database::new();
    let name = database.value("SELECT current_database()");
    let role = format!("nobody_{name}");
    database.query(&format!("CREATE ROLE {role} LOGIN"));
    let program = Program::new(PEOPLE).set("DATABASE_URL", &database.url_as(&role));
    program.write("roles.toml", &format!("owner = '{role}'\n"));
    let hint = program.hint("atlas-migrate roles apply --roles roles.toml", "or give it to ");
    assert!(!hint.contains("--"), "{hint}");
    // The same refusal of a run has an option.
    let hint = program.hint("atlas-migrate run", "the role needs USAGE on the schema");
    assert!(hint.contains("`--schema`") && hint.contains("`--role`"), "{hint}");
    database.query(&format!("DROP ROLE {role}"));
}
