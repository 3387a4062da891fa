//! One document below a mount: what the graph file wants of it, and what servers do with it.

use serde::Serialize;
use serde_json::{Map, Value, json};
use trustpath_core::{Reads, Request};

use super::{
    MountAt,
    create::Create,
    value::{as_text, empty_like, means_the_same, trimmed},
};
use crate::vault::{Body, Get, VaultRequest};

/// What a document holds, by key, without what the server takes for granted.
pub(super) type Held = Map<String, Value>;

/// A document below a mount, such as a role or the config. What the graph file does not say of it stays as it is.
#[derive(Debug, Clone)]
pub struct Document {
    name: &'static str,
    path: Vec<String>,
    writes: Writes,
    wanted: Held,
    defaults: Held,
    fixed: &'static [&'static str],
    echoed: &'static [&'static str],
    kept_below: Vec<(&'static str, Vec<String>)>,
    dies_with_it: Vec<(&'static str, Vec<String>)>,
}

/// What a server makes of a write, and when the document goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writes {
    /// It changes the keys that are sent. The document is removed by itself.
    Merge,
    /// It takes the place of all keys. The document is removed with its mount alone.
    Replace,
}

impl Document {
    /// A document that servers merge and remove, such as a role: its name in the state, and its path below the mount.
    pub fn merged<'a>(name: &'static str, path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(name, path, Writes::Merge)
    }

    /// A document that servers replace as a whole and remove with its mount alone, such as a config.
    pub fn replaced<'a>(name: &'static str, path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(name, path, Writes::Replace)
    }

    fn new<'a>(name: &'static str, path: impl IntoIterator<Item = &'a str>, writes: Writes) -> Self {
        Self {
            name,
            path: path.into_iter().map(str::to_owned).collect(),
            writes,
            wanted: Held::new(),
            defaults: Map::from_iter([("token_type".to_owned(), json!("default"))]),
            fixed: &[],
            echoed: &[],
            kept_below: Vec::new(),
            dies_with_it: Vec::new(),
        }
    }

    /// What the graph file says. Texts go without spaces at their ends, as servers keep them.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Serialize) -> Self {
        self.wanted.insert(key.to_owned(), trimmed(json!(value)));
        self
    }

    /// What the server takes for granted where that is not false, zero or empty.
    #[must_use]
    pub fn server_default(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.defaults.insert(key.to_owned(), value.into());
        self
    }

    /// Keys that are chosen when it is made, and refused later.
    #[must_use]
    pub fn fixed_at_creation(self, fixed: &'static [&'static str]) -> Self {
        Self { fixed, ..self }
    }

    /// Keys that the server answers with and does not take.
    #[must_use]
    pub fn echoed(self, echoed: &'static [&'static str]) -> Self {
        Self { echoed, ..self }
    }

    /// A key that the server chooses and keeps at a path of its own below the document. It is read before a removal, so that
    /// what comes back has it again; nothing secret.
    #[must_use]
    pub fn kept_below(mut self, key: &'static str, last: &str) -> Self {
        self.kept_below.push((key, self.path_to(last)));
        self
    }

    /// What goes with it and does not come back, listed at this path below it.
    #[must_use]
    pub fn dies_with_it(mut self, what: &'static str, last: &str) -> Self {
        self.dies_with_it.push((what, self.path_to(last)));
        self
    }

    fn path_to(&self, last: &str) -> Vec<String> {
        self.path.iter().cloned().chain([last.to_owned()]).collect()
    }
}

impl Document {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Its name in a collection of the mount, where it is in that one.
    pub(super) fn name_in(&self, collection: &str) -> Option<&str> {
        match &self.path[..] {
            [first, second] if first == collection => Some(second),
            _ => None,
        }
    }

    /// Whether it is removed with its mount alone.
    pub(super) fn goes_with_mount(&self) -> bool {
        self.writes == Writes::Replace
    }

    pub(super) fn read(&self, at: &MountAt, reads: Reads) -> Reads {
        reads.and(self.name, Get::new(at.namespace(), self.at(at)))
    }

    /// What a removal has to know besides.
    pub(super) fn read_before_removal(&self, at: &MountAt, mut reads: Reads) -> Reads {
        for (_, path) in &self.kept_below {
            reads = reads.and(path.join("/"), Get::new(at.namespace(), below(at, path)));
        }
        for (_, path) in &self.dies_with_it {
            reads = reads.and(path.join("/"), at.list(path.iter().map(String::as_str)).or_refused());
        }
        reads
    }

