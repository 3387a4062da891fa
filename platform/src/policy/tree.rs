//! HCL and JSON as one tree, as the servers' own parser makes one of both.

mod hcl;
mod json;

use std::fmt;

use super::Misread;

/// A value in a policy. An object keeps its keys in order, duplicates included: servers join them.
#[derive(Debug, Clone)]
pub struct Tree {
    /// What it is.
    pub value: Value,
    /// Where it begins in the text, in bytes; not known in JSON.
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
    /// `[…]`.
    List(Vec<Tree>),
    /// `{…}`, or a block.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads a text: JSON when it begins with a brace, as the servers do, else HCL.
    ///
    /// # Errors
    /// When it is neither, or means something else to the servers than to the parser here.
    pub fn read(text: &str) -> Result<Self, Misread> {
        if is_json(text) { json::read(text) } else { hcl::read(text) }
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
        Self { value: Value::Object(entries.into_iter().collect()), at: None }
    }
}

/// Whether a text is read as JSON.
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// In one line, as JSON; equal trees read equal.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(number) => f.write_str(number),
            Value::Text(text) => write!(f, "{}", serde_json::json!(text)),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(","))
            }
            Value::Object(entries) => {
                let entry = |(name, value): &(String, Self)| format!("{}:{value}", serde_json::json!(name));
                let entries: Vec<_> = entries.iter().map(entry).collect();
                write!(f, "{{{}}}", entries.join(","))
            }
        }
    }
}
