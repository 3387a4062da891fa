//! A proxy in front of a server: it sees every request, and can make one fail.
//!
//! A request that has arrived is carried to its end even when the client hangs up, as a server would: what was sent
//! cannot be recalled.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use tokio::sync::watch;

use crate::rest;

/// A request that came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// Its query, empty when there is none.
    pub query: String,
    /// Who sent it, by its `User-Agent`.
    pub agent: String,
    /// How the server, or the proxy in its place, answered.
    pub status: u16,
    /// When it arrived.
    pub at: Instant,
    /// Its headers, credentials included: for sending it again, never for showing.
    pub headers: Hidden<HeaderMap>,
    /// Its body: for sending it again, never for showing.
    pub body: Hidden<Bytes>,
}

/// Something that may hold credentials, and so does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden<T>(pub T);

impl<T> std::fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hidden")
    }
}

impl Seen {
    /// Method and path, as a list of requests shows it.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it is about the lock of a run: nothing else is done to the program's Lease.
    pub fn locks(&self) -> bool {
        self.path.contains("/apis/coordination.k8s.io/") && self.path.contains("/leases")
    }

    /// Whether it can change something: everything but a GET, HEAD or LIST, what only asks by POST, and the lock.
    pub fn writes(&self) -> bool {
        if self.locks() {
            return false;
        }
        let asks = ["capabilities-self", "selfsubjectaccessreviews", "tokenreviews", "selfsubjectreviews"];
        let asks = asks.iter().any(|end| self.path.ends_with(end)) || self.query.contains("dryRun=All");
        !matches!(self.method.as_str(), "GET" | "HEAD" | "LIST") && !asks
    }
}

/// What the proxy does with a request instead of passing it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answers in the server's place; the server never sees it.
    Refuse(u16),
    /// Passes it on, and answers with this status whatever the server said: its answer is lost.
    LoseAnswer(u16),
    /// Holds it until [`Proxy::release`], and then passes it on.
    Hold,
}

/// Which request fails, and how. Dry runs pass.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its method.
    pub method: &'static str,
    /// What its path ends with.
    pub path: String,
    /// How often it happens.
    pub times: usize,
    /// What happens.
    pub fault: Fault,
}

/// A running proxy; it ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    handle: Handle<SocketAddr>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    seen: Mutex<Vec<Seen>>,
    rules: Mutex<Vec<Rule>>,
    under_way: watch::Sender<usize>,
    held: watch::Sender<Held>,
}

/// Where a held request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    NotYet,
    Here,
    Released,
}

impl Proxy {
    /// Starts one on a free port of the loopback interface in front of `upstream`, which is trusted through
    /// `upstream_ca`; it speaks TLS itself when it is given a certificate.
    pub async fn start(upstream: &str, upstream_ca: Option<&str>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let shared = Arc::new(Shared {
            upstream: upstream.trim_end_matches('/').to_owned(),
            client: rest::client(upstream_ca),
            seen: Mutex::default(),
            rules: Mutex::default(),
            under_way: watch::Sender::new(0),
            held: watch::Sender::new(Held::NotYet),
        });
        let router = Router::new().fallback(pass).with_state(shared.clone()).into_make_service();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let address = listener.local_addr().expect("a bound address");
        let handle = Handle::new();
        match tls {
            None => {
                let server = axum_server::from_tcp(listener).expect("a listener").handle(handle.clone());
                tokio::spawn(server.serve(router));
            }
            Some(config) => {
                let config = RustlsConfig::from_config(config);
                let server = axum_server::from_tcp_rustls(listener, config).expect("a listener").handle(handle.clone());
                tokio::spawn(server.serve(router));
            }
        }
        handle.listening().await;
        Self { address, shared, handle }
    }

    /// Where it listens, without a scheme.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What came by since the start, or since `forget`.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Forgets what came by.
    pub fn forget(&self) {
        lock(&self.shared.seen).clear();
    }

    /// Makes requests fail.
    pub fn fault(&self, rule: Rule) {
        lock(&self.shared.rules).push(rule);
    }

    /// Whether every fault has happened as often as it should.
    pub fn faults_fired(&self) -> bool {
        lock(&self.shared.rules).iter().all(|rule| rule.times == 0)
    }

    /// Returns once a request is held.
    pub async fn held(&self) {
        let mut held = self.shared.held.subscribe();
        held.wait_for(|held| *held == Held::Here).await.expect("the proxy outlives its requests");
    }

    /// Lets the held request go on.
    pub fn release(&self) {
        self.shared.held.send_replace(Held::Released);
    }

    /// Returns once no request is under way.
    pub async fn quiet(&self) {
        let mut under_way = self.shared.under_way.subscribe();
        under_way.wait_for(|requests| *requests == 0).await.expect("the proxy outlives its requests");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

/// Carries a request to its end in a task of its own, so that a client that hangs up does not recall it.
async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    shared.under_way.send_modify(|requests| *requests += 1);
    let task = tokio::spawn(async move {
        let response = answer(&shared, request).await;
        shared.under_way.send_modify(|requests| *requests -= 1);
        response
    });
    task.await.unwrap_or_else(|_| plain(500, "the proxy failed"))
}

async fn answer(shared: &Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return plain(400, "the body was cut off") };
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let at = Instant::now();
    let (headers, kept) = (Hidden(parts.headers.clone()), Hidden(body.clone()));
    let rehearsal = parts.uri.query().is_some_and(|query| query.contains("dryRun=All"));
    let fault = if rehearsal { None } else { shared.take_fault(&method, &path) };
    let response = match fault {
        Some(Fault::Refuse(status)) => plain(status, r#"{"errors":["refused by the proxy"]}"#),
        Some(Fault::LoseAnswer(status)) => {
            shared.forward(&parts, body).await;
            plain(status, r#"{"errors":["the answer was lost"]}"#)
        }
        Some(Fault::Hold) => {
            shared.held.send_replace(Held::Here);
            let mut held = shared.held.subscribe();
            let released = held.wait_for(|held| *held == Held::Released).await.is_ok();
            if released { shared.forward(&parts, body).await } else { plain(503, "the proxy ended") }
        }
        None => shared.forward(&parts, body).await,
    };
    lock(&shared.seen).push(Seen {
        method,
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        agent: text(&parts.headers, header::USER_AGENT),
        status: response.status().as_u16(),
        at,
        headers,
        body: kept,
    });
    response
}

impl Shared {
    fn take_fault(&self, method: &str, path: &str) -> Option<Fault> {
        let mut rules = lock(&self.rules);
        let fits = |rule: &&mut Rule| rule.times > 0 && rule.method == method && path.ends_with(&rule.path);
        let rule = rules.iter_mut().find(fits)?;
        rule.times -= 1;
        Some(rule.fault)
    }

    async fn forward(&self, parts: &axum::http::request::Parts, body: Bytes) -> Response {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = parts.headers.clone();
        for hop in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING] {
            headers.remove(hop);
        }
        let request = self.client.request(parts.method.clone(), format!("{}{path}", self.upstream));
        match request.headers(headers).body(body).send().await {
            Ok(response) => copied(response).await,
            Err(error) => plain(502, &format!("the server behind the proxy: {error}")),
        }
    }
}

async fn copied(response: reqwest::Response) -> Response {
    let (status, mut headers) = (response.status(), response.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    match response.bytes().await {
        Ok(body) => {
            let mut copy = Response::new(Body::from(body));
            *copy.status_mut() = status;
            *copy.headers_mut() = headers;
            copy
        }
        Err(error) => plain(502, &format!("the server behind the proxy: {error}")),
    }
}

fn plain(status: u16, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
