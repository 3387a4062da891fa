//! Rights at a Kubernetes API server: a verb on a resource.
//!
//! Steps say what they need with [`on`]; [`Role`] is what the cluster's roles have to give, so that they have it. What
//! the connection's own user lacks is asked for by `Cluster::lacking`.

mod grant;
mod lacking;
mod role;

use trustpath_core::Right;

pub use grant::KubernetesGrant;
pub use role::Role;

/// Every object of a resource, by its plural, in the whole cluster.
pub fn on(group: &str, resource: &str) -> KubernetesGrant {
    KubernetesGrant { group: group.to_owned(), resource: resource.to_owned(), ..KubernetesGrant::default() }
}

/// Reading what tells this cluster from another, as [`ClusterUid`](super::ClusterUid) does.
pub fn to_read_uid() -> Vec<Right> {
    on("", "namespaces").named("kube-system").may(&["get"])
}

/// Looking at everything that a namespace holds.
pub fn list_everything_in(namespace: &str) -> Right {
    on("*", "*").within(namespace).verb("list").right()
}
