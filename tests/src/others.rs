//! Others on the same servers, who have to be looked at.

use serde_json::json;

use crate::pair::Pair;

const SERVICE: &str = "api/v1/namespaces/vault/services/vault";
const HOLDERS: [&str; 3] = ["auth/token/roles/others", "identity/group/name/others", "identity/entity/name/others"];

/// Another role of tokens, an identity group, Vault's own Service.
pub async fn come(pair: &Pair) {
    pair.vault.post("auth/token/roles/others", &json!({"allowed_policies": ["others"]})).await;
    pair.vault.post("identity/group", &json!({"name": "others", "policies": ["others"]})).await;
    pair.vault.post("identity/entity", &json!({"name": "others"})).await;
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "vault"},
        "spec": {"selector": {"app": "vault"}, "ports": [{"port": 8200}]},
    });
    pair.kubernetes.apply(SERVICE, "tests", service.to_string()).await;
}

/// They are gone.
pub async fn go(pair: &Pair) {
    for path in HOLDERS {
        pair.vault.delete(path).await;
    }
    pair.kubernetes.delete(SERVICE).await;
}

/// The operator looks at the store, and finds something wrong.
pub async fn operator_finds_fault(pair: &Pair) {
    let condition =
        json!({"type": "Ready", "status": "False", "reason": "InvalidProviderConfig", "message": "see events"});
    let status = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "vault-backend"},
        "status": {"conditions": [condition]},
    });
    let path = "apis/external-secrets.io/v1/clustersecretstores/vault-backend/status";
    pair.kubernetes.apply(path, "operator", status.to_string()).await;
}
