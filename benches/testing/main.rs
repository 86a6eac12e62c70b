//! `cargo bench -p atlas-migrate-benches --bench testing`: what 50 tests take that each have a database of their own, with
//! `#[atlas_migrate::test]`, with `#[sqlx::test]`, and with `CREATE DATABASE … TEMPLATE` and `DROP DATABASE` by hand; in one
//! process, as `cargo test` runs them, and in a process each, as `cargo nextest` does.
//!
//! All of them have the same migrations and the same throw-away server, and each test opens an `sqlx::PgPool` and sends one
//! query. Those by hand have one connection for each thread or process, and read no files. Times are of this machine and this
//! moment, the least of some rounds; look at the ratios.

mod ways;

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use atlas_migrate::ephemeral::Server;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use ways::{Way, make_template_by_hand, write_migrations};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const TESTS: usize = 50;
const ROUNDS: usize = 3;

/// What was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// The template.
    Ready,
    /// Nothing: the template is made while the clock runs.
    Empty,
}

/// The lines of the table. Of those by hand the quicker one is what the others with the same start are compared with.
const LINES: [(Way, Start, &str); 6] = [
    (Way::AtlasMigrate, Start::Empty, "#[atlas_migrate::test], first run"),
    (Way::ByHandFileByFile, Start::Empty, "by hand, file by file, first run"),
    (Way::AtlasMigrate, Start::Ready, "#[atlas_migrate::test]"),
    (Way::Sqlx, Start::Ready, "#[sqlx::test]"),
    (Way::ByHand, Start::Ready, "CREATE DATABASE … TEMPLATE"),
    (Way::ByHandFileByFile, Start::Ready, "… STRATEGY FILE_COPY"),
];

/// What tests run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Workers {
    /// Threads of one process.
    Threads,
    /// A process for each test.
    Processes,
}

/// All tests of a server, again and again.
struct Bench {
    url: String,
    count: usize,
    workers: Workers,
    at_once: usize,
}

impl Bench {
    /// The least time for each line of the table.
    async fn measure(&self) -> Outcome<[Duration; LINES.len()]> {
        let mut least = [Duration::MAX; LINES.len()];
        for _ in 0..ROUNDS {
            for (least, (way, start, _)) in least.iter_mut().zip(LINES) {
                if start == Start::Empty {
                    self.forget(way).await?;
                }
                let started = Instant::now();
                if (way, start) == (Way::ByHandFileByFile, Start::Empty) {
                    make_template_by_hand(&self.url, self.count).await?;
                }
                tokio::task::block_in_place(|| self.run(way))?;
                *least = started.elapsed().min(*least);
                self.settle().await?;
            }
        }
        Ok(least)
    }

    /// Workers take tests until there are no more.
    fn run(&self, way: Way) -> Outcome<()> {
        let next = AtomicUsize::new(0);
        let numbers = || std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed))).take_while(|n| *n < TESTS);
        let work = || match self.workers {
            Workers::Threads => way.run(&self.url, self.count, &mut numbers()),
            Workers::Processes => numbers().try_for_each(|number| {
                in_process(&self.url, &[TEST, &format!("{way:?}"), &self.count.to_string(), &number.to_string()])
            }),
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.at_once).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().expect("a worker"))
        })
    }

    /// Removes what was left for the next run.
    async fn forget(&self, way: Way) -> Outcome<()> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let names = "SELECT datname FROM pg_database WHERE starts_with(datname, $1)";
        let names: Vec<String> = sqlx::query_scalar(names).bind(way.left()).fetch_all(&mut connection).await?;
        for name in names {
            connection.execute(AssertSqlSafe(format!("ALTER DATABASE {name} IS_TEMPLATE false"))).await?;
            connection.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
        }
        Ok(connection.close().await?)
    }

    /// Waits for the databases that are still being made ahead.
    async fn settle(&self) -> Outcome<()> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let others = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()";
        let end = Instant::now() + Duration::from_secs(30);
        while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut connection).await? > 0 {
            if Instant::now() > end {
                return Err("waited 30 s in vain for the server to be idle".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(connection.close().await?)
    }

    async fn report(&self) -> Outcome<()> {
        let least = self.measure().await?;
        let least_of = |is_meant: &dyn Fn(Way, Start) -> bool| {
            let times = least.iter().zip(LINES).filter(|(_, (way, start, _))| is_meant(*way, *start));
            times.map(|(time, _)| time.as_secs_f64()).fold(f64::INFINITY, f64::min)
        };
        let sqlx = least_of(&|way, _| way == Way::Sqlx);
        println!(
            "\n{} migrations, {} at once, {}",
            self.count,
            self.at_once,
            match self.workers {
                Workers::Threads => "in one process",
                Workers::Processes => "a process each",
            }
        );
        for (time, (_, start, name)) in least.iter().map(Duration::as_secs_f64).zip(LINES) {
            let by_hand = least_of(&|way, its| matches!(way, Way::ByHand | Way::ByHandFileByFile) && its == start);
            let each = time * 1000.0 / TESTS as f64;
            println!("  {name:<36} {each:>10.1} {:>15.1} × {:>14.2} ×", sqlx / time, time / by_hand);
        }
        Ok(())
    }
}

/// Does something in a process of its own, as both attributes take the server from `DATABASE_URL`.
fn in_process(url: &str, arguments: &[&str]) -> Outcome<()> {
    let status = Command::new(std::env::current_exe()?).args(arguments).env("DATABASE_URL", url).status()?;
    if status.success() { Ok(()) } else { Err(format!("{arguments:?}: {status}").into()) }
}

const MEASURE: &str = "measure";
const TEST: &str = "test";
const THREADS: &str = "threads";
const PROCESSES: &str = "processes";

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let url = || std::env::var("DATABASE_URL");
    match arguments[..] {
        [_, MEASURE, count, workers, at_once] => {
            let workers = if workers == THREADS { Workers::Threads } else { Workers::Processes };
            let bench = Bench { url: url()?, count: count.parse()?, workers, at_once: at_once.parse()? };
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            runtime.block_on(bench.report())
        }
        [_, TEST, way, count, number] => {
            let (way, ..) = LINES.into_iter().find(|(its, ..)| format!("{its:?}") == way).expect("a way");
            way.run(&url()?, count.parse()?, &mut std::iter::once(number.parse()?))
        }
        _ => measure_all(),
    }
}

fn measure_all() -> Outcome<()> {
    println!("  {:<36} {:>10} {:>17} {:>16}", "", "ms a test", "ahead of sqlx", "beside by hand");
    for count in [12, 100] {
        write_migrations(count)?;
        for workers in [THREADS, PROCESSES] {
            for at_once in ["1", "8"] {
                let server = Server::private()?;
                in_process(&server.url(), &[MEASURE, &count.to_string(), workers, at_once])?;
            }
        }
    }
    Ok(())
}
