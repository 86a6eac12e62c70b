//! A proxy between client and server that counts what passes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Listens on a port of its own and passes everything on to a server. Ends with the process.
pub struct Proxy {
    address: SocketAddr,
    server: SocketAddr,
    counts: Arc<Mutex<Counts>>,
}

/// What has passed since the last [`Proxy::reset`], without the pings of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How often the server answered after the client had sent something.
    pub round_trips: usize,
    /// Bytes from client to server.
    pub sent: usize,
    /// Bytes from server to client.
    pub received: usize,
    client_waits: bool,
    pinged: bool,
}

/// What sqlx's pool sends, and waits for, when it lends a connection or takes it back: none of ours.
const PING: [u8; 5] = *b"S\0\0\0\x04";

#[derive(Clone, Copy)]
enum Direction {
    ToServer,
    ToClient,
}

impl Proxy {
    /// In front of the server of this URL.
    #[track_caller]
    pub fn new(url: &str) -> Self {
        let config: postgres::Config = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
        let host = match config.get_hosts() {
            [postgres::config::Host::Tcp(host)] => host.clone(),
            other => panic!("a proxy needs a host, not {other:?}"),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let server = format!("{host}:{port}").parse().unwrap_or_else(|error| panic!("{host}:{port}: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("no port for a proxy: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("{error}"));
        let counts = Arc::new(Mutex::new(Counts::default()));
        let proxy = Self { address, server, counts };
        let counts = proxy.counts.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(server) {
                    let both = || Ok::<_, io::Error>((client.try_clone()?, server.try_clone()?));
                    if let Ok((client_too, server_too)) = both() {
                        pass(client, server, Direction::ToServer, counts.clone());
                        pass(server_too, client_too, Direction::ToClient, counts.clone());
                    }
                }
            }
        });
        proxy
    }

    /// The same URL, by way of the proxy.
    pub fn url(&self, url: &str) -> String {
        url.replacen(&self.server.to_string(), &self.address.to_string(), 1)
    }

    /// Counts from zero again.
    pub fn reset(&self) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
    }

    /// What has passed.
    pub fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add(&mut self, direction: Direction, bytes: &[u8]) {
        match direction {
            Direction::ToServer if bytes == PING => self.pinged = true,
            Direction::ToServer => {
                self.sent += bytes.len();
                self.client_waits = true;
            }
            Direction::ToClient if self.pinged => self.pinged = false,
            Direction::ToClient => {
                self.received += bytes.len();
                self.round_trips += usize::from(self.client_waits);
                self.client_waits = false;
            }
        }
    }
}

/// Passes on what comes, until one side closes; then the other is closed too.
fn pass(mut from: TcpStream, mut to: TcpStream, direction: Direction, counts: Arc<Mutex<Counts>>) {
    thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        loop {
            let length = from.read(&mut buffer).unwrap_or(0);
            if length > 0 {
                counts.lock().unwrap_or_else(PoisonError::into_inner).add(direction, &buffer[..length]);
            }
            if length == 0 || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        for stream in [&from, &to] {
            // An error here says that it is closed already.
            let _closed = stream.shutdown(Shutdown::Both);
        }
    });
}
