//! What the graph file says about a ClusterSecretStore.

use std::time::Duration;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trustpath_platform::{
    kubernetes::names::{NamespaceName, ObjectName},
    text_source::TextSource,
    vault::MountPath,
};

use crate::{ca::CaProvider, conditions::Condition};

/// What `uses` calls it.
pub(crate) const KIND: &str = "cluster-secret-store";

/// The operator's way into Vault: a ClusterSecretStore that logs in by the Kubernetes auth method.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterSecretStore {
    /// The name of the store.
    pub(crate) name: ObjectName,
    /// The URL at which the operator reaches Vault; by default `[connections.vault] server`.
    pub(crate) server: Option<String>,
    /// The mount of the KV secrets engine, without a `/data` behind it.
    pub(crate) path: MountPath,
    /// The version of the KV secrets engine.
    #[serde(default)]
    pub(crate) version: KvVersion,
    /// The Vault namespace; by default that of the role's mount.
    pub(crate) namespace: Option<String>,
    /// The authorities that Vault's certificate is checked against: PEM text, or `{ file = "ca.pem" }`.
    pub(crate) ca_bundle: Option<TextSource>,
    /// A Secret or ConfigMap of the cluster that holds these authorities, in place of `ca_bundle`.
    pub(crate) ca_provider: Option<CaProvider>,
    /// The path of the auth mount, without `auth/`; by default that of the role that the step needs.
    pub(crate) mount_path: Option<MountPath>,
    /// The Vault role; by default the role that the step needs.
    pub(crate) role: Option<String>,
    /// The ServiceAccount that the operator logs in as; by default the one that the step needs.
    pub(crate) service_account: Option<Account>,
    /// The audiences of its tokens; by default the role's audience, where that asks for one.
    pub(crate) audiences: Option<Vec<String>>,
    /// The namespaces that may use the store: those that meet any of these. All of them, where there is none.
    #[serde(default)]
    pub(crate) conditions: Vec<Condition>,
    /// Which of several operators looks after the store, by the name that it was started with.
    pub(crate) controller: Option<String>,
    /// How often the operator looks at the store again, in seconds.
    pub(crate) refresh_interval: Option<u32>,
    /// How the operator repeats what fails.
    pub(crate) retry_settings: Option<RetrySettings>,
    /// How long `verify` waits for the operator to find the store ready.
    #[serde(default)]
    pub(crate) ready_timeout: ReadyTimeout,
}

/// A version of the KV secrets engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KvVersion {
    /// Without versions of secrets.
    V1,
    /// With versions of secrets.
    #[default]
    V2,
}

/// A ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    /// Its name.
    pub(crate) name: ObjectName,
    /// Its namespace.
    pub(crate) namespace: NamespaceName,
}

/// How the operator repeats what fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
pub(crate) struct RetrySettings {
    /// How often at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_retries: Option<u32>,
    /// How long it pauses in between, such as `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_interval: Option<String>,
}

/// A length of time above zero; 30 seconds unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct ReadyTimeout(pub(crate) Duration);

impl Default for ReadyTimeout {
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

impl TryFrom<String> for ReadyTimeout {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        let above_zero = time.filter(|time| !time.is_zero());
        above_zero.map(Self).ok_or_else(|| format!("{text:?} is no length of time such as `90s` or `5m`"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn config(with: Value) -> Result<ClusterSecretStore, String> {
        serde_json::from_value(with).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_and_a_path_are_enough() {
        let config = config(json!({"name": "vault-backend", "path": "kv"})).expect("a configuration");
        assert_eq!(config.version, KvVersion::V2);
        assert_eq!(config.ready_timeout.0, Duration::from_secs(30));
    }

    #[test]
    fn paths_are_mounts() {
        for path in ["", "/kv", "kv/", "auth/kubernetes"] {
            assert!(config(json!({"name": "a", "path": path})).is_err(), "{path}");
        }
        let error = config(json!({"name": "a", "path": "kv", "mount_path": "auth/kubernetes"}));
        assert!(error.expect_err("an API path was taken for a mount").contains("write `kubernetes`"));
    }

    #[test]
    fn unknown_keys_and_versions_are_refused() {
        assert!(config(json!({"name": "a", "path": "kv", "serviceAccount": {}})).is_err());
        assert!(config(json!({"name": "a", "path": "kv", "version": "v3"})).is_err());
        assert!(config(json!({"name": "a", "path": "kv", "ready_timeout": "soon"})).is_err());
    }
}
