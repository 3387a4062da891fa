//! A server that is far away: all bytes to and from it take their time.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// A way to a server on this machine that takes a round trip for a connection, and for whatever goes there and comes
/// back over it. It knows nothing of what it carries, and ends when dropped.
pub struct Far {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Far {
    /// Starts one on a free port of the loopback interface, to a server at `host:port`.
    pub fn start(server: &str, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (connections, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (server, made, ended) = (server.to_owned(), connections.clone(), over.clone());
        thread::spawn(move || serve(&listener, &server, round_trip, &made, &ended));
        Self { address, connections, over }
    }

    /// Where it listens, without a scheme.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Whoever waits for connections sees that it is over with the next one; without one, there is nothing to end.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(listener: &TcpListener, server: &str, round_trip: Duration, connections: &AtomicUsize, over: &AtomicBool) {
    for near in listener.incoming().map_while(Result::ok) {
        if over.load(Ordering::Relaxed) {
            return;
        }
        connections.fetch_add(1, Ordering::Relaxed);
        connection(near, server, round_trip);
    }
}

/// The kernel has accepted the connection already: the round trip that takes is what the first bytes take longer.
fn connection(near: TcpStream, server: &str, round_trip: Duration) {
    let open = Instant::now() + round_trip;
    let Ok(far) = TcpStream::connect(server) else { return };
    for side in [&near, &far] {
        // Without it bytes are slower than they should be, and still arrive.
        side.set_nodelay(true).ok();
    }
    let [near_in, far_in] = [&near, &far].map(|side| side.try_clone().expect("a descriptor"));
    carry(near_in, far, round_trip / 2, open);
    carry(far_in, near, round_trip / 2, open);
}

/// Whatever comes in goes out when its time has passed, however much is on the way. In threads: the timers of an executor
/// count in milliseconds, and what each of forty waits is late adds up to a round trip.
fn carry(mut from: TcpStream, mut to: TcpStream, takes: Duration, not_before: Instant) {
    let (sender, on_the_way) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let arrives = Instant::now().max(not_before) + takes;
            if sender.send((arrives, bytes[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (arrives, bytes) in on_the_way {
            thread::sleep(arrives.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // The other side has closed its end already, where this fails.
        to.shutdown(Shutdown::Write).ok();
    });
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        time::Instant,
    };

    use super::{Duration, Far};

    const ROUND_TRIP: Duration = Duration::from_millis(40);

    #[tokio::test]
    async fn what_goes_there_and_comes_back_takes_its_time() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = Far::start(&server.local_addr().unwrap().to_string(), ROUND_TRIP);
        let echo = tokio::spawn(async move {
            let (stream, _) = server.accept().await.unwrap();
            let (mut from, mut to) = stream.into_split();
            tokio::io::copy(&mut from, &mut to).await.unwrap();
        });
        let begun = Instant::now();
        let mut stream = TcpStream::connect(far.address()).await.unwrap();
        let mut answer = [0; 4];
        for (number, least) in [(1, 2 * ROUND_TRIP), (2, 3 * ROUND_TRIP)] {
            stream.write_all(b"ping").await.unwrap();
            stream.read_exact(&mut answer).await.unwrap();
            assert!(begun.elapsed() >= least, "round trip {number}: {:?}", begun.elapsed());
        }
        drop(stream);
        echo.await.unwrap();
        assert_eq!(far.connections(), 1);
    }
}
