//! The `[connections]` table of the graph file: where the systems are, as far as a file may say so, and which ones
//! they have to be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}

/// Kubernetes, as the graph file knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesConnection {
    /// The context of the kubeconfig; `--context` has precedence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Refuse any cluster but the one whose `kube-system` namespace has this uid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
