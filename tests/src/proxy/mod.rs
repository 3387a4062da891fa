//! A proxy in front of a server: it sees every request, and can make one fail.
//!
//! A request that has arrived is carried to its end even when the client hangs up, as a server would: what was sent
//! cannot be recalled.

mod answer;
mod fault;
mod garble;
mod line;
mod seen;
mod serve;
mod shared;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};
use tokio_rustls::TlsAcceptor;

pub use self::{
    fault::{Fault, Lasts, Rule},
    seen::{Hidden, Key, Seen, keys},
};
use self::{
    serve::serve,
    shared::{Refusal, Shared, lock},
};

/// What was sent is read after one round, decrypted and begun after another at the latest.
const ROUNDS: usize = 3;

/// Something is sent and read over a socket: what came to other sockets before it has been seen by then.
async fn there_and_back() -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (mut here, (mut there, _)) = tokio::try_join!(TcpStream::connect(listener.local_addr()?), listener.accept())?;
    here.write_all(&[0]).await?;
    there.read_exact(&mut [0]).await.map(drop)
}

/// A running proxy; it ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: AbortHandle,
}

impl Proxy {
    /// Starts one on a free port of the loopback interface in front of `upstream`, which is trusted through
    /// `upstream_ca`; it speaks TLS itself when it is given a certificate.
    pub async fn start(upstream: &str, upstream_ca: Option<&str>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let shared = Arc::new(Shared::new(upstream, upstream_ca));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let tls = tls.map(|config| {
            let mut config = rustls::ServerConfig::clone(&config);
            // Requests of one connection come one after the other: a reset meets the one that is meant.
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            TlsAcceptor::from(Arc::new(config))
        });
        let serving = tokio::spawn(serve(listener, tls, shared.clone())).abort_handle();
        Self { address, shared, serving }
    }

    /// Where it listens, without a scheme.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What came by since the start, or since `forget`, in the order in which it came.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Forgets what came by, and counts from one again.
    pub fn forget(&self) {
        lock(&self.shared.seen).clear();
        lock(&self.shared.faults).recount();
    }

    /// Makes requests fail.
    pub fn fault(&self, rule: Rule) {
        lock(&self.shared.faults).add(rule);
    }

    /// Makes one request fail, counted since `forget`; or all from that one on that ask for the same.
    pub fn fault_nth(&self, key: Key, lasts: Lasts, fault: Fault) {
        lock(&self.shared.faults).add_nth(key, lasts, fault);
    }

    /// Turns away so many connections before anything is sent over them, after letting in so many. Until the faults are
    /// lifted, each connection carries one request.
    pub fn refuse_connections(&self, after: usize, times: usize) {
        *lock(&self.shared.refusal) = Some(Refusal { let_in: after, left: times, refused: 0 });
    }

    /// Whether every fault has happened as often as it should.
    pub fn faults_fired(&self) -> bool {
        let refused = lock(&self.shared.refusal).is_none_or(|refusal| refusal.refused > 0);
        refused && lock(&self.shared.faults).fired()
    }

    /// From now on nothing fails.
    pub fn lift(&self) {
        lock(&self.shared.faults).lift();
        *lock(&self.shared.refusal) = None;
    }

    /// Returns once a request, or an answer, is held.
    pub async fn held(&self) {
        let mut held = self.shared.held.subscribe();
        held.wait_for(|held| *held > 0).await.expect("the proxy outlives its requests");
    }

    /// Lets what is held go on.
    pub fn release(&self) {
        self.shared.order(false);
    }

    /// Drops what is held.
    pub fn discard(&self) {
        self.shared.order(true);
    }

    /// Returns once what came by is as it was waited for.
    pub async fn until(&self, mut ready: impl FnMut(&[Seen]) -> bool) {
        let mut news = self.shared.news.subscribe();
        loop {
            news.mark_unchanged();
            if ready(&lock(&self.shared.seen)) {
                return;
            }
            news.changed().await.expect("the proxy outlives its requests");
        }
    }

    /// Returns once somebody has looked at what a request is about that is held: at its path, or at one above it; at the auth
    /// mounts where it tunes one.
    pub async fn until_looked_at(&self, path: &str) {
        let held = lock(&self.shared.seen).len();
        let path = path.replace("/sys/mounts/auth/", "/sys/auth/");
        let looked = |seen: &Seen| seen.status != 0 && path.starts_with(&seen.path);
        self.until(|seen| seen.iter().skip(held).any(looked)).await;
    }

    /// Returns once no request is under way, those among them whose bytes were sent and not read yet.
    pub async fn quiet(&self) {
        for _ in 0..ROUNDS {
            there_and_back().await.expect("a connection to ourselves");
            let mut under_way = self.shared.under_way.subscribe();
            under_way.wait_for(|requests| *requests == 0).await.expect("the proxy outlives its requests");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
