//! Somebody else's chain at the very places of the standard graph: other text, other values, other owners.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

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
pub async fn policy(pair: &Pair, name: &str) {
    let text = "# by hand\npath \"kv/data/other/*\" { capabilities = [\"list\",\"read\"] }\n\n\n";
    pair.vault.post(&format!("sys/policies/acl/{name}"), &json!({"policy": text})).await;
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
    store_with(pair, &json!({"kubernetes": {"mountPath": "other", "role": "other", "serviceAccountRef": reference}}))
        .await;
}

/// The same, by the JWT method.
pub async fn jwt_store(pair: &Pair) {
    let reference = json!({"serviceAccountRef": {"name": "somebody", "namespace": "somebody"}});
    let auth = json!({"jwt": {"path": "other", "role": "other", "kubernetesServiceAccountToken": reference}});
    store_with(pair, &auth).await;
}

async fn store_with(pair: &Pair, auth: &Value) {
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

/// The AppRole mount, with a role that has fields of its own.
pub async fn app_role(pair: &Pair) {
    let config = json!({"default_lease_ttl": "17m"});
    pair.vault.post("sys/auth/approle", &json!({"type": "approle", "description": "theirs", "config": config})).await;
    let role = json!({
        "token_policies": ["theirs"], "token_ttl": 60, "token_max_ttl": 7200, "secret_id_ttl": 3600, "secret_id_num_uses": 5,
        "local_secret_ids": true, "token_bound_cidrs": ["127.0.0.0/8"], "token_no_default_policy": true,
    });
    pair.vault.post("auth/approle/role/ci", &role).await;
}

/// The JWT mount, with the cluster's key, and an issuer that no token has.
pub async fn jwt(pair: &Pair) {
    pair.vault.post("sys/auth/jwt", &json!({"type": "jwt", "description": "theirs"})).await;
    let config =
        json!({"jwt_validation_pubkeys": [pair.token_key()], "bound_issuer": "theirs", "default_role": "theirs"});
    pair.vault.post("auth/jwt/config", &config).await;
}

/// A role on that mount, for tokens that are not the graph's.
pub async fn jwt_role(pair: &Pair) {
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["theirs"], "token_policies": ["theirs"],
        "clock_skew_leeway": 30, "bound_claims": {"sub": "system:serviceaccount:external-secrets:external-secrets"},
        "token_num_uses": 7,
    });
    pair.vault.post("auth/jwt/role/external-secrets", &role).await;
}
