//! The program, in a project of its own.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atlas_migrate_tests::{Database, output, program, without_times};

/// How long a command may take, on a machine that is busy.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A folder with files, which is also the home of whoever runs the program, and the variables that they have set.
pub(crate) struct Program {
    pub(crate) folder: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a command said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

/// Whatever a command says, it says nothing in the words of a program.
#[track_caller]
fn in_words_of_a_shell(texts: &[&str]) {
    const OF_PROGRAMS: [&str; 9] =
        ["(..)", "&pool", "Repair::", "Revert::", "OutOfOrder::", "OtherHistory::", "Mode::", "Cleaner", "Resetter"];
    for words in OF_PROGRAMS {
        let found = texts.iter().find(|text| text.contains(words));
        assert!(found.is_none(), "{words} is said to who types commands: {found:?}");
    }
}

impl Program {
    #[track_caller]
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_{}_{count}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let program = Self { folder, variables: Vec::new() };
        files.iter().for_each(|(name, text)| program.write(name, text));
        program
    }

    /// On a database.
    pub(crate) fn on(self, database: &Database) -> Self {
        self.set("DATABASE_URL", &database.url())
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    #[track_caller]
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        let written = std::fs::create_dir_all(path.parent().unwrap()).and_then(|()| std::fs::write(&path, text));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.folder.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let own = [("HOME", self.folder.display().to_string()), ("TERM", "xterm".to_owned())];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.variables.iter().cloned()).collect()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg0("atlas-migrate").args(arguments).current_dir(&self.folder).env_clear().envs(self.variables());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let Output { status, stdout, stderr } = output(&mut self.command(arguments), LIMIT);
        let [out, err] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        in_words_of_a_shell(&[&out, &err]);
        Said { out, err, code: status.code() }
    }

    /// What it says on standard output, when all is well.
    #[track_caller]
    pub(crate) fn out(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
        said.out
    }

    /// Several commands and what they say, without what is different each time. Lines of standard error begin with `!`.
    #[track_caller]
    pub(crate) fn session(&self, commands: &[&str]) -> String {
        let mut text = String::new();
        for command in commands {
            let said = self.run(&command.split_whitespace().collect::<Vec<_>>());
            text += &format!("$ atlas-migrate {command}\n{}", said.out);
            for line in said.err.lines() {
                text += &format!("! {line}\n");
            }
            if said.code != Some(0) {
                text += &format!("(exit code {})\n", said.code.map_or("none".to_owned(), |code| code.to_string()));
            }
            text.push('\n');
        }
        self.plain(&text)
    }

    fn plain(&self, text: &str) -> String {
        let url = self.variables.iter().find(|(name, _)| name == "DATABASE_URL").map(|(_, url)| url.as_str());
        let place = url.and_then(|url| url.split_once('@')).and_then(|(_, place)| place.split_once('/'));
        let text = match place {
            Some((server, database)) => text.replace(database, "app").replace(server, "127.0.0.1:5432"),
            None => text.to_owned(),
        };
        without_times(&text).lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A line without times, which are of different widths.
fn line(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let plain = words.iter().map(|word| {
        let bare = word.trim_matches(|c| matches!(c, '"' | ',' | '('));
        let is_time = bare.len() == 20 && bare.ends_with('Z') && bare.starts_with("20");
        if is_time { word.replace(bare, "[time]") } else { (*word).to_owned() }
    });
    let text = plain.collect::<Vec<_>>().join(" ");
    let indent = text.len() - text.trim_start().len();
    let words: Vec<_> = text.split("  ").map(str::trim).filter(|part| !part.is_empty()).collect();
    " ".repeat(indent) + &words.join("  ")
}

impl Drop for Program {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.folder).unwrap_or_else(|error| panic!("{}: {error}", self.folder.display()));
        }
    }
}