    /// The names of the reads of what dies with it, each with what that is.
    pub(super) fn mortal(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.dies_with_it.iter().map(|(what, path)| (*what, path.join("/")))
    }

    /// The names of the reads of what is kept below it, each with its key.
    pub(super) fn chosen(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.kept_below.iter().map(|(key, path)| (*key, path.join("/")))
    }

    /// An answer without what the server would choose by itself; all of it otherwise, so that an undo of a removal has all.
    pub(super) fn observed(&self, mut answer: Held) -> Held {
        answer.retain(|key, value| !self.is_default(key, value) && !self.echoed.contains(&key.as_str()));
        answer
    }

    /// What the file says nothing about stays; what is equal in meaning keeps the server's spelling.
    pub(super) fn desired(&self, now: Option<&Held>) -> Held {
        let mut held = now.cloned().unwrap_or_default();
        for (key, value) in &self.wanted {
            let there = held.get(key).cloned().unwrap_or_else(|| self.default_of(key, value));
            if means_the_same(&there, value) {
                continue;
            }
            if self.is_default(key, value) {
                held.remove(key);
            } else {
                held.insert(key.clone(), value.clone());
            }
        }
        held
    }

    /// The one request from one state to another.
    pub(super) fn change(&self, at: &MountAt, now: Option<&Held>, to: &Held) -> Box<dyn Request> {
        let (namespace, path) = (at.namespace(), self.at(at));
        let body = |held: Held| self.body(held);
        match (now, self.writes) {
            // Whether it is there or not, servers take it as an update.
            (_, Writes::Replace) => Box::new(VaultRequest::update(namespace, path, body(to.clone())).settling()),
            (None, Writes::Merge) => self.creation(at, to, body),
            (Some(now), Writes::Merge) => {
                Box::new(VaultRequest::update(namespace, path, body(self.merged_into(now, to))).settling())
            }
        }
    }

    /// A policy that was printed before the document was made does not know what the server will choose, and has to let it come
    /// back.
    fn body(&self, held: Held) -> Body {
        const CHOSEN: &str = "the server chooses it, and it comes back with what was removed";
        let body = Body::from_iter(held.into_iter().map(|(key, value)| (key, as_text(value))));
        self.kept_below.iter().fold(body, |body, (key, _)| body.at_times(key, CHOSEN))
    }

    fn creation(&self, at: &MountAt, to: &Held, body: impl Fn(Held) -> Body) -> Box<dyn Request> {
        let (path, again) = (self.at(at), self.without_fixed(to.clone()));
        let sent = |held: Held| VaultRequest::create(at.namespace(), path.clone(), body(held));
        if again == *to {
            return Box::new(sent(again));
        }
        Box::new(Create { at: at.clone(), whole: sent(to.clone()), again: sent(again), path: path.clone() })
    }

    fn without_fixed(&self, mut held: Held) -> Held {
        held.retain(|key, _| !self.fixed.contains(&key.as_str()));
        held
    }

    /// All of it, as a server that merges has to be told it: what goes is put back to its default. What stays is sent too:
    /// servers check a write by what is in it (`role_type` of the JWT method).
    fn merged_into(&self, now: &Held, to: &Held) -> Held {
        let mut body = to.clone();
        for (key, was) in now.iter().filter(|(key, _)| !to.contains_key(*key)) {
            body.insert(key.clone(), self.default_of(key, was));
        }
        self.without_fixed(body)
    }

    pub(super) fn removal(&self, at: &MountAt) -> impl Request + 'static {
        VaultRequest::delete(at.namespace(), self.at(at))
    }

    fn at(&self, at: &MountAt) -> String {
        below(at, &self.path)
    }

    fn default_of(&self, key: &str, like: &Value) -> Value {
        self.defaults.get(key).cloned().unwrap_or_else(|| empty_like(like))
    }

    fn is_default(&self, key: &str, value: &Value) -> bool {
        means_the_same(value, &self.default_of(key, value))
    }
}

fn below(at: &MountAt, path: &[String]) -> String {
    at.below(path.iter().map(String::as_str))
}
