//! The harness itself: a view that sees nothing would make every case pass.

use serde_json::{Value, json};
use trustpath_tests::{
    pair::{Pair, Which},
    view,
};

/// Changes one thing, and expects the snapshot to differ.
async fn is_seen(pair: &Pair, before: &Value, what: &str) -> Value {
    let after = view::snapshot(pair).await;
    assert_ne!(*before, after, "{what} was changed, and the snapshot is the same");
    after
}

/// Everything that is compared in Vault, each changed by itself.
fn of_vault(pair: &Pair) -> Vec<(&'static str, &'static str, Value)> {
    let policy = |text: &str| json!({"policy": text});
    let ca = pair.proxy_ca();
    let config =
        |jwt: &str| json!({"kubernetes_host": "https://h", "kubernetes_ca_cert": ca, "token_reviewer_jwt": jwt});
    vec![
        ("a policy", "sys/policies/acl/p", policy("path \"a\" { capabilities = [\"read\"] }")),
        ("the text of a policy", "sys/policies/acl/p", policy("path \"a\" { capabilities = [\"read\"] }\n")),
        ("a mount", "sys/auth/kubernetes", json!({"type": "kubernetes"})),
        ("a description", "sys/mounts/auth/kubernetes/tune", json!({"description": "d"})),
        ("a tuning", "sys/mounts/auth/kubernetes/tune", json!({"max_lease_ttl": "7h"})),
        ("a config", "auth/kubernetes/config", config(&jwt("a"))),
        ("a reviewer that no API shows", "auth/kubernetes/config", config(&jwt("b"))),
        (
            "a role",
            "auth/kubernetes/role/r",
            json!({"bound_service_account_names": "a", "bound_service_account_namespaces": "b"}),
        ),
        ("a field of a role", "auth/kubernetes/role/r", json!({"token_ttl": "5m"})),
        ("a secret", "kv/data/apps/demo", json!({"data": {"greeting": "other"}})),
        ("the same secret again", "kv/data/apps/demo", json!({"data": {"greeting": "other"}})),
        ("the metadata of a secret", "kv/metadata/apps/demo", json!({"custom_metadata": {"a": "b"}})),
        ("the config of an engine", "kv/config", json!({"max_versions": 3})),
        ("an engine", "sys/mounts/other", json!({"type": "kv"})),
        ("the tuning of an engine", "sys/mounts/other/tune", json!({"max_lease_ttl": "7h"})),
        ("another auth method", "sys/auth/approle", json!({"type": "approle"})),
        ("its role", "auth/approle/role/r", json!({"token_policies": ["p"]})),
        ("a quota", "sys/quotas/rate-limit/q", json!({"rate": 1000.0})),
        ("a quota's rate", "sys/quotas/rate-limit/q", json!({"rate": 2000.0})),
        ("a group", "identity/group", json!({"name": "g", "policies": ["p"]})),
        ("a group's policies", "identity/group/name/g", json!({"policies": ["q"]})),
        ("an entity", "identity/entity", json!({"name": "e"})),
        ("an entity's policies", "identity/entity/name/e", json!({"policies": ["p"]})),
        ("a role for tokens", "auth/token/roles/t", json!({"allowed_policies": ["p"]})),
    ]
}

/// No one's token: Vault looks at its shape alone.
fn jwt(subject: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.{}", part(json!({"alg": "RS256"})), part(json!({"sub": subject})), URL_SAFE_NO_PAD.encode("s"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_sees_each_thing_that_a_run_could_change() {
    let pair = Pair::start(Which::SANDBOX).await;
    let mut seen = view::snapshot(&pair).await;
    view::assert_same(&seen, &view::snapshot(&pair).await, "a snapshot changes by itself");
    for (what, path, body) in of_vault(&pair) {
        pair.vault.post(path, &body).await;
        seen = is_seen(&pair, &seen, what).await;
    }
    let entity = pair.vault.get("identity/entity/name/e").await.expect("it was just made");
    let mounts = pair.vault.get("sys/auth").await.expect("mounts");
    let alias = json!({
        "name": "a", "canonical_id": entity["data"]["id"], "mount_accessor": mounts["data"]["approle/"]["accessor"],
    });
    pair.vault.post("identity/entity-alias", &alias).await;
    seen = is_seen(&pair, &seen, "an alias").await;
    for path in ["sys/quotas/rate-limit/q", "auth/kubernetes/role/r", "sys/policies/acl/p", "sys/auth/kubernetes"] {
        pair.vault.delete(path).await;
        seen = is_seen(&pair, &seen, path).await;
    }
    view::assert_same(&seen, &view::snapshot(&pair).await, "a snapshot changes by itself");
}

/// Everything that is compared in a cluster, each changed by itself: who applies, what, and where.
fn of_kubernetes() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let account = |labels: Value| json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "labels": labels}});
    let path = "api/v1/namespaces/default/serviceaccounts/a";
    let store = |path: &str| {
        let auth = json!({"kubernetes": {"mountPath": "m", "role": "r", "serviceAccountRef": {"name": "a"}}});
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "s"},
            "spec": {"provider": {"vault": {"server": "https://h", "path": path, "auth": auth}}},
        })
    };
    let stores = "apis/external-secrets.io/v1/clustersecretstores/s";
    vec![
        ("a ServiceAccount", path, "tests", account(json!({}))),
        ("a label", path, "tests", account(json!({"a": "b"}))),
        ("another owner of a label", path, "somebody", account(json!({"a": "b"}))),
        ("an owner less", path, "somebody", account(json!({}))),
        (
            "a namespace",
            "api/v1/namespaces/n",
            "tests",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}),
        ),
        (
            "a Secret",
            "api/v1/namespaces/default/secrets/x",
            "tests",
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": {"a": "YQ=="}}),
        ),
        ("a store", stores, "tests", store("a")),
        ("a field of a store", stores, "tests", store("b")),
    ]
}

async fn sees_each_thing_in_a_cluster(which: Which) {
    let pair = Pair::start(which).await;
    let mut seen = view::snapshot(&pair).await;
    for (what, path, manager, object) in of_kubernetes() {
        pair.kubernetes.apply(path, manager, object.to_string()).await;
        let after = is_seen(&pair, &seen, what).await;
        assert_eq!(which.real_kubernetes, seen["etcd"] != after["etcd"], "{what} in etcd");
        seen = after;
    }
    pair.kubernetes.delete("apis/external-secrets.io/v1/clustersecretstores/s").await;
    let after = is_seen(&pair, &seen, "a store that is gone").await;
    assert_eq!(which.real_kubernetes, seen["etcd"] != after["etcd"], "a store that is gone, in etcd");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_sees_each_thing_in_a_cluster() {
    sees_each_thing_in_a_cluster(Which::SANDBOX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_sees_each_thing_in_the_etcd_of_a_kube_apiserver() {
    sees_each_thing_in_a_cluster(Which { real_kubernetes: true, hashicorp_vault: false }).await;
}
