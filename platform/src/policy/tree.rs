//! HCL and JSON as one tree, as the servers' own parser makes one of both.

mod hcl;
mod json;
mod scanner;
mod strings;
mod token;

use std::fmt;

use super::{
    misread::{Misread, Mistake},
    number::{float, integer, is_float},
};
use token::{Kind, Token};

/// A value in a policy.
#[derive(Debug, Clone)]
pub struct Tree {
    /// What it is.
    pub value: Value,
    /// Where it begins in the text, in bytes; not known for blocks, and for what was not read.
    pub at: Option<usize>,
}

/// What a [`Tree`] is.
#[derive(Debug, Clone)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A text with escapes that stand for nothing: servers that look at it end the request without an answer.
    Unreadable,
    /// `[…]`.
    List(Vec<Tree>),
    /// `{…}`, in order and with duplicates: what those mean is for the key to say.
    Object(Vec<Item>),
}

/// An entry of an object: `name = …` has one key, a block such as `path "kv/*" {…}` may have more.
#[derive(Debug, Clone)]
pub struct Item {
    /// The keys, at least one.
    pub keys: Vec<Key>,
    /// What stands behind them.
    pub value: Tree,
}

/// A key of an [`Item`].
#[derive(Debug, Clone)]
pub struct Key {
    /// What it says; none where that is unreadable, and no server may look at it.
    name: Option<String>,
    /// Where it begins in the text, in bytes.
    pub at: usize,
}

impl Key {
    fn read(token: &Token<'_>) -> Self {
        let name = if let Kind::Text(said) = &token.kind { said.clone() } else { Some(token.raw.to_owned()) };
        Self { name, at: token.at }
    }

    /// What it says, for a server that looks at it.
    pub(super) fn name(&self) -> Result<&str, Mistake> {
        self.name.as_deref().ok_or_else(|| (Some(self.at), "no server can read the escapes of this text".to_owned()))
    }
}

impl Tree {
    /// Reads a text: JSON when it begins with a brace, as the servers do, else HCL.
    ///
    /// # Errors
    /// When it is neither.
    pub fn read(text: &str) -> Result<Self, Misread> {
        let read = Self::parse(text).map_err(|mistake| Misread::new(text, mistake))?;
        Ok(Self { value: Value::Object(read.0), at: None })
    }

    /// The items of a text, and the first argument that is set twice, if there is one.
    pub(super) fn parse(text: &str) -> Result<(Vec<Item>, Option<Mistake>), Mistake> {
        if is_json(text) { Ok((json::read(text)?, None)) } else { hcl::read(text) }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { value: Value::Text(text.into()), at: None }
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self { value: Value::List(items.into_iter().collect()), at: None }
    }

    /// An object.
    pub fn object(entries: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self::items(entries.into_iter().map(|(name, value)| (vec![name], value)))
    }

    /// A policy: what it says about each path.
    pub fn paths(rules: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self::items(rules.into_iter().map(|(path, rules)| (vec!["path".to_owned(), path], rules)))
    }

    fn items(items: impl Iterator<Item = (Vec<String>, Self)>) -> Self {
        let key = |name| Key { name: Some(name), at: 0 };
        let items = items.map(|(keys, value)| Item { keys: keys.into_iter().map(key).collect(), value });
        Self { value: Value::Object(items.collect()), at: None }
    }
}

/// Whether a text is read as JSON.
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// In one line, much as JSON; trees that servers read alike are told alike.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |told: Vec<String>| told.join(",");
        match &self.value {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(text) if is_float(text) => write!(f, "{:?}", float(text).unwrap_or(f64::NAN)),
            Value::Number(text) => {
                write!(f, "{}", integer(text).map_or_else(|| text.clone(), |number| number.to_string()))
            }
            Value::Text(text) => write!(f, "{}", serde_json::json!(text)),
            Value::Unreadable => f.write_str("?"),
            Value::List(list) => write!(f, "[{}]", joined(list.iter().map(ToString::to_string).collect())),
            Value::Object(items) => write!(f, "{{{}}}", joined(items.iter().map(ToString::to_string).collect())),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.keys.iter().try_for_each(|key| write!(f, "{}:", serde_json::json!(key.name)))?;
        write!(f, "{}", self.value)
    }
}
