//! What a mount is on the server, and what enables and tunes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trustpath_core::{Answers, Result};

use super::{
    Content,
    session::OwnUse,
    value::{as_text, empty_like, is_said},
};
use crate::mark::{self, Mark};

/// A mount, without what the server chooses by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MountState {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its description, without the mark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The mark at the end of its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// How it is tuned, as `sys/auth` has it: what is at the server's default is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tune: BTreeMap<String, Value>,
    /// What is chosen when a mount is made and cannot be changed later, such as `seal_wrap`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub made_with: BTreeMap<String, Value>,
}

/// A mount as `GET sys/auth` has it.
#[derive(Debug, Deserialize)]
pub(super) struct MountEntry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    config: BTreeMap<String, Value>,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

/// What `GET sys/auth` has.
pub(super) type MountEntries = BTreeMap<String, MountEntry>;

/// What is chosen when a mount is made, and cannot be tuned.
const MADE_WITH: [&str; 5] = ["external_entropy_access", "local", "options", "plugin_version", "seal_wrap"];

/// Servers echo it among what is tuned, and take it nowhere.
const NOT_TUNED: &str = "force_no_cache";

impl MountState {
    /// A mount of a type, with nothing said of it.
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    /// The mount at a path, from a read of `sys/auth` by this name.
    ///
    /// # Errors
    /// When the answer is not what `sys/auth` has.
    pub fn answered(answers: &Answers, name: &str, path: &str) -> Result<Option<Self>> {
        Ok(Self::of(answers.get(name)?, path))
    }

    /// The mount at a path, of those that `GET sys/auth` has.
    pub(super) fn of(mounts: Option<MountEntries>, path: &str) -> Option<Self> {
        mounts?.remove(&format!("{path}/")).map(Self::seen)
    }

    fn seen(entry: MountEntry) -> Self {
        let (description, mark) = mark::split(&entry.description);
        let is_said = |key: &str, value: &Value| is_said(value) && !(key == TOKEN_TYPE && value == DEFAULT_TYPE);
        let tune = entry.config.into_iter().filter(|(key, value)| key != NOT_TUNED && is_said(key, value)).collect();
        let made_with = entry.other.into_iter();
        let made_with = made_with.filter(|(key, value)| MADE_WITH.contains(&key.as_str()) && is_said(key, value));
        Self { kind: entry.kind, description, mark, tune, made_with: made_with.collect() }
    }

    /// What enables it, under this description. How it is tuned is an object, which no policy can be held to: it is left out
    /// where there is nothing in it.
    pub fn enabling(&self, description: &str) -> Map<String, Value> {
        let mut body: Map<_, _> = self.made_with.clone().into_iter().collect();
        body.insert("type".to_owned(), self.kind.clone().into());
        body.insert("description".to_owned(), description.into());
        if !self.tune.is_empty() {
            body.insert("config".to_owned(), json!(self.tune));
        }
        body
    }

    /// What tunes a mount so: the description, and what differs from this.
    pub fn tuning(&self, from: &Self, description: &str) -> Map<String, Value> {
        let mut body = Map::from_iter([("description".to_owned(), description.into())]);
        let (before, after) = (&from.tune, &self.tune);
        let keys = before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key));
        let value = |key: &String| after.get(key).cloned().unwrap_or_else(|| unset(key, before));
        body.extend(keys.map(|key| (key.clone(), as_text(value(key)))));
        body
    }

    /// Its description as the server has it, with the mark.
    pub fn text(&self) -> String {
        mark::join(&self.description, self.mark.as_ref())
    }
}

/// The mount, where it is the step's own, and the documents below it: `{"mount": {…}, "role": {…}}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnedMount {
    /// The mount; `None` on one that is taken as a fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mount: Option<MountState>,
    #[serde(flatten)]
    pub(super) documents: BTreeMap<String, Content>,
}

impl OwnedMount {
    /// Whether there is anything.
    pub(super) fn is_something(&self) -> bool {
        self.mount.is_some() || !self.documents.is_empty()
    }

    /// The same without its mark, which says whose it is and not what.
    pub(super) fn unmarked(&self) -> Self {
        let mount = self.mount.clone().map(|mount| MountState { mark: None, ..mount });
        Self { mount, documents: self.documents.clone() }
    }

    /// What tokens may do for themselves, as far as a document says it.
    pub(super) fn own_use(&self) -> OwnUse {
        self.documents.values().map(OwnUse::of_role).fold(OwnUse { asks: true, revokes: true }, OwnUse::and)
    }
}

const TOKEN_TYPE: &str = "token_type";
const DEFAULT_TYPE: &str = "default-service";

/// The value that puts a key back to the server's default (run on OpenBao 2.7.2 and Vault 1.21.4).
fn unset(key: &str, before: &BTreeMap<String, Value>) -> Value {
    match before.get(key) {
        _ if key == TOKEN_TYPE => json!(DEFAULT_TYPE),
        Some(Value::Number(_)) => json!(0),
        Some(value) => empty_like(value),
        None => json!(""),
    }
}
