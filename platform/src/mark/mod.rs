//! How objects of a graph are told from others.

mod owner;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

pub use self::owner::Owner;

/// The annotation with the graph's id, on every Kubernetes object that a graph makes or takes over.
pub const ANNOTATION: &str = "trustpath.dev/graph";

/// Where that annotation is in an object.
pub const PATH: [&str; 3] = ["metadata", "annotations", ANNOTATION];

/// A mark in text: in the description of a mount, or in a comment of a policy.
///
/// Written as `[trustpath graph=payments cluster=6f1c… reviewer=sha256:4bf5…]`. Names and values are words without spaces, `=`
/// or `]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The graph that owns the object.
    pub graph: String,
    /// The cluster that the object serves, by the uid of its `kube-system`; `None` on what serves each cluster of the graph
    /// alike, such as a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// What the graph wants to remember with the object, by name, such as the digest of the `reviewer`. Nothing secret.
    #[serde(default, flatten)]
    pub notes: BTreeMap<String, String>,
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

/// The mark of a policy's text: the first of its comments that bears one.
pub fn in_comments(text: &str) -> Option<Mark> {
    text.lines().find_map(in_comment)
}

/// The mark of a line of a policy's text that is a comment.
pub fn in_comment(line: &str) -> Option<Mark> {
    let line = line.trim_start();
    if line.starts_with('#') || line.starts_with("//") { parse(line) } else { None }
}

const OPENING: &str = "[trustpath ";

/// Takes the mark off the end of a text.
///
/// Nothing is lost: what [`join`] cannot put together again to the same text, byte for byte, is a text without a mark.
pub fn split(text: &str) -> (String, Option<Mark>) {
    let found = text.rfind(OPENING).and_then(|at| {
        let mark = parse(&text[at..])?;
        let rest = &text[..at];
        let rest = rest.strip_suffix(' ').unwrap_or(rest);
        (join(rest, Some(&mark)) == text).then(|| (rest.to_owned(), Some(mark)))
    });
    found.unwrap_or_else(|| (text.to_owned(), None))
}

/// What [`split`] took apart.
pub fn join(rest: &str, mark: Option<&Mark>) -> String {
    match mark {
        None => rest.to_owned(),
        Some(mark) if rest.is_empty() => mark.to_string(),
        Some(mark) => format!("{rest} {mark}"),
    }
}

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
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_mark_is_read_back_from_the_text_around_it() {
        let written = Mark::new("payments-prod").of(Some("6f1c")).with("reviewer", "sha256:4bf5");
        assert_eq!(written.to_string(), "[trustpath graph=payments-prod cluster=6f1c reviewer=sha256:4bf5]");
        let text = format!("the cluster in Berlin {written} (see the wiki)");
        assert_eq!(parse(&text), Some(written));
        assert_eq!(parse("[trustpath graph=a]"), Some(Mark::new("a")));
    }

    #[test]
    fn what_only_looks_like_a_mark_is_none() {
        for text in ["", "[trustpath]", "[trustpath graph]", "[trustpath reviewer=x]", "[trustpath graph=a", "graph=a"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("[trustpath is great] [trustpath graph=a]"), Some(Mark::new("a")));
    }

    /// Those of the versions that wrote none.
    #[test]
    fn a_mark_without_a_cluster_is_a_mark() {
        let text = "[trustpath graph=a]";
        let (rest, mark) = split(text);
        assert_eq!((mark.as_ref(), &*join(&rest, mark.as_ref())), (Some(&Mark::new("a")), text));
    }

    #[test]
    fn a_mark_comes_last() {
        let mark = Mark::new("a").of(Some("6f1c")).with("reviewer", "sha256:4bf5");
        let text = join("the cluster in Berlin", Some(&mark));
        assert_eq!(text, "the cluster in Berlin [trustpath graph=a cluster=6f1c reviewer=sha256:4bf5]");
        assert_eq!(split(&text), ("the cluster in Berlin".to_owned(), Some(mark)));
    }

    #[rstest]
    #[case("[trustpath graph=a] and more")]
    #[case("no space[trustpath graph=a]")]
    #[case("two  spaces [trustpath graph=a z=1 b=2]")]
    #[case("[trustpath cluster=6f1c graph=a]")]
    #[case("[trustpath reviewer=x]")]
    fn what_would_not_come_back_the_same_is_no_mark(#[case] text: &str) {
        assert_eq!(split(text), (text.to_owned(), None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_description_is_lost(text in r"[ a=\[\]]{0,9}(\[trustpath graph=[ab]( cluster=[a:0\]]{0,3})?( (reviewer|was|x)=[a:0\]]{0,3}){0,2}\])?[ \]]?") {
            let (rest, mark) = split(&text);
            prop_assert_eq!(join(&rest, mark.as_ref()), text);
        }
    }
}
