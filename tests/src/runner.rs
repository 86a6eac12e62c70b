//! Processes that run the migrations of a folder, or load seeds.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::{Driver, wait_for};

/// How long a process may take. One that is killed in a migration that runs one by one holds the others up for no longer
/// than the statement takes that it was at.
const LIMIT: Duration = Duration::from_secs(60);

/// A folder of migrations for one test: removed with the value, unless the test failed.
pub struct Folder(PathBuf);

impl Folder {
    /// With these files, below a folder for temporary ones.
    #[track_caller]
    pub fn new(below: &str, files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(below).join(format!("migrations_{}_{count}", std::process::id()));
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| files.iter().try_for_each(|(name, text)| write(&folder.join(name), text)));
        written.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(path, text)
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.0).unwrap_or_else(|error| panic!("{}: {error}", self.0.display()));
        }
    }
}

/// A process that runs migrations or loads seeds. Killed with the value, if it has not ended.
pub struct Runner {
    child: Child,
    driver: Driver,
}

impl Runner {
    /// Starts it on the database of this URL. The program is `env!("CARGO_BIN_EXE_runner")`, which only tests know.
    #[track_caller]
    pub fn start(program: &str, driver: Driver, url: &str, folder: &Folder) -> Self {
        Self::with(program, driver, url, &folder.0.display().to_string())
    }

    /// Starts one that loads what is in a folder, or `numbers`. The program is `env!("CARGO_BIN_EXE_seeder")`.
    #[track_caller]
    pub fn with(program: &str, driver: Driver, url: &str, source: &str) -> Self {
        let child = Command::new(program)
            .args([&format!("{driver:?}"), url, source])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{program}: {error}")), driver }
    }

    /// The number that it printed: of migrations that it applied, or of kB that it had at most. Or what it said when it failed.
    ///
    /// # Errors
    ///
    /// It failed.
    #[track_caller]
    pub fn outcome(mut self) -> Result<usize, String> {
        let what = format!("the end of a process over {:?}", self.driver);
        let status = wait_for(&what, LIMIT, || self.status());
        // It says less than a pipe holds, so that it did not have to wait for a reader.
        let text = |pipe: Option<&mut dyn std::io::Read>| {
            let mut text = String::new();
            let read = pipe.map_or(Ok(0), |pipe| pipe.read_to_string(&mut text));
            read.unwrap_or_else(|error| panic!("{error}"));
            text
        };
        if !status.success() {
            return Err(text(self.child.stderr.as_mut().map(|pipe| pipe as _)));
        }
        let printed = text(self.child.stdout.as_mut().map(|pipe| pipe as _));
        Ok(printed.trim().parse().unwrap_or_else(|error| panic!("{printed:?}: {error}")))
    }

    /// Kills it as the system would, with `SIGKILL`. Tells whether it was still at work.
    #[track_caller]
    pub fn kill(mut self) -> bool {
        let at_work = self.status().is_none();
        self.end();
        at_work
    }

    #[track_caller]
    fn status(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().unwrap_or_else(|error| panic!("{error}"))
    }

    fn end(&mut self) {
        // An error says that it has ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.end();
    }
}
