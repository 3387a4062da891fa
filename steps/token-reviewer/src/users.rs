//! Who else needs the ServiceAccount.

use async_trait::async_trait;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding, Subject};
use serde_json::json;
use trustpath_core::{Answer, Answers, Context, Read, Reads, Result, Right};
use trustpath_platform::{
    Cluster, ServiceAccountRef,
    error::Error,
    kubernetes::{RunningPods, rights::on},
    text::clean,
};

use crate::config::Names;

/// The names of the reads.
const PODS: &str = "pods";
const BINDINGS: [(&str, Scope); 2] = [("ClusterRoleBindings", Scope::Cluster), ("RoleBindings", Scope::Namespaces)];

/// Reads the pods that run as it, and the bindings that give it other rights.
pub(crate) fn reads(names: &Names, reads: Reads) -> Reads {
    let reads = reads.and(PODS, RunningPods::within(&names.account.namespace));
    let bound = |scope| Bindings { account: names.account.clone(), own: names.binding.clone(), scope };
    BINDINGS.into_iter().fold(reads, |reads, (name, scope)| reads.and(name, bound(scope)))
}

/// Who needs it. What cannot be listed counts as a user.
///
/// # Errors
/// When what was read is none of these.
pub(crate) fn of(names: &Names, answers: &Answers) -> Result<Vec<String>> {
    let unseen = |name| {
        let why = answers.refused(name)?;
        Some(format!("it cannot be seen whether anything else needs it ({why})"))
    };
    let mut users = RunningPods::that_run_as(&names.account, answers, PODS)?;
    users.extend(unseen(PODS));
    for (name, _) in BINDINGS {
        users.extend(answers.get::<Vec<String>>(name)?.unwrap_or_default());
        users.extend(unseen(name));
    }
    Ok(users)
}

/// What bindings bind: in the whole cluster, or in any of its namespaces.
#[derive(Debug, Clone, Copy)]
enum Scope {
    Cluster,
    Namespaces,
}

/// Reads the bindings that give a ServiceAccount rights, but for its own, each as a sentence.
#[derive(Debug)]
struct Bindings {
    account: ServiceAccountRef,
    own: String,
    scope: Scope,
}

#[async_trait]
impl Read for Bindings {
    fn rights(&self) -> Vec<Right> {
        let resource = match self.scope {
            Scope::Cluster => "clusterrolebindings",
            Scope::Namespaces => "rolebindings",
        };
        on("rbac.authorization.k8s.io", resource).may(&["list"])
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let cluster = cx.handle::<Cluster>().await?;
        let found = match self.scope {
            Scope::Cluster => self.in_the_cluster(&cluster).await,
            Scope::Namespaces => self.in_namespaces(&cluster).await,
        };
        Ok(found.map_or_else(|error| Answer::Refused(error.to_string()), |users| Answer::Found(json!(users))))
    }
}

impl Bindings {
    async fn in_the_cluster(&self, cluster: &Cluster) -> Result<Vec<String>, Error> {
        let bindings: Vec<ClusterRoleBinding> = cluster.list(None).await?;
        let others = bindings.iter().filter(|binding| binding.metadata.name.as_ref() != Some(&self.own));
        let others = others.filter(|binding| self.is_bound(binding.subjects.as_deref()));
        let roles = others.map(|binding| (binding.metadata.name.as_deref(), &binding.role_ref.name));
        Ok(roles.map(|(name, role)| bound("ClusterRoleBinding", name, role)).collect())
    }

    async fn in_namespaces(&self, cluster: &Cluster) -> Result<Vec<String>, Error> {
        let bindings: Vec<RoleBinding> = cluster.list(None).await?;
        let others = bindings.iter().filter(|binding| self.is_bound(binding.subjects.as_deref()));
        let roles = others.map(|binding| (binding.metadata.name.as_deref(), &binding.role_ref.name));
        Ok(roles.map(|(name, role)| bound("RoleBinding", name, role)).collect())
    }

    fn is_bound(&self, subjects: Option<&[Subject]>) -> bool {
        subjects.unwrap_or_default().iter().any(|subject| {
            subject.kind == "ServiceAccount"
                && subject.name == self.account.name
                && subject.namespace.as_deref() == Some(self.account.namespace.as_str())
        })
    }
}

fn bound(kind: &str, name: Option<&str>, role: &str) -> String {
    format!("the {kind} `{}` gives it `{}`", clean(name.unwrap_or_default()), clean(role))
}
