//! Who else needs the ServiceAccount.

use k8s_openapi::api::{
    core::v1::Pod,
    rbac::v1::{ClusterRoleBinding, RoleBinding, Subject},
};
use trustpath_platform::{Cluster, ServiceAccountRef, error::Error, text::clean};

use crate::config::Names;

/// Pods that run as it, and bindings that give it other rights. What cannot be listed counts as a user.
pub(crate) async fn of(cluster: &Cluster, names: &Names) -> Vec<String> {
    let found = futures::join!(pods(cluster, names), cluster_bindings(cluster, names), bindings(cluster, names));
    let unseen = |error: Error| vec![format!("it cannot be seen whether anything else needs it ({error})")];
    [found.0, found.1, found.2].into_iter().flat_map(|users| users.unwrap_or_else(unseen)).collect()
}

async fn pods(cluster: &Cluster, names: &Names) -> Result<Vec<String>, Error> {
    let pods: Vec<Pod> = cluster.list(Some(&names.account.namespace)).await?;
    let runs_as_it = |pod: &&Pod| {
        let account = pod.spec.as_ref().and_then(|spec| spec.service_account_name.as_deref());
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        account == Some(names.account.name.as_str()) && !matches!(phase, Some("Succeeded" | "Failed"))
    };
    let names = pods.iter().filter(runs_as_it).filter_map(|pod| pod.metadata.name.as_deref());
    Ok(names.map(|name| format!("the pod `{}` runs as it", clean(name))).collect())
}

async fn cluster_bindings(cluster: &Cluster, names: &Names) -> Result<Vec<String>, Error> {
    let bindings: Vec<ClusterRoleBinding> = cluster.list(None).await?;
    let others = bindings.iter().filter(|binding| binding.metadata.name.as_deref() != Some(names.binding.as_str()));
    let others = others.filter(|binding| binds(binding.subjects.as_deref(), &names.account));
    let roles = others.map(|binding| (binding.metadata.name.as_deref(), &binding.role_ref.name));
    Ok(roles.map(|(name, role)| bound("ClusterRoleBinding", name, role)).collect())
}

async fn bindings(cluster: &Cluster, names: &Names) -> Result<Vec<String>, Error> {
    let bindings: Vec<RoleBinding> = cluster.list(None).await?;
    let others = bindings.iter().filter(|binding| binds(binding.subjects.as_deref(), &names.account));
    let roles = others.map(|binding| (binding.metadata.name.as_deref(), &binding.role_ref.name));
    Ok(roles.map(|(name, role)| bound("RoleBinding", name, role)).collect())
}

fn binds(subjects: Option<&[Subject]>, account: &ServiceAccountRef) -> bool {
    subjects.unwrap_or_default().iter().any(|subject| {
        subject.kind == "ServiceAccount"
            && subject.name == account.name
            && subject.namespace.as_deref() == Some(account.namespace.as_str())
    })
}

fn bound(kind: &str, name: Option<&str>, role: &str) -> String {
    format!("the {kind} `{}` gives it `{}`", clean(name.unwrap_or_default()), clean(role))
}
