//! The description of a mount, and the mark at its end.

use trustpath_platform::mark::{self, Mark};

use crate::state::{Digest, Mount, MountMark, Reviewer};

const REVIEWER: &str = "reviewer";
/// The reviewer that may still be in the config, as long as that is in doubt.
const WAS: &str = "was";

/// Takes the mark off a description.
///
/// Nothing is lost: what cannot be put together again to the same text, byte for byte, is a description without a mark.
pub(crate) fn split(text: &str) -> (String, Option<MountMark>) {
    let found = text.rfind("[trustpath ").and_then(|at| {
        let mark = mark::parse(&text[at..])?;
        let rest = &text[..at];
        let rest = rest.strip_suffix(' ').unwrap_or(rest);
        (with_mark(rest, &mark) == text).then(|| (rest.to_owned(), Some(read(mark))))
    });
    found.unwrap_or_else(|| (text.to_owned(), None))
}

/// What [`split`] took apart.
pub(crate) fn join(mount: &Mount, in_doubt: Option<&Reviewer>) -> String {
    let Some(held) = &mount.mark else { return mount.description.clone() };
    let mut mark = Mark { graph: held.graph.clone(), cluster: held.cluster.clone(), notes: held.notes.clone() };
    if let Some(reviewer) = &held.reviewer {
        mark = mark.with(REVIEWER, reviewer.as_str());
    }
    if let Some(was) = in_doubt {
        mark = mark.with(WAS, &String::from(was.clone()));
    }
    with_mark(&mount.description, &mark)
}

/// Takes the reviewer that may still be in the config out of a mark.
pub(crate) fn take_was(mark: &mut MountMark) -> Option<Reviewer> {
    mark.reviewer.as_ref()?;
    let text = mark.notes.get(WAS)?;
    let was = Reviewer::from(text.clone());
    if !was.is_some() || String::from(was.clone()) != *text {
        return None;
    }
    mark.notes.remove(WAS);
    Some(was)
}

fn with_mark(rest: &str, mark: &Mark) -> String {
    if rest.is_empty() { mark.to_string() } else { format!("{rest} {mark}") }
}

fn read(mark: Mark) -> MountMark {
    let Mark { graph, cluster, mut notes } = mark;
    let reviewer = notes.get(REVIEWER).and_then(|text| Digest::read(text));
    if reviewer.is_some() {
        notes.remove(REVIEWER);
    }
    MountMark { graph, cluster, reviewer, notes }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn mount(description: &str, mark: Option<MountMark>) -> Mount {
        Mount { description: description.to_owned(), mark, ..Mount::default() }
    }

    fn marked() -> MountMark {
        let notes = BTreeMap::new();
        MountMark { graph: "a".to_owned(), cluster: Some("6f1c".to_owned()), reviewer: None, notes }
    }

    /// Those of the versions that wrote none.
    #[test]
    fn a_mark_without_a_cluster_is_a_mark() {
        let text = "[trustpath graph=a]";
        let (rest, mark) = split(text);
        assert_eq!(mark, Some(MountMark { cluster: None, ..marked() }));
        assert_eq!(join(&mount(&rest, mark), None), text);
    }

    #[test]
    fn a_mark_comes_last() {
        let digest = Digest::of("jwt");
        let mark = MountMark { reviewer: Some(digest.clone()), ..marked() };
        let text = join(&mount("the cluster in Berlin", Some(mark.clone())), None);
        assert_eq!(
            text,
            format!("the cluster in Berlin [trustpath graph=a cluster=6f1c reviewer={}]", digest.as_str())
        );
        assert_eq!(split(&text), ("the cluster in Berlin".to_owned(), Some(mark)));
    }

    #[test]
    fn a_doubt_is_read_back() {
        let mark = MountMark { reviewer: Some(Digest::of("new")), ..marked() };
        for was in [Reviewer::Unknown, Reviewer::Jwt(Digest::of("old"))] {
            let (_, read) = split(&join(&mount("", Some(mark.clone())), Some(&was)));
            let mut read = read.expect("a mark");
            assert_eq!(take_was(&mut read), Some(was));
            assert_eq!(read, mark);
        }
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
            prop_assert_eq!(join(&mount(&rest, mark), None), text);
        }
    }
}
