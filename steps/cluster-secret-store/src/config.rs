//! What the graph file says about a ClusterSecretStore.

use std::{collections::BTreeMap, time::Duration};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trustpath_platform::{
    checked_text,
    connections::HeaderKey,
    hide::shapes,
    kubernetes::names::{NamespaceName, ObjectName},
    text_source::TextSource,
    vault::MountPath,
};

use crate::{
    ca::{CaProvider, CaProviderKind},
    conditions::Condition,
};

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
    /// The mount of the KV secrets engine, without a `/data` behind it. Without one, the key of every secret begins with its mount.
    pub(crate) path: Option<MountPath>,
    /// The version of the KV secrets engine.
    #[serde(default)]
    pub(crate) version: KvVersion,
    /// The Vault namespace that is read in; by default that of the role's mount, and `""` for the root namespace.
    pub(crate) namespace: Option<String>,
    /// The Vault namespace of the login; by default that of the role's mount, where `namespace` is another.
    pub(crate) auth_namespace: Option<String>,
    /// The authorities that Vault's certificate is checked against: PEM text, or `{ file = "ca.pem" }`.
    pub(crate) ca_bundle: Option<TextSource>,
    /// A Secret or ConfigMap of the cluster that holds these authorities, in place of `ca_bundle`.
    pub(crate) ca_provider: Option<CaProvider>,
    /// A client certificate, for what asks for one before Vault. It is no login.
    pub(crate) tls: Option<ClientTls>,
    /// Headers that something before Vault asks for, sent with every request. Whoever may read the store may read them.
    #[serde(default)]
    pub(crate) headers: BTreeMap<HeaderKey, HeaderText>,
    /// Whether a read sees what was written before it, on any node of Vault.
    pub(crate) read_your_writes: Option<bool>,
    /// Whether a node that does not know that yet forwards the request; beside `read_your_writes`, which it stands for alone.
    pub(crate) forward_inconsistent: Option<bool>,
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

/// A client certificate with its key, in Secrets of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
pub(crate) struct ClientTls {
    /// Where the certificate is; by default under the key `tls.crt`.
    pub(crate) cert_secret_ref: SecretKey,
    /// Where its private key is; by default under the key `tls.key`.
    pub(crate) key_secret_ref: SecretKey,
}

/// A key of a Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretKey {
    /// The Secret's name.
    pub(crate) name: ObjectName,
    /// The Secret's namespace: a store of the whole cluster has none of its own.
    pub(crate) namespace: NamespaceName,
    /// The key in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

impl SecretKey {
    /// The same as what holds certificates is told.
    pub(crate) fn or(&self, default: &str) -> CaProvider {
        let Self { name, namespace, key } = self.clone();
        CaProvider { kind: CaProviderKind::Secret, name, namespace, key: key.unwrap_or_else(|| default.to_owned()) }
    }
}

checked_text! {
    /// The value of a header, as a store may hold it: a credential would be shown wherever the store is.
    pub(crate) HeaderText: |text| match shapes(text) == text {
        true => Ok(()),
        false => Err("it looks like a credential, and a store shows it to whoever may read the store: leave the header out, and \
                      what another client sets there stays; or let what is before Vault ask for a certificate (`tls`)".to_owned()),
    };
}

/// Whether a graph file takes a header that is there.
pub(crate) fn is_header(name: &str, text: &Value) -> bool {
    let text = text.as_str().map(|text| HeaderText::try_from(text.to_owned()));
    HeaderKey::try_from(name.to_owned()).is_ok() && matches!(text, Some(Ok(_)))
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
    use serde_json::json;

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
    fn a_header_that_looks_like_a_credential_is_refused_without_its_value() {
        let with = |value: &str| config(json!({"name": "a", "headers": {"X-Team": value}}));
        assert_eq!(with("payments").expect("a configuration").headers.len(), 1);
        for secret in ["Bearer s3cret-value-0123", "hvs.CAESIJ1a2B3c4D5e6F7g8H9i0JkLmNoPqRsTuV"] {
            let error = with(secret).expect_err("it was taken");
            assert!(error.contains("looks like a credential") && !error.contains(secret), "{error}");
        }
        assert!(config(json!({"name": "a", "headers": {"X-Vault-Token": "a"}})).is_err());
    }

    #[test]
    fn a_client_certificate_has_its_key_and_both_a_namespace() {
        let secret = json!({"name": "client", "namespace": "eso"});
        let tls = |cert: &Value, key: &Value| {
            config(json!({"name": "a", "tls": {"cert_secret_ref": cert, "key_secret_ref": key}})).is_ok()
        };
        assert!(tls(&secret, &secret));
        assert!(!tls(&secret, &Value::Null) && !tls(&json!({"name": "client"}), &secret));
    }

    #[test]
    fn unknown_keys_and_versions_are_refused() {
        assert!(config(json!({"name": "a", "path": "kv", "serviceAccount": {}})).is_err());
        assert!(config(json!({"name": "a", "path": "kv", "version": "v3"})).is_err());
        assert!(config(json!({"name": "a", "path": "kv", "ready_timeout": "soon"})).is_err());
    }
}
