//! Which pods run as a ServiceAccount.

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};
use trustpath_core::{Answer, Answers, Context, Read, Result, Right};

use super::{Cluster, rights::on};
use crate::{ServiceAccountRef, text::clean};

/// Lists the pods of a namespace that have not ended, by the names of the ServiceAccounts that they run as. Refused where they
/// cannot be listed, for whatever reason.
#[derive(Debug, Clone)]
pub struct RunningPods {
    namespace: String,
}

impl RunningPods {
    /// Those in this namespace.
    pub fn within(namespace: &str) -> Self {
        Self { namespace: namespace.to_owned() }
    }

    /// Those of them that run as a ServiceAccount, each as a sentence about it; what cannot be seen is one, too.
    ///
    /// # Errors
    /// When the answer of this name is none of a list of pods.
    pub fn that_run_as(account: &ServiceAccountRef, answers: &Answers, name: &str) -> Result<Vec<String>> {
        let pods: Vec<(String, String)> = answers.get(name)?.unwrap_or_default();
        let of_it = pods.into_iter().filter(|(runs_as, _)| *runs_as == account.name);
        Ok(of_it.map(|(_, pod)| format!("the pod `{pod}` runs as it")).chain(unseen(answers, name)).collect())
    }
}

/// What else was read to need a ServiceAccount, each as a sentence about it; what cannot be seen is one, too.
///
/// # Errors
/// When the answer of this name is none of sentences.
pub fn that_need_it(answers: &Answers, name: &str) -> Result<Vec<String>> {
    Ok(answers.get::<Vec<String>>(name)?.unwrap_or_default().into_iter().chain(unseen(answers, name)).collect())
}

fn unseen(answers: &Answers, name: &str) -> Option<String> {
    answers.refused(name).map(|why| format!("it cannot be seen whether anything else needs it: {why}"))
}

#[async_trait]
impl Read for RunningPods {
    fn rights(&self) -> Vec<Right> {
        on("", "pods").within(&self.namespace).may(&["list"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let pods = cx.handle::<Cluster>().await?.list::<Pod>(Some(&self.namespace)).await;
        Ok(match pods {
            Ok(pods) => Answer::Found(pods.iter().filter_map(running).collect()),
            Err(error) => Answer::Refused(error.to_string()),
        })
    }
}

fn running(pod: &Pod) -> Option<Value> {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let ended = matches!(phase, Some("Succeeded" | "Failed"));
    let runs_as = pod.spec.as_ref()?.service_account_name.as_deref()?;
    (!ended).then(|| json!([runs_as, clean(pod.metadata.name.as_deref().unwrap_or_default())]))
}
