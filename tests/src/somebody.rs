//! Somebody else's chain at the very places of the standard graph: other text, other values, other owners.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::pair::Pair;

/// The file, beside the pair's own, in which somebody keeps the reviewer JWT of their config.
pub const JWT: &str = "somebodys.jwt";

const ACCOUNT: &str = "api/v1/namespaces/external-secrets/serviceaccounts/external-secrets";
const STORE: &str = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";

/// Writes somebody's reviewer JWT down, as the user would supply it.
pub fn keep_jwt(pair: &Pair, jwt: &SecretString) -> PathBuf {
    let file = pair.reviewer_jwt().with_file_name(JWT);
    std::fs::write(&file, jwt.expose_secret()).expect("a file beside the reviewer's");
    file
}

/// The operator's ServiceAccount, in a namespace that is there, with labels of their own.
pub async fn account(pair: &Pair) {
    pair.make_namespace("external-secrets").await;
    let object = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "external-secrets", "labels": {"team": "somebody"}, "annotations": {"trustpath.dev/graph": "another"}},
    });
    pair.kubernetes.apply(ACCOUNT, "somebody", object.to_string()).await;
}

/// The mount, with its tuning, and its config: this API server, with the JWT of [`keep_jwt`].
pub async fn auth(pair: &Pair, host: &str, ca: &str) {
    let config = json!({"default_lease_ttl": "17m", "max_lease_ttl": "19h"});
    let mount = json!({"type": "kubernetes", "description": "somebody's", "config": config});
    pair.vault.post("sys/auth/kubernetes", &mount).await;
    let jwt = std::fs::read_to_string(pair.reviewer_jwt().with_file_name(JWT)).expect("somebody's JWT");
    let config = json!({
        "kubernetes_host": host,
        "kubernetes_ca_cert": ca,
        "token_reviewer_jwt": jwt,
    });
    pair.vault.post("auth/kubernetes/config", &config).await;
}

/// The policy, in a hand of their own.
pub async fn policy(pair: &Pair) {
    let text = "# by hand\npath \"kv/data/other/*\" { capabilities = [\"list\",\"read\"] }\n\n\n";
    pair.vault.post("sys/policies/acl/apps-read", &json!({"policy": text})).await;
}

/// The role, with fields that the graph file says nothing of.
pub async fn role(pair: &Pair) {
    let role = json!({
        "bound_service_account_names": ["somebody"],
        "bound_service_account_namespaces": ["somebody", "else"],
        "token_policies": ["b", "a"],
        "token_ttl": "5m",
        "token_num_uses": 7,
        "token_bound_cidrs": ["10.0.0.0/8"],
        "audience": "somebody",
    });
    pair.vault.post("auth/kubernetes/role/external-secrets", &role).await;
}

/// The store, which leads elsewhere.
pub async fn store(pair: &Pair) {
    let reference = json!({"name": "somebody", "namespace": "somebody"});
    let auth = json!({"kubernetes": {"mountPath": "other", "role": "other", "serviceAccountRef": reference}});
    let object = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": "vault-backend", "labels": {"team": "somebody"}},
        "spec": {"provider": {"vault": {"server": "https://other:8200", "path": "other", "version": "v1", "auth": auth}}},
    });
    pair.kubernetes.apply(STORE, "somebody", object.to_string()).await;
}

/// The ServiceAccount of a reviewer.
pub async fn reviewer(pair: &Pair) {
    let object = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "reviewer", "labels": {"team": "somebody"}},
    });
    let path = "api/v1/namespaces/external-secrets/serviceaccounts/reviewer";
    pair.kubernetes.apply(path, "somebody", object.to_string()).await;
}
