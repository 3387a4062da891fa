//! Who needs a ServiceAccount besides the pods that run as it, and why its namespace has to stay.

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Secret;
use kube::discovery::ApiResource;
use serde_json::{Value, json};
use trustpath_core::{Answer, Answers, Context, Read, Result, Right};
use trustpath_platform::{
    Cluster, ServiceAccountRef,
    kubernetes::{
        RunningPods, Selectors,
        rights::{list_everything_in, on},
        that_need_it,
    },
    text::few,
};

use crate::{
    contents::{self, Ours, Stays, name},
    decide::AccountUsers,
};

/// How many Secrets are looked at.
const MOST: u32 = 100;

/// The names of the reads.
pub(crate) const PODS: &str = "pods";
pub(crate) const SECRETS: &str = "Secrets";
pub(crate) const CONTENTS: &str = "contents";

impl AccountUsers {
    /// From what reading them came to.
    ///
    /// # Errors
    /// When that is none.
    pub(crate) fn of(account: &ServiceAccountRef, answers: &Answers) -> Result<Self> {
        let pods = RunningPods::that_run_as(account, answers, PODS)?;
        let account = few([pods, that_need_it(answers, SECRETS)?].concat());
        Ok(Self { account, namespace: answers.get(CONTENTS)?, is_anothers: false })
    }
}

/// Long-lived tokens: they die with the ServiceAccount, and no undo brings them back.
#[derive(Debug)]
pub(crate) struct TokenSecrets(pub(crate) ServiceAccountRef);

#[async_trait]
impl Read for TokenSecrets {
    fn rights(&self) -> Vec<Right> {
        on("", "secrets").within(&self.0.namespace).may(&["list"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let fields = Some("type=kubernetes.io/service-account-token");
        let which = Selectors { namespace: Some(&self.0.namespace), fields, labels: None, most: MOST };
        let secret = ApiResource::erase::<Secret>(&());
        let found = cx.handle::<Cluster>().await?.select_metadata::<Value>(&secret, which).await;
        let secrets = match found {
            Ok(secrets) => secrets,
            Err(error) => return Ok(Answer::Refused(error.to_string())),
        };
        let of = |secret: &&Value| {
            secret["metadata"]["annotations"]["kubernetes.io/service-account.name"] == self.0.name.as_str()
        };
        let names = secrets.iter().filter(of).filter_map(name);
        Ok(Answer::Found(names.map(|name| json!(format!("the Secret `{name}` holds a token of it"))).collect()))
    }
}

/// Why a namespace has to stay where the objects of this graph go: nothing, where it may go too.
#[derive(Debug)]
pub(crate) struct NamespaceContents(pub(crate) String);

#[async_trait]
impl Read for NamespaceContents {
    fn rights(&self) -> Vec<Right> {
        vec![list_everything_in(&self.0)]
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let contents = contents::settled(&*cx.handle::<Cluster>().await?, &self.0, cx, Ours::Go).await?;
        let stays = contents.why_it_stays(&self.0).map(Stays::why);
        Ok(stays.map_or(Answer::Nothing, |why| Answer::Found(json!(why))))
    }
}
