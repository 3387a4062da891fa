//! The `[connections]` table of the graph file: where the systems are, as far as a file may say so, and which ones
//! they have to be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trustpath_core::file::Placeholder;

use crate::{checked_text, kubernetes::names::NamespaceName};

/// Where the two systems are. This program's own addresses and credentials come from the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Vault.
    #[serde(skip_serializing_if = "is_default")]
    pub vault: VaultConnection,
    /// Kubernetes.
    #[serde(skip_serializing_if = "is_default")]
    pub kubernetes: KubernetesConnection,
}

impl Connections {
    /// The placeholders of the graph file that stand for values in here.
    pub const PLACEHOLDERS: &[Placeholder] =
        &[Placeholder { name: "cluster", key: &["connections", "kubernetes", "cluster"] }];
}

/// Vault, as the graph file knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VaultConnection {
    /// The URL at which the cluster reaches Vault. This program itself uses VAULT_ADDR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The Vault namespace; one in VAULT_NAMESPACE has to be the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Refuse any Vault but the one with this cluster id (`vault status` shows it).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// A secret of a KV v2 mount, such as `kv/trustpath/lock`, that keeps runs of clusters apart which share this Vault.
    /// All of them have to name the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockPath>,
}

/// Kubernetes, as the graph file knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesConnection {
    /// What the cluster is called. Every `{cluster}` in the graph file stands for it, as in `mount = "kubernetes-{cluster}"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The context of the kubeconfig; `--context` has precedence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Refuse any cluster but the one whose `kube-system` namespace has this uid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The namespace of the Lease that keeps runs apart, `default` where nothing is said. It has to be there, no run may
    /// make or remove it, and all graphs of a cluster have to name the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_namespace: Option<NamespaceName>,
}

impl KubernetesConnection {
    /// The namespace of the Lease.
    pub fn lock_namespace(&self) -> &str {
        self.lock_namespace.as_ref().map_or("default", NamespaceName::as_str)
    }
}

checked_text! {
    /// The path of a secret: a mount, and something below it.
    pub LockPath: |text| {
        let sound = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(|byte| byte.is_ascii_graphic());
        match text.contains('/') && text.split('/').all(sound) {
            true => Ok(()),
            false => Err(format!("{text:?} is no path of a secret such as `kv/trustpath/lock`")),
        }
    };
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_a_secret_below_a_mount() {
        let fits = |path: &str| LockPath::try_from(path.to_owned()).is_ok();
        assert!(fits("kv/lock") && fits("team/kv/trustpath/lock"));
        assert!(!fits("kv") && !fits("/kv/lock") && !fits("kv/lock/") && !fits("kv/../sys/raw") && !fits("kv/a b"));
    }
}
