//! The examples run, as the README says, and say what they do.

mod systems;

use std::process::Output;
use std::sync::Once;
use std::time::Duration;

use atlas_migrate_tests::{Database, build, cargo, output, without_times};
use insta::assert_snapshot;

/// Building them may be a cold build of every client.
const BUILDING: Duration = Duration::from_secs(900);
const RUNNING: Duration = Duration::from_secs(60);

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What `cargo run --example …` prints, at the root of the workspace.
#[track_caller]
fn example(name: &str, database: Option<&Database>) -> String {
    let output = run(name, database.map(Database::url).as_deref());
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn run(name: &str, url: Option<&str>) -> Output {
    /// All are built once: for each, cargo would look whether anything is to be built.
    static BUILT: Once = Once::new();
    BUILT.call_once(|| drop(build(&["--examples"])));
    let mut run = cargo(&["run", "--quiet", "--example", name]);
    output(run.envs(url.map(|url| ("DATABASE_URL", url))), RUNNING)
}

/// Lines with single spaces, the times and durations in them replaced by their names.
fn redacted(text: &str) -> String {
    let text = &without_times(text);
    let word = |word: &str| match word {
        _ if word.len() == 20 && word.ends_with('Z') => "[time]".to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["pass", "server", "version", ..] = words[..] {
            return "pass server version [version]".to_owned();
        }
        // The figures of a benchmark: how often, six times, how many blocks.
        if words.iter().filter(|word| **word == "[n]").count() == 6 {
            let is_figure = |word: &&str| matches!(*word, "[n]" | "ms") || word.parse::<f64>().is_ok();
            return words.into_iter().filter(|word| !is_figure(word)).collect::<Vec<_>>().join(" ");
        }
        words.into_iter().map(word).collect::<Vec<_>>().join(" ")
    };
    // The statements about roles are not the same for every version of PostgreSQL.
    text.lines().filter(|line| !line.ends_with(';')).map(line).collect::<Vec<_>>().join("\n")
}

/// Without its first line, which names the server.
#[track_caller]
fn said(name: &str) -> String {
    let text = redacted(&example(name, None));
    let (first, rest) = text.split_once('\n').unwrap();
    assert!(first.starts_with("on a throw-away server, PostgreSQL "), "{first}");
    rest.to_owned()
}

#[test]
fn quickstart() {
    assert_snapshot!(said("quickstart"));
}

#[test]
fn quickstart_on_a_database_that_is_there() {
    let database = Database::new();
    let (first, second) = (example("quickstart", Some(&database)), example("quickstart", Some(&database)));
    assert!(first.contains("\nbooting\napplied   001 create_notes"), "{first}");
    assert!(second.contains("\nbooting\nup to date\n"), "{second}");
    assert!(second.contains("\nseeding\nup to date\n"), "{second}");
    assert_eq!(database.history().len(), 4);
    assert_eq!(database.value("SELECT count(*) FROM notes"), "2");
}

#[test]
fn blocking() {
    assert_snapshot!(said("blocking"));
}

#[test]
fn library() {
    assert_snapshot!(said("library"));
}

#[test]
fn opchat() {
    assert_snapshot!(said("opchat"));
}

/// It fails when the population is not what it should be.
#[test]
fn opchat_with_something_missing() {
    let database = Database::new();
    example("opchat", Some(&database));
    database.query(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER lose BEFORE INSERT ON messages FOR EACH ROW
         WHEN (extract(month FROM new.sent_at AT TIME ZONE 'UTC') = 2) EXECUTE FUNCTION lose()",
    );
    let output = run("opchat", Some(&database.url()));
    let text = redacted(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(output.status.code(), Some(1), "{text}");
    for line in ["pass rows of users", "FAIL rows of messages", "FAIL opchat/checks/population/080_months.sql"] {
        assert!(text.contains(line), "{line} is missing in:\n{text}");
    }
}

/// What it embeds is all that it needs: in another folder there are no files.
#[test]
fn migrate() {
    let database = Database::new();
    let run = |arguments: &[&str]| {
        let manifest = format!("{WORKSPACE}/Cargo.toml");
        let mut command = cargo(&["run", "--quiet", "--example", "migrate", "--manifest-path", &manifest, "--"]);
        command.args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR")).env("DATABASE_URL", database.url());
        let output = output(&mut command, BUILDING);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}\n{out}\n{err}");
        redacted(&out)
    };
    let commands: [&[&str]; 5] = [&["run"], &["check"], &["seed", "--environment", "dev"], &["verify"], &["status"]];
    assert_snapshot!(commands.map(run).join("\n"));
    assert!(run(&["bench"]).contains("newest"));
    // A folder that is named goes before what is embedded.
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/library/migrations");
    assert!(run(&["status", "--source", files]).contains("jobs"));
}

/// An example that cannot do its work says why, and fails.
#[test]
fn no_database() {
    let output = run("blocking", Some("postgresql://me@127.0.0.1:1/nowhere"));
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("refused"), "{output:?}");
}
