//! A server that is far away: all bytes to and from it take their time.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep_until},
};

/// A way to a server on this machine that takes a round trip for a connection, and for whatever goes there and comes
/// back over it. It knows nothing of what it carries, and ends when dropped.
pub struct Far {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    serving: AbortHandle,
}

impl Far {
    /// Starts one on a free port of the loopback interface, to a server at `host:port`.
    pub async fn start(server: &str, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let connections = Arc::new(AtomicUsize::new(0));
        let serving = tokio::spawn(serve(listener, server.to_owned(), round_trip, connections.clone()));
        Self { address, connections, serving: serving.abort_handle() }
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
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, server: String, round_trip: Duration, connections: Arc<AtomicUsize>) {
    // Dropped with this task: no connection outlives it.
    let mut open = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        while open.try_join_next().is_some() {}
        connections.fetch_add(1, Ordering::Relaxed);
        open.spawn(connection(near, server.clone(), round_trip));
    }
}

/// The kernel has accepted the connection already: the round trip that takes is what the first bytes take longer.
async fn connection(near: TcpStream, server: String, round_trip: Duration) {
    let open = Instant::now() + round_trip;
    let Ok(far) = TcpStream::connect(server).await else { return };
    // Without it bytes are slower than they should be, and still arrive.
    near.set_nodelay(true).ok();
    far.set_nodelay(true).ok();
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let there = carry(near_in, far_out, round_trip / 2, open);
    let back = carry(far_in, near_out, round_trip / 2, open);
    tokio::join!(there, back);
}

/// Whatever comes in goes out when its time has passed, however much is on the way.
async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    takes: Duration,
    not_before: Instant,
) {
    let (sender, mut on_the_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reading = async move {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            let arrives = Instant::now().max(not_before) + takes;
            if sender.send((arrives, bytes[..length].to_vec())).is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((arrives, bytes)) = on_the_way.recv().await {
            sleep_until(arrives).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // The other side has closed its end already, where this fails.
        to.shutdown().await.ok();
    };
    tokio::join!(reading, writing);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(40);

    #[tokio::test]
    async fn what_goes_there_and_comes_back_takes_its_time() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = Far::start(&server.local_addr().unwrap().to_string(), ROUND_TRIP).await;
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
