//! What is read of a document, what should be in it, and what is written. Pure.

use serde_json::{Value, json};
use trustpath_core::{Reads, Request};

use super::{
    Content, Document,
    document::Writes,
    requests::Create,
    value::{as_text, empty_like, means_the_same},
};
use crate::{
    AuthMount,
    vault::{Body, Get, VaultRequest},
};

/// Under this key a document holds which others of its keys were last written by their old names.
const LEGACY_KEYS: &str = "legacy_keys";

impl Document {
    /// Its name in a collection of the mount, where it is in that one.
    pub(super) fn name_in(&self, collection: &str) -> Option<&str> {
        self.path.strip_prefix(collection)?.strip_prefix('/')
    }

    /// Whether it is removed with its mount alone.
    pub(super) fn goes_with_mount(&self) -> bool {
        self.writes == Writes::Replace
    }

    /// Reads it, besides others, by its name.
    pub fn read(&self, at: &AuthMount, reads: Reads) -> Reads {
        reads.and(self.name, Get::new(at.namespace.as_deref(), self.at(at)))
    }

    /// What a removal has to know besides, each by its path.
    pub(super) fn read_before_removal(&self, at: &AuthMount, mut reads: Reads) -> Reads {
        for (_, path) in &self.kept_below {
            reads = reads.and(path.as_str(), Get::new(at.namespace.as_deref(), at.below([path.as_str()])));
        }
        for (_, path) in &self.dies_with_it {
            reads = reads.and(path.as_str(), at.list([path.as_str()]).or_refused());
        }
        reads
    }

    /// An answer without what the server would choose by itself; all of it otherwise, so that an undo of a removal has all.
    pub fn observed(&self, mut answer: Content) -> Content {
        let is_legacy = |old: &&str| answer.get(*old).is_some_and(|value| !self.is_default(old, value));
        let legacy: Vec<_> = self.old_names.iter().map(|(old, _)| *old).filter(is_legacy).collect();
        answer.retain(|key, value| self.has(key) && !self.is_default(key, value));
        self.tell_defaults(&mut answer);
        if !legacy.is_empty() {
            answer.insert(LEGACY_KEYS.to_owned(), json!(legacy));
        }
        answer
    }

    fn has(&self, key: &str) -> bool {
        let is_old = self.old_names.iter().any(|(old, _)| *old == key);
        !is_old && !self.echoed.contains(&key) && (!self.is_closed || self.wanted.contains_key(key))
    }

    /// What the file says nothing about stays; what is equal in meaning keeps the server's spelling.
    pub fn desired(&self, now: Option<&Content>) -> Content {
        let mut held = now.cloned().unwrap_or_default();
        for (key, value) in &self.wanted {
            let there = held.get(key).cloned().unwrap_or_else(|| self.default_of(key, value));
            if self.means_the_same(key, &there, value) {
                continue;
            }
            self.forget_old_name(&mut held, key);
            if self.is_default(key, value) {
                held.remove(key);
            } else {
                held.insert(key.clone(), value.clone());
            }
        }
        self.tell_defaults(&mut held);
        held
    }

    fn tell_defaults(&self, held: &mut Content) {
        for key in self.told {
            held.entry(*key).or_insert_with(|| self.default_of(key, &Value::Null));
        }
    }

    /// What is written anew is known by its new name from then on.
    fn forget_old_name(&self, held: &mut Content, key: &str) {
        let Some(Value::Array(legacy)) = held.get_mut(LEGACY_KEYS) else { return };
        legacy.retain(|old| !self.old_names.iter().any(|(name, new)| old == name && *new == key));
        if legacy.is_empty() {
            held.remove(LEGACY_KEYS);
        }
    }

    /// The one request from one state to another.
    pub fn change(&self, at: &AuthMount, now: Option<&Content>, to: &Content) -> Box<dyn Request> {
        let (namespace, path) = (at.namespace.as_deref(), self.at(at));
        let sent = self.sent(now, to);
        match (now, self.writes) {
            // Whether it is there or not, servers take it as an update.
            (_, Writes::Replace) => Box::new(VaultRequest::update(namespace, path, self.body(sent)).settling()),
            (None, Writes::Merge) => self.creation(at, sent),
            (Some(_), Writes::Merge) => {
                let body = self.body(self.without_fixed(sent));
                Box::new(VaultRequest::update(namespace, path, body).settling())
            }
        }
    }

    /// A policy that was printed before the document was made does not know what the server will choose, and has to let it come
    /// back.
    fn body(&self, held: Content) -> Body {
        const CHOSEN: &str = "the server chooses it, and it comes back with what was removed";
        let body = Body::from_iter(held.into_iter().map(|(key, value)| (key, as_text(value))));
        self.kept_below.iter().fold(body, |body, (key, _)| body.at_times(key, CHOSEN))
    }

    /// What is written where it is to hold this.
    pub fn written(&self, held: &Content) -> Body {
        self.body(self.sent(None, held))
    }

    fn creation(&self, at: &AuthMount, whole: Content) -> Box<dyn Request> {
        let (path, again) = (self.at(at), self.without_fixed(whole.clone()));
        let sent = |held: Content| VaultRequest::create(at.namespace.as_deref(), path.clone(), self.body(held));
        if again == whole {
            return Box::new(sent(again));
        }
        Box::new(Create { at: at.clone(), whole: sent(whole), again: sent(again), path: path.clone() })
    }

    fn without_fixed(&self, mut held: Content) -> Content {
        held.retain(|key, _| !self.fixed.contains(&key.as_str()));
        held
    }

    /// All of it, as a server that merges has to be told it: what goes is put back to its default. What stays is sent too:
    /// servers check a write by what is in it (`role_type` of the JWT method).
    fn sent(&self, now: Option<&Content>, to: &Content) -> Content {
        let mut sent = to.clone();
        let going = now.filter(|_| self.writes == Writes::Merge).into_iter().flatten();
        let unset = self.wanted.iter().chain(&self.defaults);
        let unset = unset.filter(|(key, _)| self.is_whole && !self.optional.contains(&key.as_str()));
        for (key, like) in going.chain(unset) {
            sent.entry(key).or_insert_with(|| self.default_of(key, like));
        }
        sent.remove(LEGACY_KEYS);
        let legacy = to.get(LEGACY_KEYS).and_then(Value::as_array).into_iter().flatten();
        for (old, new) in self.old_names.iter().filter(|(old, _)| legacy.clone().any(|name| name == old)) {
            let value = sent.remove(*new).unwrap_or_default();
            sent.insert((*old).to_owned(), value);
        }
        sent
    }

    /// The request that removes it.
    pub fn removal(&self, at: &AuthMount) -> impl Request + 'static {
        VaultRequest::delete(at.namespace.as_deref(), self.at(at))
    }

    fn at(&self, at: &AuthMount) -> String {
        at.below([self.path.as_str()])
    }

    fn default_of(&self, key: &str, like: &Value) -> Value {
        self.defaults.get(key).cloned().unwrap_or_else(|| empty_like(like))
    }

    /// A text that is empty is not said.
    fn is_default(&self, key: &str, value: &Value) -> bool {
        value.is_null() || *value == json!("") || means_the_same(value, &self.default_of(key, value))
    }

    fn means_the_same(&self, key: &str, there: &Value, wanted: &Value) -> bool {
        let same = self.same.iter().find(|(name, _)| *name == key);
        means_the_same(there, wanted) || same.is_some_and(|(_, same)| same(there, wanted))
    }
}
