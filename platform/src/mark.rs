//! How objects of a graph are told from others.

use std::{collections::BTreeMap, fmt};

/// The annotation with the graph's id, on every Kubernetes object that a graph makes or takes over.
pub const ANNOTATION: &str = "trustpath.dev/graph";

/// Where that annotation is in an object.
pub const PATH: [&str; 3] = ["metadata", "annotations", ANNOTATION];

/// A mark in text: in the description of a mount, or in a comment of a policy.
///
/// Written as `[trustpath graph=payments cluster=6f1c… reviewer=sha256:4bf5…]`. Names and values are words without spaces, `=`
/// or `]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The graph that owns the object.
    pub graph: String,
    /// The cluster that the object serves, by the uid of its `kube-system`; `None` on what serves each cluster of the graph
    /// alike, such as a policy.
    pub cluster: Option<String>,
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
        Some(Mark { graph: notes.remove("graph")?, cluster: notes.remove("cluster"), notes })
    })
}

const OPENING: &str = "[trustpath ";

/// Whether a text can be a value in a mark, and is read back from it.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_graphic() && !"=]".contains(letter))
}

impl Mark {
    /// The mark of a graph, with nothing else to remember.
    pub fn new(graph: &str) -> Self {
        Self { graph: graph.to_owned(), cluster: None, notes: BTreeMap::new() }
    }

    /// For one cluster of the graph.
    #[must_use]
    pub fn of(self, cluster: Option<&str>) -> Self {
        Self { cluster: cluster.map(str::to_owned), ..self }
    }

    /// Whether it is the graph's, and for this cluster.
    pub fn is_of(&self, graph: &str, cluster: &str) -> bool {
        self.graph == graph && self.cluster.as_deref() == Some(cluster)
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
        if let Some(cluster) = &self.cluster {
            write!(f, " cluster={cluster}")?;
        }
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
        let written = Mark::new("payments-prod").of(Some("6f1c")).with("reviewer", "sha256:4bf5");
        assert_eq!(written.to_string(), "[trustpath graph=payments-prod cluster=6f1c reviewer=sha256:4bf5]");
        let text = format!("the cluster in Berlin {written} (see the wiki)");
        assert_eq!(parse(&text), Some(written));
        assert_eq!(parse(&mark("a")), Some(Mark::new("a")));
    }

    #[test]
    fn a_mark_is_of_one_cluster() {
        assert!(Mark::new("a").of(Some("1")).is_of("a", "1"));
        for other in [Mark::new("a").of(Some("2")), Mark::new("b").of(Some("1")), Mark::new("a")] {
            assert!(!other.is_of("a", "1"), "{other}");
        }
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
