//! What came by, and how one request is told from another.

use std::time::SystemTime;

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, Uri, header, request::Parts},
};

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
    /// How the server, or the proxy in its place, answered; 0 as long as no one has, and where the connection was cut.
    pub status: u16,
    /// When it arrived.
    pub at: SystemTime,
    /// Its headers, credentials included: for sending it again, never for showing.
    pub headers: Hidden<HeaderMap>,
    /// Its body: for sending it again, never for showing.
    pub body: Hidden<Bytes>,
    /// What was answered; empty as long as no one has, and where nothing was.
    pub answer: Hidden<Bytes>,
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
    pub(super) fn arrived(parts: &Parts, body: &Bytes) -> Self {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            agent: agent.unwrap_or_default().to_owned(),
            status: 0,
            at: SystemTime::now(),
            headers: Hidden(parts.headers.clone()),
            body: Hidden(body.clone()),
            answer: Hidden(Bytes::new()),
        }
    }

    /// Method and path, as a list of requests shows it.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// What it asks for, without how often that was asked before.
    pub fn what(&self) -> String {
        what(&self.method, &self.path, &self.query)
    }

    /// Whether it is about the lock of a run: nothing else is done to the program's Lease. Leases are listed only to see what
    /// a namespace holds.
    pub fn locks(&self) -> bool {
        let lists = self.method == "GET" && self.path.ends_with("/leases");
        self.path.contains("/apis/coordination.k8s.io/") && self.path.contains("/leases") && !lists
    }

    /// Whether it can change something: everything but a GET, HEAD or LIST, what only asks by POST, and the lock.
    pub fn writes(&self) -> bool {
        if self.locks() {
            return false;
        }
        let asks = ["capabilities-self", "selfsubjectaccessreviews", "tokenreviews", "selfsubjectreviews"];
        let asks = asks.iter().any(|end| self.path.ends_with(end)) || is_rehearsal(&self.query);
        !matches!(self.method.as_str(), "GET" | "HEAD" | "LIST") && !asks
    }
}

/// One request of many: the nth, from 1, that asks for the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it asks for: method and path, and whether it lists or is a dry run.
    pub what: String,
    /// How often that was asked, this time included.
    pub nth: usize,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} #{}", self.what, self.nth)
    }
}

/// The key of each request, in the order in which they came.
pub fn keys<'a>(seen: impl IntoIterator<Item = &'a Seen>) -> Vec<Key> {
    let mut counted = std::collections::BTreeMap::<String, usize>::new();
    let key = |seen: &Seen| {
        let count = counted.entry(seen.what()).or_default();
        *count += 1;
        Key { what: seen.what(), nth: *count }
    };
    seen.into_iter().map(key).collect()
}

pub(super) fn what_of(method: &Method, uri: &Uri) -> String {
    what(method.as_str(), uri.path(), uri.query().unwrap_or_default())
}

fn what(method: &str, path: &str, query: &str) -> String {
    let lists = query.split('&').any(|part| part == "list=true");
    let more = match (lists, is_rehearsal(query)) {
        (true, _) => " (list)",
        (_, true) => " (dry run)",
        _ => "",
    };
    format!("{method} {path}{more}")
}

pub(super) fn is_rehearsal(query: &str) -> bool {
    query.contains("dryRun=All")
}
