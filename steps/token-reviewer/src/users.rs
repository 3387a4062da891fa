//! Who else needs the ServiceAccount.

use async_trait::async_trait;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use kube::discovery::ApiResource;
use serde_json::{Value, json};
use trustpath_core::{Answer, Answers, Context, Read, Reads, Result, Right};
use trustpath_platform::{
    Cluster, ServiceAccountRef,
    kubernetes::{RunningPods, Selectors, rights::on, that_need_it},
    text::clean,
};

use crate::config::Names;

/// The name of the read of the pods.
const PODS: &str = "pods";

/// Reads the pods that run as it, and the bindings that give it other rights.
pub(crate) fn reads(names: &Names, reads: Reads) -> Reads {
    let reads = reads.and(PODS, RunningPods::within(&names.account.namespace));
    let bound = |resource| Bindings { account: names.account.clone(), own: names.binding.clone(), resource };
    bindings().into_iter().fold(reads, |reads, resource| reads.and(resource.plural.clone(), bound(resource)))
}

/// What binds: in the whole cluster, and in any of its namespaces.
fn bindings() -> [ApiResource; 2] {
    [ApiResource::erase::<ClusterRoleBinding>(&()), ApiResource::erase::<RoleBinding>(&())]
}

/// Who needs it. What cannot be listed counts as a user.
///
/// # Errors
/// When what was read is none of these.
pub(crate) fn of(names: &Names, answers: &Answers) -> Result<Vec<String>> {
    let mut users = RunningPods::that_run_as(&names.account, answers, PODS)?;
    for resource in bindings() {
        users.extend(that_need_it(answers, &resource.plural)?);
    }
    Ok(users)
}

/// Reads the bindings that give a ServiceAccount rights, but for its own, each as a sentence.
#[derive(Debug)]
struct Bindings {
    account: ServiceAccountRef,
    own: String,
    resource: ApiResource,
}

#[async_trait]
impl Read for Bindings {
    fn rights(&self) -> Vec<Right> {
        on(&self.resource.group, &self.resource.plural).may(&["list"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let found = cx.handle::<Cluster>().await?.select::<Value>(&self.resource, Selectors::default()).await;
        let bindings = match found {
            Ok(bindings) => bindings,
            Err(error) => return Ok(Answer::Refused(error.to_string())),
        };
        let bound = bindings.iter().filter(|binding| self.is_bound(binding) && !self.is_own(binding));
        Ok(Answer::Found(bound.map(|binding| json!(self.sentence(binding))).collect()))
    }
}

impl Bindings {
    fn is_own(&self, binding: &Value) -> bool {
        binding["metadata"]["name"] == self.own.as_str() && self.resource.kind == "ClusterRoleBinding"
    }

    fn is_bound(&self, binding: &Value) -> bool {
        let account = json!({"kind": "ServiceAccount", "name": self.account.name, "namespace": self.account.namespace});
        let is_it = |subject: &Value| ["kind", "name", "namespace"].iter().all(|key| subject[*key] == account[*key]);
        binding["subjects"].as_array().into_iter().flatten().any(is_it)
    }

    fn sentence(&self, binding: &Value) -> String {
        let text = |value: &Value| clean(value.as_str().unwrap_or_default());
        let (name, role) = (text(&binding["metadata"]["name"]), text(&binding["roleRef"]["name"]));
        format!("the {} `{name}` gives it `{role}`", self.resource.kind)
    }
}
