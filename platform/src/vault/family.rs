//! Whose server is connected to, as data.

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{Answer, Context, Read, Result, Right};

use super::Vault;

/// Whose server it is, as a [`Family`](super::Family). No request is made for it: the connection knows.
#[derive(Debug, Clone, Copy)]
pub struct ServerFamily;

#[async_trait]
impl Read for ServerFamily {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        Ok(Answer::Found(json!(cx.handle::<Vault>().await?.family())))
    }
}
