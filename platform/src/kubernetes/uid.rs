//! Which cluster this is, as data.

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};

use super::{Cluster, rights::to_read_uid};

/// Reads the uid of the cluster's `kube-system` ([`Cluster::uid`]).
#[derive(Debug, Clone, Copy)]
pub struct ClusterUid;

#[async_trait]
impl Read for ClusterUid {
    fn rights(&self) -> Vec<Right> {
        to_read_uid()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        Ok(Answer::Found(json!(cx.handle::<Cluster>().await?.uid().await?)))
    }
}
