//! Which pods run as a ServiceAccount.

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Pod;
use kube::core::ApiResource;
use serde_json::{Value, json};
use trustpath_core::{Answer, Answers, Context, Read, Result, Right};

use super::{Cluster, Selectors, rights::on};
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
        let within = Selectors { namespace: Some(&self.namespace), ..Selectors::default() };
        // As plain data: of all that a pod has, these are three texts.
        let pods = cx.handle::<Cluster>().await?.select::<Value>(&ApiResource::erase::<Pod>(&()), within).await;
        Ok(match pods {
            Ok(pods) => Answer::Found(pods.iter().filter_map(running).collect()),
            Err(error) => Answer::Refused(error.to_string()),
        })
    }
}

fn running(pod: &Value) -> Option<Value> {
    let text = |path| pod.pointer(path).and_then(Value::as_str);
    let ended = matches!(text("/status/phase"), Some("Succeeded" | "Failed"));
    let runs_as = text("/spec/serviceAccountName")?;
    (!ended).then(|| json!([runs_as, clean(text("/metadata/name").unwrap_or_default())]))
}
