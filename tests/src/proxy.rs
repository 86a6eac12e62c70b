//! A proxy between client and server that counts what passes, and can cut the connection.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Listens on a port of its own and passes everything on to a server. Ends with the process.
pub struct Proxy {
    address: SocketAddr,
    server: SocketAddr,
    state: Arc<Mutex<State>>,
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

/// Where to cut a connection: at which simple query, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before it reaches the server.
    Before(usize),
    /// Once the server has done with it, and before its answer comes back.
    After(usize),
}

#[derive(Default)]
struct State {
    counts: Counts,
    queries: usize,
    /// A cut that is still to be made.
    cut: Option<Cut>,
    is_cut: bool,
}

#[derive(Clone, Copy)]
enum Direction {
    ToServer,
    ToClient,
}

/// What sqlx's pool sends, and waits for, when it lends a connection or takes it back: none of ours.
const PING: [u8; 5] = *b"S\0\0\0\x04";

/// What a client says at its end, to which there is no answer.
const TERMINATE: [u8; 5] = *b"X\0\0\0\x04";

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
        let state = Arc::new(Mutex::new(State::default()));
        let proxy = Self { address, server, state };
        let state = proxy.state.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(server) {
                    let both = || Ok::<_, io::Error>((client.try_clone()?, server.try_clone()?));
                    if let Ok((client_too, server_too)) = both() {
                        pass(client, server, Direction::ToServer, state.clone());
                        pass(server_too, client_too, Direction::ToClient, state.clone());
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
        self.state().counts = Counts::default();
    }

    /// What has passed.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Cuts a connection there, counting from now. Those that are made afterwards are not cut.
    pub fn cut(&self, cut: Cut) {
        *self.state() = State { cut: Some(cut), ..State::default() };
    }

    /// Whether a connection was cut.
    pub fn is_cut(&self) -> bool {
        self.state().is_cut
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add(&mut self, direction: Direction, bytes: &[u8]) {
        match direction {
            Direction::ToServer if bytes == PING => self.pinged = true,
            Direction::ToServer => {
                self.sent += bytes.len();
                self.client_waits |= bytes != TERMINATE;
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

impl State {
    /// Takes note of what is about to pass. Tells whether it may.
    fn admit(&mut self, direction: Direction, bytes: &[u8]) -> bool {
        if let Direction::ToServer = direction {
            // A client waits for each answer, so that a message begins with what is read, and no other is behind it.
            self.queries += usize::from(bytes.first() == Some(&b'Q') && !self.counts.client_waits);
        }
        let cut = match (self.cut, direction) {
            (Some(Cut::Before(query)), Direction::ToServer) => self.queries >= query,
            (Some(Cut::After(query)), Direction::ToClient) => self.queries >= query,
            _ => false,
        };
        if cut {
            self.cut = None;
            self.is_cut = true;
        }
        self.counts.add(direction, bytes);
        !cut
    }
}

/// Passes on what comes, until one side closes or the cut; then the other is closed too.
fn pass(mut from: TcpStream, mut to: TcpStream, direction: Direction, state: Arc<Mutex<State>>) {
    thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        loop {
            let length = from.read(&mut buffer).unwrap_or(0);
            let bytes = &buffer[..length];
            let goes_on = length > 0
                && state.lock().unwrap_or_else(PoisonError::into_inner).admit(direction, bytes)
                && to.write_all(bytes).is_ok();
            if !goes_on {
                break;
            }
        }
        for stream in [&from, &to] {
            // An error here says that it is closed already.
            let _closed = stream.shutdown(Shutdown::Both);
        }
    });
}
