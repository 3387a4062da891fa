//! How objects of a graph are told from others.

use std::{collections::BTreeMap, fmt};

/// The annotation with the graph's id, on every Kubernetes object that a graph makes or takes over.
pub const ANNOTATION: &str = "trustpath.dev/graph";

/// Where that annotation is in an object.
pub const PATH: [&str; 3] = ["metadata", "annotations", ANNOTATION];

/// A mark in text: in the description of a mount, or in a comment of a policy.
///
/// Written as `[trustpath graph=payments reviewer=sha256:4bf5…]`. Names and values are words without spaces, `=` or `]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The graph that owns the object.
    pub graph: String,
    /// What the graph wants to remember with the object, by name. Nothing secret.
    pub notes: BTreeMap<String, String>,
}

/// The mark of a graph, as text.
pub fn mark(graph: &str) -> String {
    Mark::new(graph).to_string()
}

/// The first mark in a text.
pub fn parse(text: &str) -> Option<Mark> {
    text.match_indices(OPENING).find_map(|(at, _)| {
        let (inside, _) = text[at + OPENING.len()..].split_once(']')?;
        let mut notes: BTreeMap<_, _> = inside
            .split(' ')
            .map(|word| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect::<Option<_>>()?;
        Some(Mark { graph: notes.remove("graph")?, notes })
    })
}

const OPENING: &str = "[trustpath ";

impl Mark {
    /// The mark of a graph, with nothing else to remember.
    pub fn new(graph: &str) -> Self {
        Self { graph: graph.to_owned(), notes: BTreeMap::new() }
    }

    /// With something to remember.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.notes.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPENING}graph={}", self.graph)?;
        for (name, value) in &self.notes {
            write!(f, " {name}={value}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_from_the_text_around_it() {
        let written = Mark::new("payments-prod").with("reviewer", "sha256:4bf5");
        let text = format!("the cluster in Berlin {written} (see the wiki)");
        assert_eq!(parse(&text), Some(written));
        assert_eq!(parse(&mark("a")), Some(Mark::new("a")));
    }

    #[test]
    fn what_only_looks_like_a_mark_is_none() {
        for text in ["", "[trustpath]", "[trustpath graph]", "[trustpath reviewer=x]", "[trustpath graph=a", "graph=a"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("[trustpath is great] [trustpath graph=a]"), Some(Mark::new("a")));
    }
}
