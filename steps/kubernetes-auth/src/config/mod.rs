//! What the graph file says about a Kubernetes auth mount.

mod choice;
mod tune;

use schemars::JsonSchema;
use serde::Deserialize;
use trustpath_platform::{text_source::TextSource, vault::MountPath};

pub(crate) use choice::{Ca, Host, JwtLocation, ReviewerChoice, SecretName};
pub(crate) use tune::Tune;

/// What `uses` calls it.
pub(crate) const KIND: &str = "kubernetes-auth";

/// Vault's Kubernetes auth method: where it is mounted, which cluster it asks, and as whom.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KubernetesAuth {
    /// Where the auth method is mounted, without `auth/`.
    #[serde(default = "standard_mount")]
    pub(crate) mount: MountPath,
    /// What the mount is for, in words. What is there stays where this is left out.
    pub(crate) description: Option<String>,
    /// How the mount is tuned. What is there stays where a key is left out.
    #[serde(default)]
    pub(crate) tune: Tune,
    /// The URL at which Vault reaches the cluster's API server, or "auto": `https://kubernetes.default.svc` where Vault
    /// runs in this cluster, else the kubeconfig's server.
    #[serde(default)]
    pub(crate) kubernetes_host: Host,
    /// The certificates that the API server's is checked against: `{ pem = "…" }`, `{ file = "ca.pem" }`, "none", or
    /// "auto": those of Vault's own pod where Vault runs in this cluster, else the kubeconfig's.
    #[serde(default)]
    pub(crate) ca: Ca,
    /// As whom Vault asks the API server about tokens: "vault" (its own pod), "client" (the token that logs in reviews
    /// itself), "keep" (whoever the config says that is there: it is not written), `{ file = "reviewer.jwt" }`, `{ secret =
    /// { namespace = "…", name = "…" } }`, or "auto": the `token-reviewer` step that this one needs, else what is there where
    /// that is not known, else "vault" where Vault runs in this cluster.
    #[serde(default, deserialize_with = "choice::reviewer")]
    pub(crate) reviewer: ReviewerChoice,
    /// Where the reviewer JWT that is in the config today comes from, `{ file = "…" }` or `{ secret = { … } }`: Vault
    /// does not give it back, and without it an undo cannot write it again.
    pub(crate) previous_reviewer: Option<JwtLocation>,
    /// Public keys, or certificates, that tokens may be signed with: PEM texts, or `{ file = "key.pem" }`.
    pub(crate) pem_keys: Option<Vec<TextSource>>,
    /// Vault leaves its own pod's token and CA alone.
    pub(crate) disable_local_ca_jwt: Option<bool>,
    /// Vault takes tokens of any issuer. Deprecated; `true` where no one said otherwise.
    pub(crate) disable_iss_validation: Option<bool>,
    /// The issuer that tokens must have, where that is checked. Deprecated.
    pub(crate) issuer: Option<String>,
    /// Annotations of a ServiceAccount become metadata of its alias. HashiCorp Vault alone knows this.
    pub(crate) use_annotations_as_alias_metadata: Option<bool>,
}

fn standard_mount() -> MountPath {
    MountPath::literal("kubernetes")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn config(with: Value) -> Result<KubernetesAuth, String> {
        serde_json::from_value(with).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_has_a_default() {
        let config = config(json!({})).expect("an empty table is a whole configuration");
        assert_eq!(config.mount.as_str(), "kubernetes");
        assert_eq!(config.kubernetes_host, Host::Auto);
        assert_eq!(config.ca, Ca::Auto);
        assert_eq!(config.reviewer, ReviewerChoice::Auto);
        assert_eq!(config.tune, Tune::default());
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = config(json!({"tune": {"ttl": 1}})).expect_err("an unknown key was taken");
        assert!(error.contains("unknown field `ttl`"), "{error}");
    }
}
