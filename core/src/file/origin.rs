//! From which text each value comes.

use serde::{Deserialize, Serialize};
use toml::de::DeValue;

use super::{Span, document::FileDocument, path::KeyPath, sources::Space};

/// A value of the graph file, and where it is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The keys that lead to it, as `--set` takes them.
    pub key: String,
    /// The text that it comes from, a file or `--set`; of a value that a placeholder stands for, the text that has that value.
    pub source: String,
    /// The line in it, from 1; none in the text of `--set`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl Origin {
    /// Text and line, as editors take them.
    pub fn place(&self) -> String {
        self.line.map_or_else(|| self.source.clone(), |line| format!("{}:{line}", self.source))
    }
}

impl FileDocument<'_> {
    /// Where each value comes from.
    pub(super) fn origins(&self, space: &Space) -> Vec<Origin> {
        let mut origins = Vec::new();
        add(&KeyPath::default(), &self.root, &(0..0), space, &mut origins);
        origins
    }
}

fn add(path: &KeyPath, value: &DeValue<'_>, at: &Span, space: &Space, origins: &mut Vec<Origin>) {
    match value {
        DeValue::Table(table) if !table.is_empty() => {
            for (key, value) in table {
                add(&path.key(key.get_ref()), value.get_ref(), &value.span(), space, origins);
            }
        }
        _ => {
            let Some(placed) = space.holding(&at.clone().into()) else { return };
            let before = &placed.source.text.as_bytes()[..at.start - placed.start];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            let line = (!placed.source.is_setting).then_some(line);
            let key = path.to_string().trim_matches('`').to_owned();
            origins.push(Origin { key, source: placed.source.name.clone(), line });
        }
    }
}
