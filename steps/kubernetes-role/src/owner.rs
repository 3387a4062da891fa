//! Whose a role is: that of whoever the mark of its mount names.

use trustpath_core::{Context, Result};
use trustpath_platform::{Cluster, mark::Mark, text::clean};

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

/// Which cluster this one is is read only where the mark names one.
pub(crate) async fn of(cx: &Context, mark: Option<Mark>) -> Result<Owner> {
    let Some(mark) = mark.filter(|mark| mark.graph == cx.graph()) else { return Ok(Owner::Other) };
    let Some(cluster) = mark.cluster else { return Ok(Owner::Unnamed) };
    let is_here = cx.handle::<Cluster>().await?.uid().await? == cluster;
    Ok(if is_here { Owner::Ours } else { Owner::OtherCluster(cluster) })
}

impl Owner {
    /// Why destroy leaves a role on a mount that bears the mark of this graph.
    pub(crate) fn keep_because(&self, mount: &str) -> Option<String> {
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
