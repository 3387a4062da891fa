//! What the connections know of themselves: no request is made for it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};
use trustpath_platform::{Cluster, Vault, vault::Family};

/// The API server as the kubeconfig knows it.
#[derive(Debug)]
pub(super) struct ApiServerOf;

#[async_trait]
impl Read for ApiServerOf {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        Ok(Answer::Found(json!(cx.handle::<Cluster>().await?.api_server())))
    }
}

/// Which Vault is connected to.
#[derive(Debug)]
pub(crate) struct Connected;

/// What is known of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VaultSeen {
    pub(crate) family: Family,
    pub(crate) address: String,
}

#[async_trait]
impl Read for Connected {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let vault = cx.handle::<Vault>().await?;
        Ok(Answer::Found(json!(VaultSeen { family: vault.family(), address: vault.address().to_owned() })))
    }
}

/// The time.
#[derive(Debug)]
pub(super) struct Clock;

#[async_trait]
impl Read for Clock {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, _: &Context) -> Result<Answer> {
        Ok(Answer::Found(json!(Timestamp::now())))
    }
}
