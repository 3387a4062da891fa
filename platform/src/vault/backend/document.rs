//! One document below a mount, as its kind says it: what the graph file wants of it, and what servers do with it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::value::trimmed;
use crate::Vault;

/// What a document holds, by key, without what the server takes for granted.
pub type Content = Map<String, Value>;

/// Whether servers take two values of a key for the same.
pub(super) type Same = fn(&Value, &Value) -> bool;

/// A document below a mount, such as a role or the config. What the graph file does not say of it stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Document {
    pub(super) name: &'static str,
    /// Below the mount.
    pub(super) path: String,
    pub(super) writes: Writes,
    pub(super) wanted: Content,
    pub(super) defaults: Content,
    pub(super) is_whole: bool,
    pub(super) is_closed: bool,
    pub(super) told: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
    pub(super) old_names: &'static [(&'static str, &'static str)],
    pub(super) same: Vec<(&'static str, Same)>,
    pub(super) fixed: &'static [&'static str],
    pub(super) echoed: &'static [&'static str],
    pub(super) kept_below: Vec<(&'static str, String)>,
    pub(super) dies_with_it: Vec<(&'static str, String)>,
}

/// What a server makes of a write, and when the document goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Writes {
    /// It changes the keys that are sent. The document is removed by itself.
    #[default]
    Merge,
    /// It takes the place of all keys. The document is removed with its mount alone.
    Replace,
}

impl Document {
    /// A document that servers merge and remove, such as a role: its name in the state, and its path below the mount.
    pub fn merged<'a>(name: &'static str, path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(name, path, Writes::Merge).server_default("token_type", "default")
    }

    /// A document that servers replace as a whole and remove with its mount alone, such as a config.
    pub fn replaced<'a>(name: &'static str, path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(name, path, Writes::Replace)
    }

    fn new<'a>(name: &'static str, path: impl IntoIterator<Item = &'a str>, writes: Writes) -> Self {
        Self { name, path: Vault::path(path), writes, ..Self::default() }
    }

    /// What the graph file says. Texts go without spaces at their ends, as servers keep them.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Serialize) -> Self {
        self.wanted.insert(key.to_owned(), trimmed(json!(value)));
        self
    }

    /// What the graph file says by the fields of a configuration, as far as it says something.
    #[must_use]
    pub fn set_all(self, values: &impl Serialize) -> Self {
        let Value::Object(values) = json!(values) else { return self };
        let said = values.into_iter().filter(|(_, value)| !value.is_null());
        said.fold(self, |document, (key, value)| document.set(&key, value))
    }

    /// What the graph file says, to the letter.
    #[must_use]
    pub fn set_exactly(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.wanted.insert(key.to_owned(), value.into());
        self
    }

    /// Each write carries all of its keys, those at their defaults too.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// It has no other keys than those that are set.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { is_closed: true, ..self }
    }

    /// Keys that are told at their defaults, too.
    #[must_use]
    pub fn told(self, told: &'static [&'static str]) -> Self {
        Self { told, ..self }
    }

    /// Keys that only some servers know: unset they are as if unknown, and are not sent.
    #[must_use]
    pub fn optional(self, optional: &'static [&'static str]) -> Self {
        Self { optional, ..self }
    }

    /// Old names of keys, each with the new one: servers show what was written by an old name beside the new one, until it is
    /// written by that. What does not change stays known by the name that it was written by.
    #[must_use]
    pub fn old_names(self, old_names: &'static [(&'static str, &'static str)]) -> Self {
        Self { old_names, ..self }
    }

    /// A key that keeps the server's spelling where this says that the two mean the same.
    #[must_use]
    pub fn same_by(mut self, key: &'static str, same: fn(&Value, &Value) -> bool) -> Self {
        self.same.push((key, same));
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
        self.kept_below.push((key, format!("{}/{last}", self.path)));
        self
    }

    /// What goes with it and does not come back, listed at this path below it.
    #[must_use]
    pub fn dies_with_it(mut self, what: &'static str, last: &str) -> Self {
        self.dies_with_it.push((what, format!("{}/{last}", self.path)));
        self
    }
}
