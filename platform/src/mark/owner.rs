//! Whose something in Vault is, as far as its mark says. Pure.

use trustpath_core::{Decision, Note};

use super::Mark;
use crate::text::clean;

/// Whose a mount is, and with it all that is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// This graph's, for this cluster.
    Ours,
    /// This graph's; earlier versions did not write for which cluster.
    Unnamed,
    /// This graph's, for the cluster with this uid.
    OtherCluster(String),
    /// Another graph's, or no one's.
    Other,
}

impl Owner {
    /// Of what serves one cluster, this one by its uid. `None` where that is not looked at: the mark is taken at its word.
    pub fn of(mark: Option<&Mark>, graph: &str, cluster: Option<&str>) -> Self {
        let Some(mark) = mark.filter(|mark| mark.graph == graph) else { return Self::Other };
        match mark.cluster.as_deref() {
            None => Self::Unnamed,
            Some(uid) if cluster.is_none_or(|this| this == uid) => Self::Ours,
            Some(uid) => Self::OtherCluster(uid.to_owned()),
        }
    }

    /// Of what serves each cluster of the graph alike.
    pub(crate) fn of_graph(mark: Option<&Mark>, graph: &str) -> Self {
        if mark.is_some_and(|mark| mark.graph == graph) { Self::Ours } else { Self::Other }
    }

    /// Whether it is this graph's, and no other cluster's: it may be changed without consent.
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Ours | Self::Unnamed)
    }

    /// Whether it serves another cluster of this graph, and needs nothing of this one.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self, Self::OtherCluster(_))
    }

    /// What a removal leaves where this is why it stays; what serves another cluster needs nothing of this one.
    pub fn keeps<S: Clone>(&self, mount: &str, now: &S) -> Option<Decision<S>> {
        let why = self.keep_because(mount)?;
        let kept = Decision::to(Some(now.clone()), *self != Self::Other).noting([Note::Left(why)]);
        Some(Decision { retains: !self.is_elsewhere(), ..kept })
    }

    /// Why a removal leaves what is on the mount at this path, though it bears the mark of this graph.
    pub fn keep_because(&self, mount: &str) -> Option<String> {
        let mount = clean(mount);
        match self {
            Self::Ours | Self::Other => None,
            Self::OtherCluster(uid) => {
                Some(format!("the mount `{mount}` serves another cluster of this graph (kube-system {})", clean(uid)))
            }
            Self::Unnamed => Some(format!(
                "the mark of the mount `{mount}` does not name the cluster that it serves: `trustpath apply` adds it where \
                 it is this one"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_one_cluster() {
        let of = |mark: Mark| Owner::of(Some(&mark), "a", Some("1"));
        assert_eq!(of(Mark::new("a").of(Some("1"))), Owner::Ours);
        assert_eq!(of(Mark::new("a").of(Some("2"))), Owner::OtherCluster("2".into()));
        assert_eq!(of(Mark::new("a")), Owner::Unnamed);
        assert_eq!(of(Mark::new("b").of(Some("1"))), Owner::Other);
        assert_eq!(Owner::of(Some(&Mark::new("a").of(Some("2"))), "a", None), Owner::Ours, "it is not looked at");
        assert_eq!((Owner::of(None, "a", None), Owner::of_graph(None, "a")), (Owner::Other, Owner::Other));
        assert_eq!(Owner::of_graph(Some(&Mark::new("a").of(Some("2"))), "a"), Owner::Ours);
    }
}
