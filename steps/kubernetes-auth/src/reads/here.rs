//! What the connections know of themselves: no request is made for it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};
use trustpath_platform::{Cluster, Vault, kubernetes::ApiServer, vault::Family};

/// Reads it.
#[derive(Debug)]
pub(super) struct Connected;

/// The time, and what is connected to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Here {
    pub(crate) now: Timestamp,
    pub(crate) family: Family,
    /// Vault's address.
    pub(crate) vault: String,
    /// As the kubeconfig knows it.
    pub(crate) api_server: ApiServer,
}

#[async_trait]
impl Read for Connected {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let (vault, cluster) = (cx.handle::<Vault>().await?, cx.handle::<Cluster>().await?);
        let (family, api_server) = (vault.family(), cluster.api_server().clone());
        Ok(Answer::Found(json!(Here { now: Timestamp::now(), family, vault: vault.address().to_owned(), api_server })))
    }
}
