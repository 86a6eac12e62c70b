//! A network between client and server, as far as its delay goes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::Outcome;

/// Has whatever goes to or comes from the server of a URL take half of this time. Gives the URL for one connection.
pub(super) fn slower(url: &str, round_trip: Duration) -> Outcome<String> {
    let (_, rest) = url.split_once('@').ok_or("the URL has no user")?;
    let server = rest.split('/').next().unwrap_or(rest).to_owned();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let here = listener.local_addr()?.to_string();
    let slower = url.replacen(&server, &here, 1);
    thread::spawn(move || {
        if let Err(error) = relay(&listener, &server, round_trip / 2) {
            eprintln!("the network is down: {error}");
        }
    });
    Ok(slower)
}

fn relay(listener: &TcpListener, server: &str, delay: Duration) -> io::Result<()> {
    let (client, _) = listener.accept()?;
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    one_way(client.try_clone()?, server.try_clone()?, delay);
    one_way(server, client, delay);
    Ok(())
}

/// Sends on what arrives, each piece a while after it has: pieces are on their way at the same time.
fn one_way(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, arrived) = mpsc::sync_channel::<(Instant, Vec<u8>)>(64);
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        // Either side may go away: that is the end of it.
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, piece) in arrived {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                return;
            }
        }
        let _closed = to.shutdown(Shutdown::Write);
    });
}
