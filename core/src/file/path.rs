//! Ways through the file, as a user would write them.

use std::fmt::{self, Display};

use crate::graph::written;

/// The way to a value in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeyPath(pub(super) Vec<Segment>);

/// One step of such a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

impl KeyPath {
    /// The way along tables.
    pub(super) fn of<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        Self(keys.into_iter().map(|key| Segment::Key(key.to_owned())).collect())
    }

    /// The way on into a table.
    pub(super) fn key(&self, key: &str) -> Self {
        self.on(Segment::Key(key.to_owned()))
    }

    /// The way on.
    pub(super) fn on(&self, segment: Segment) -> Self {
        Self(self.0.iter().cloned().chain([segment]).collect())
    }
}

impl Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the graph file");
        }
        f.write_str("`")?;
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    f.write_str(if position == 0 { "" } else { "." })?;
                    f.write_str(&toml_key(key))?;
                }
            }
        }
        f.write_str("`")
    }
}

/// A key as TOML has it, and a step that was made by `for_each` as it is called everywhere.
fn toml_key(key: &str) -> String {
    if written(key) != key {
        return key.to_owned();
    }
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { key.to_owned() } else { format!("\"{}\"", key.escape_debug()) }
}
