//! Real servers, in folders of the tests' own. Other processes are this very program, told by a variable what to do.

mod binaries;
mod hints;
mod lifetime;
mod starting;

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::machine::Machine;
use super::running::Running;
use super::{Options, Server, servers, tool};

/// Tells another process which server to take, `shared`, `private` or `threads`, and in which space.
const ROLE: &str = "ATLAS_MIGRATE_TEST_ROLE";

/// By then a server is gone: five seconds after its last user, ten more if its shutdown takes long, and some more on a busy
/// machine.
const ENOUGH: Duration = Duration::from_secs(60);

/// A place for the servers of one test.
struct Space(String);

impl Space {
    fn new(test: &str) -> Self {
        Self(format!("{test}-{}", std::process::id()))
    }

    fn machine(&self) -> Machine {
        Machine::here().unwrap().with_space(&self.0)
    }

    /// A private server in this process. Shared ones are for other processes, as they last as long as these do.
    fn private(&self, options: &Options) -> Server {
        Server { running: servers::private_on(&self.machine(), options).unwrap() }
    }

    fn folders(&self) -> Vec<PathBuf> {
        let homes: Vec<PathBuf> = self.machine().homes().collect();
        let entries = homes.iter().flat_map(|home| fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()));
        entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("server-")).collect()
    }

    /// Waits until its servers are gone.
    fn empty(&self) -> Duration {
        let start = Instant::now();
        tool::poll(ENOUGH, || Ok::<_, ()>(self.folders().is_empty().then_some(()))).unwrap();
        assert_eq!(self.folders(), Vec::<PathBuf>::new());
        start.elapsed()
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.empty();
        }
        for home in self.machine().homes() {
            fs::remove_dir_all(home).unwrap();
        }
    }
}

/// Another process, which has a server.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    has: Has,
}

/// What another process tells of its server.
#[derive(Debug)]
struct Has {
    took: Duration,
    port: u16,
    folder: PathBuf,
}

impl Process {
    fn start(space: &Space, kind: &str) -> Self {
        Self::start_as(None, &env::current_exe().unwrap(), space, kind)
    }

    fn start_as(uid: Option<u32>, program: &Path, space: &Space, kind: &str) -> Self {
        let mut command = Command::new(program);
        command.args(["--exact", "ephemeral::tests::another_process", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, format!("{kind} {}", space.0)).current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(uid) = uid {
            // Beside the program, where it can be removed.
            let cache = program.with_extension("cache");
            fs::create_dir_all(&cache).unwrap();
            chown(&cache, Some(uid), Some(uid)).unwrap();
            command.uid(uid).gid(uid).env("XDG_CACHE_HOME", cache);
        }
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take(), has: Has::read(&mut output), output, child }
    }

    /// Has it ask for the server once more.
    fn again(&mut self) -> Has {
        self.input.as_ref().unwrap().write_all(b"again\n").unwrap();
        Has::read(&mut self.output)
    }

    fn end(&mut self) {
        self.input = None;
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Has {
    fn read(output: &mut Lines<BufReader<ChildStdout>>) -> Self {
        let line = output.map(Result::unwrap).find(|line| line.contains("took ")).expect("it has no server");
        let words: Vec<&str> = line.split(' ').skip_while(|word| *word != "took").collect();
        Self {
            took: Duration::from_micros(words[1].parse().unwrap()),
            port: words[2].parse().unwrap(),
            folder: words[3].into(),
        }
    }

    fn write(running: &Running, took: Duration) {
        println!("took {} {} {}", took.as_micros(), running.port, running.folder.display());
    }
}

/// What another process does: it takes the server, and takes it again for each line of its input.
#[test]
fn another_process() {
    let Ok(role) = env::var(ROLE) else { return };
    let (kind, space) = role.split_once(' ').unwrap();
    let options = Options::default();
    loop {
        let start = Instant::now();
        let machine = Machine::here().unwrap().with_space(space);
        let shared = || servers::shared_on(&machine, &options).unwrap();
        let running = match kind {
            "private" => servers::private_on(&machine, &options).unwrap(),
            "threads" => thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(shared)).collect();
                let all: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
                assert!(all.iter().all(|running| running.folder == all[0].folder));
                all[0].clone()
            }),
            #[cfg(feature = "testing")]
            "lingering" => {
                let running = shared();
                running.linger(Duration::from_secs(1)).unwrap();
                running
            }
            _ => shared(),
        };
        Has::write(&running, start.elapsed());
        if io::stdin().read_line(&mut String::new()).unwrap() == 0 {
            return;
        }
    }
}

/// The only column of a query's rows, over a connection of its own.
fn ask(server: &Server, sql: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let message = |kind: &[u8], body: &[u8]| [kind, &(body.len() as u32 + 4).to_be_bytes(), body].concat();
    stream.write_all(&message(b"", b"\0\x03\0\0user\0postgres\0database\0postgres\0\0")).unwrap();
    stream.write_all(&message(b"Q", format!("{sql}\0").as_bytes())).unwrap();
    stream.write_all(&message(b"X", b"")).unwrap();
    let (mut rows, mut head) = (Vec::new(), [0; 5]);
    while stream.read_exact(&mut head).is_ok() {
        let mut body = vec![0; u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4];
        stream.read_exact(&mut body).unwrap();
        assert_ne!(head[0], b'E', "{}", String::from_utf8_lossy(&body));
        if head[0] == b'D' {
            rows.push(String::from_utf8(body[6..].to_vec()).unwrap());
        }
    }
    rows
}

fn refuses(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_err()
}

fn shell(command: &str) {
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}
