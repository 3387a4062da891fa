//! Whose a role is: that of whoever the mark of its mount names.

use trustpath_core::{Answers, At, Decision, Note, Reads, Result};
use trustpath_platform::{
    kubernetes::ClusterUid,
    mark::Mark,
    text::clean,
    vault::{Get, Mounts},
};

use crate::{decide::Facts, state::RoleState};

/// Whose the mount of a role is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This graph's, for this cluster.
    Ours,
    /// This graph's; earlier versions did not write for which cluster.
    Unnamed,
    /// This graph's, for the cluster with this uid.
    OtherCluster(String),
    /// Another graph's, or no one's.
    Other,
}

/// Reads whose it is, besides others. Which cluster this one is is read only where the mark names one.
pub(crate) fn read(at: At<'_, Facts>, reads: Reads, answers: Option<&Answers>) -> Reads {
    let reads = reads.and("mounts", Get::new(at.facts.0.namespace.as_deref(), "sys/internal/ui/mounts").optional());
    let names_one = |answers: &Answers| match answers.answer("mounts") {
        Some(_) => mark(at, answers).is_ok_and(|mark| mark.is_some_and(|mark| mark.cluster.is_some())),
        // Nothing was read yet: only rights are asked.
        None => true,
    };
    if answers.is_some_and(names_one) { reads.and("cluster", ClusterUid) } else { reads }
}

/// The mark of the mount, where it is that of this graph.
fn mark(at: At<'_, Facts>, answers: &Answers) -> Result<Option<Mark>> {
    let mounts: Option<Mounts> = answers.get("mounts")?;
    let mark = mounts.as_ref().and_then(|mounts| mounts.auth_at(&at.facts.0.path)?.mark());
    Ok(mark.filter(|mark| mark.graph == at.cx.graph()))
}

impl Owner {
    /// From what was read.
    pub(crate) fn of(at: At<'_, Facts>, answers: &Answers) -> Result<Self> {
        let Some(mark) = mark(at, answers)? else { return Ok(Self::Other) };
        let Some(cluster) = mark.cluster else { return Ok(Self::Unnamed) };
        let here: Option<String> = answers.get("cluster")?;
        Ok(if here.as_ref() == Some(&cluster) { Self::Ours } else { Self::OtherCluster(cluster) })
    }

    /// Whether the role may be changed without consent.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self, Self::Ours | Self::Unnamed)
    }

    /// What destroy leaves of a role on this mount. What serves another cluster needs nothing of this one.
    pub(crate) fn removal(&self, mount: &str, now: Option<&RoleState>) -> Decision<RoleState> {
        let why = self.keep_because(mount);
        let kept = now.filter(|_| why.is_some()).cloned();
        let retains = !matches!(self, Self::OtherCluster(_));
        // That of another cluster too: the note says whose it is.
        Decision { retains, ..Decision::to(kept, *self != Self::Other).noting(why.map(Note::Left)) }
    }

    /// Why destroy leaves a role on a mount that bears the mark of this graph.
    fn keep_because(&self, mount: &str) -> Option<String> {
        let mount = clean(mount);
        match self {
            Self::Ours | Self::Other => None,
            Self::OtherCluster(uid) => {
                Some(format!("its mount `{mount}` serves another cluster of this graph (kube-system {})", clean(uid)))
            }
            Self::Unnamed => Some(format!(
                "the mark of its mount `{mount}` does not name the cluster that it serves: `trustpath apply` adds it where it is \
                 this one"
            )),
        }
    }
}
