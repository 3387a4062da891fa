//! The token of a ServiceAccount with which a proof tries it.

use async_trait::async_trait;
use serde_json::json;
use trustpath_core::{Answer, Context, Handle as _, Read, Result, Right, Shown};

use super::{Cluster, Token, rights::on};
use crate::{error::Error, facts::ServiceAccountRef};

/// How long it lives, in seconds: the least that API servers give.
const LIFETIME: i64 = 600;

/// A short-lived token of a ServiceAccount, the same one for all steps that try it in one proof.
///
/// As a read it is asked for before it is known what for: one that is not used dies by itself, and what came of asking is
/// told by whoever uses it.
#[derive(Debug, Clone)]
pub struct AccountToken {
    /// Whose.
    pub of: ServiceAccountRef,
    /// For whom; the API server itself where there are none.
    pub audiences: Vec<String>,
}

impl AccountToken {
    /// Asks for it.
    pub async fn get(&self, cluster: &Cluster, cx: &Context) -> Result<Token, Error> {
        cx.once(format!("{self:?}"), cluster.request_token(&self.of, &self.audiences, LIFETIME)).await
    }

    /// The request for it.
    pub fn shown(&self) -> Shown {
        let mut spec = json!({ "expirationSeconds": LIFETIME });
        if !self.audiences.is_empty() {
            spec["audiences"] = json!(self.audiences);
        }
        let path = format!("api/v1/namespaces/{}/serviceaccounts/{}/token", self.of.namespace, self.of.name);
        Shown { system: Cluster::NAME.into(), method: "POST".into(), path, body: json!({ "spec": spec }) }
    }
}

#[async_trait]
impl Read for AccountToken {
    fn rights(&self) -> Vec<Right> {
        on("", "serviceaccounts").within(&self.of.namespace).named(&self.of.name).below("token").may(&["create"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        if let Ok(cluster) = cx.handle::<Cluster>().await {
            self.get(&cluster, cx).await.ok();
        }
        Ok(Answer::Nothing)
    }
}
