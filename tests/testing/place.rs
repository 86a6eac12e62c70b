//! A server of one test's own, with processes that make databases on it.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use atlas_migrate::ephemeral::Server;
use atlas_migrate_tests::{Database, Folder, wait_for};
use postgres::{Client, NoTls};

/// How long a process may take, and how long the server may take to come to a state.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// What the users are counted in: two of them.
pub(crate) const MIGRATIONS: [(&str, &str); 3] = [
    (
        "1_users.sql",
        "CREATE TABLE users (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text);
         INSERT INTO users (name) VALUES ('Ann');",
    ),
    ("2_names.sql", "CREATE INDEX CONCURRENTLY by_name ON users (name);"),
    ("3_more.sql", "INSERT INTO users (name) VALUES ('Bob');"),
];

/// A server, and a database on it to ask it questions from.
pub(crate) struct Place {
    observer: Database,
    server: Server,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    #[track_caller]
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let options = Server::options().setting("log_statement", "all");
        let options = settings.iter().fold(options, |options, (name, value)| options.setting(name, value));
        let server = options.private().unwrap_or_else(|error| panic!("no server to test on: {error}"));
        Self { observer: Database::on(&server), server }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn server_version(&self) -> u32 {
        self.server.version()
    }

    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        self.observer.query(sql)
    }

    /// The databases whose names match, in order.
    #[track_caller]
    pub(crate) fn databases(&self, pattern: &str) -> Vec<String> {
        self.query(&format!("SELECT datname FROM pg_database WHERE datname ~ '{pattern}' ORDER BY 1"))
    }

    /// The schemas of tests in the database of its URL.
    #[track_caller]
    pub(crate) fn schemas(&self) -> Vec<String> {
        let mut client = Client::connect(&self.url(), NoTls).unwrap_or_else(|error| panic!("{error}"));
        let rows = client.query("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'atlas%' ORDER BY 1", &[]);
        rows.unwrap_or_else(|error| panic!("{error}")).iter().map(|row| row.get(0)).collect()
    }

    /// Waits for the databases that are still being made ahead by processes that are gone.
    #[track_caller]
    pub(crate) fn settle(&self) {
        let others =
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        wait_for("the end of all sessions", LIMIT, || (self.query(others) == ["0"]).then_some(()));
    }

    /// Says of the only template that it was used last so many days ago.
    #[track_caller]
    pub(crate) fn age_template(&self, days: u32) -> String {
        let templates = self.databases("^atlas_template_");
        let [template] = templates.as_slice() else { panic!("{templates:?}") };
        let day = self.query(&format!("SELECT to_char(current_date - {days}, 'YYYY-MM-DD')")).remove(0);
        self.query(&format!("COMMENT ON DATABASE {template} IS 'atlas-migrate: used {day}'"));
        template.clone()
    }

    /// What the server has logged.
    #[track_caller]
    pub(crate) fn log(&self) -> String {
        let path = self.server.log();
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The lines of the server's log with this text.
    #[track_caller]
    pub(crate) fn logged(&self, text: &str) -> usize {
        self.log().lines().filter(|line| line.contains(text)).count()
    }

    /// There was nothing to complain about for the server.
    #[track_caller]
    pub(crate) fn assert_no_errors(&self) {
        let log = self.log();
        // On a busy machine a session may still be closing when its database is dropped by force.
        let errors = log
            .lines()
            .filter(|line| ["ERROR:", "FATAL:", "PANIC:"].iter().any(|word| line.contains(word)))
            .filter(|line| !line.ends_with("FATAL:  terminating connection due to administrator command"));
        assert_eq!(errors.collect::<Vec<_>>(), [""; 0]);
    }

    #[track_caller]
    pub(crate) fn start(&self, files: &Files, count: usize, end: &str) -> Tester {
        Tester::start(&self.url(), &[&count.to_string(), &files.folder(), end])
    }

    /// One database, as a test needs it that passes.
    #[track_caller]
    pub(crate) fn pass(&self, files: &Files) {
        self.start(files, 1, "drop").outcome().assert_passed(1);
    }
}

/// Migrations in a folder.
pub(crate) struct Files(Folder);

impl Files {
    #[track_caller]
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self(Folder::new(env!("CARGO_TARGET_TMPDIR"), files))
    }

    pub(crate) fn folder(&self) -> String {
        self.0.path().display().to_string()
    }
}

/// A process that makes databases. Killed with the value, if it has not ended.
pub(crate) struct Tester(Child);

/// What became of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    /// The databases with the users that they had.
    pub(crate) databases: Vec<String>,
    pub(crate) stderr: String,
}

impl Tester {
    #[track_caller]
    pub(crate) fn start(url: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tester"));
        command.args(arguments).env("DATABASE_URL", url).env_remove("PGUSER");
        Self::of(&mut command)
    }

    #[track_caller]
    pub(crate) fn of(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    #[track_caller]
    pub(crate) fn outcome(mut self) -> Outcome {
        let status = wait_for("the end of a process that makes databases", LIMIT, || {
            self.0.try_wait().unwrap_or_else(|error| panic!("{error}"))
        });
        // It says less than a pipe holds, so that it did not have to wait for a reader.
        let (stdout, stderr) = (text(self.0.stdout.take()), text(self.0.stderr.take()));
        Outcome { code: status.code(), databases: stdout.lines().map(str::to_owned).collect(), stderr }
    }

    /// Kills it as the system would, with `SIGKILL`.
    #[track_caller]
    pub(crate) fn kill(mut self) {
        self.assert_alive();
    }

    /// It has not come to its end.
    #[track_caller]
    pub(crate) fn assert_alive(&mut self) {
        let status = self.0.try_wait().unwrap_or_else(|error| panic!("{error}"));
        assert!(status.is_none(), "{status:?}: {}", text(self.0.stderr.take()));
    }
}

impl Drop for Tester {
    fn drop(&mut self) {
        // An error says that it has ended by itself.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn assert_passed(&self, count: usize) {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        assert_eq!(self.databases.len(), count, "{self:?}");
        assert!(self.databases.iter().all(|database| database.ends_with(" 2")), "each is filled, and new: {self:?}");
    }

    /// The URL of a database that was kept, as it is printed.
    #[track_caller]
    pub(crate) fn kept_url(&self) -> &str {
        let url = self.stderr.lines().find_map(|line| line.strip_prefix("the database is kept: "));
        url.unwrap_or_else(|| panic!("it says what it kept: {self:?}"))
    }
}

fn text(pipe: Option<impl Read>) -> String {
    let mut text = String::new();
    let read = pipe.map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut text));
    read.unwrap_or_else(|error| panic!("{error}"));
    text
}
