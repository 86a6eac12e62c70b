//! Generated rows, by the library and by inserts.

use std::time::Duration;

use atlas_migrate::ephemeral::Server;
use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate, Seeded, Seeder, Seeds};
use atlas_migrate_tests::{Database, Driver};
use postgres::{Client, NoTls};
use rand::{Rng, SeedableRng};

use super::{DRIVERS, Outcome, median, must_hold, network, timed};

const ROWS: u64 = 25_000;
const ROUNDS: usize = 5;

/// Inserts over a network are so slow that some of the rows tell.
const INSERTED_REMOTELY: u64 = 2_500;

/// As fast as inserts over a network: there each row waits for its answer.
const LEAST: f64 = 20.0;

/// From the client to the server and back.
const ROUND_TRIP: Duration = Duration::from_micros(500);

const TABLES: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE chats (id bigint PRIMARY KEY, topic text NOT NULL);
    CREATE TABLE messages (id bigint PRIMARY KEY, chat bigint NOT NULL REFERENCES chats, author bigint NOT NULL REFERENCES users,
        sent timestamptz NOT NULL, body text NOT NULL);
    CREATE INDEX ON messages (chat, sent);
    CREATE INDEX ON messages (author);
    INSERT INTO users SELECT n, 'user ' || n FROM generate_series(0, 199) n;
    INSERT INTO chats SELECT n, 'chat ' || n FROM generate_series(0, 374) n;";

struct Message {
    id: i64,
    chat: i64,
    author: i64,
    sent: String,
    body: String,
}

impl Message {
    fn new(number: u64, random: &mut ChaCha8Rng) -> Self {
        let mut below = |limit: u64| random.next_u64() % limit;
        let (minute, second) = (below(60), below(60));
        Self {
            id: number as i64,
            chat: below(375) as i64,
            author: below(200) as i64,
            sent: format!("2026-{:02}-{:02} {:02}:{minute:02}:{second:02}+00", 1 + below(4), 1 + below(28), below(24)),
            body: "What about the day after tomorrow? ".repeat(1 + below(4) as usize),
        }
    }
}

struct Messages;

impl Generate for Messages {
    fn table(&self) -> &str {
        "messages"
    }

    fn columns(&self) -> &[&str] {
        &["id", "chat", "author", "sent", "body"]
    }

    fn rows(&self) -> u64 {
        ROWS
    }

    fn row(&self, number: u64, random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        let Message { id, chat, author, sent, body } = Message::new(number, random);
        cells.push(id);
        cells.push(chat);
        cells.push(author);
        cells.push(sent);
        cells.push(body);
    }
}

#[derive(Clone, Copy)]
enum Way {
    /// An `INSERT` for each row, each in a transaction of its own or all in one.
    Inserts {
        one_transaction: bool,
    },
    Generate(Driver),
}

/// Prints the tables: on this machine, where nothing but the server's work counts, and over a network.
pub(super) fn run(server: &Server) -> Outcome<bool> {
    println!(
        "\n{ROWS} generated rows with two foreign keys and two indexes beside the primary key, median of {ROUNDS} rounds"
    );
    table(server, "on this machine", None, ROWS)?;
    let name = format!("over a network, {} ms there and back", ROUND_TRIP.as_secs_f64() * 1e3);
    let least = table(server, &name, Some(ROUND_TRIP), INSERTED_REMOTELY)?;
    Ok(must_hold(&format!("at least {LEAST} times as fast as inserts over a network: {least:.1}"), least >= LEAST))
}

/// Gives how many times as fast as the faster inserts the slowest generator is.
fn table(server: &Server, name: &str, round_trip: Option<Duration>, inserted: u64) -> Outcome<f64> {
    let mut ways = vec![
        (Way::Inserts { one_transaction: false }, "INSERT for each row, autocommit", Vec::new()),
        (Way::Inserts { one_transaction: true }, "INSERT for each row, one transaction", Vec::new()),
    ];
    ways.extend(DRIVERS.map(|(driver, name)| (Way::Generate(driver), name, Vec::new())));
    for _ in 0..ROUNDS {
        for (way, _, speeds) in &mut ways {
            speeds.push(speed(server, *way, round_trip, inserted)?);
        }
    }
    println!("{name:<40} {:>10} {:>14} {:>14}", "rows/s", "× autocommit", "× one transac.");
    let mut least = f64::MAX;
    let inserts = [ways[0].2.clone(), ways[1].2.clone()];
    for (way, name, speeds) in &ways {
        let ratio = |inserts: &Vec<f64>| median(speeds.iter().zip(inserts).map(|(ours, theirs)| ours / theirs));
        let [autocommit, one_transaction] = [ratio(&inserts[0]), ratio(&inserts[1])];
        if let Way::Generate(_) = way {
            least = least.min(autocommit).min(one_transaction);
        }
        println!("  {name:<38} {:>10.0} {autocommit:>14.1} {one_transaction:>14.1}", median(speeds.iter().copied()));
    }
    Ok(least)
}

/// Rows in a second, by one load into a database of its own.
fn speed(server: &Server, way: Way, round_trip: Option<Duration>, inserted: u64) -> Outcome<f64> {
    let database = Database::on(server);
    database.query(TABLES);
    let url = round_trip.map_or_else(|| Ok(database.url()), |time| network::slower(&database.url(), time))?;
    let (rows, time) = match way {
        Way::Inserts { one_transaction } => timed(|| insert(&url, inserted, one_transaction))?,
        Way::Generate(driver) => timed(|| {
            let seeder = Seeder::new(Seeds::empty(), "dev").generate("dev", Messages);
            Ok(driver.connect(&url).seed(&seeder)?.seeds().iter().map(Seeded::rows).sum())
        })?,
    };
    if database.value("SELECT count(*) FROM messages") != rows.to_string() {
        return Err("not all rows have come".into());
    }
    Ok(rows as f64 / time.as_secs_f64())
}

fn insert(url: &str, rows: u64, one_transaction: bool) -> Outcome<u64> {
    let mut client = Client::connect(url, NoTls)?;
    let statement = client.prepare("INSERT INTO messages VALUES ($1, $2, $3, $4::text::timestamptz, $5)")?;
    if one_transaction {
        client.batch_execute("BEGIN")?;
    }
    for number in 0..rows {
        let mut random = ChaCha8Rng::seed_from_u64(number);
        let Message { id, chat, author, sent, body } = Message::new(number, &mut random);
        client.execute(&statement, &[&id, &chat, &author, &sent, &body])?;
    }
    if one_transaction {
        client.batch_execute("COMMIT")?;
    }
    Ok(rows)
}
