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

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_sees_each_thing_that_a_run_could_change() {
    let pair = Pair::start(Which::SANDBOX).await;
    let seen = view::snapshot(&pair).await;
    view::assert_same(&seen, &view::snapshot(&pair).await, "a snapshot changes by itself");
    let vault = [
        ("a policy", "sys/policies/acl/p", json!({"policy": "path \"a\" { capabilities = [\"read\"] }"})),
        ("the text of a policy", "sys/policies/acl/p", json!({"policy": "path \"a\" { capabilities = [\"read\"] }\n"})),
        ("a mount", "sys/auth/kubernetes", json!({"type": "kubernetes"})),
        ("a description", "sys/mounts/auth/kubernetes/tune", json!({"description": "d"})),
        ("a tuning", "sys/mounts/auth/kubernetes/tune", json!({"max_lease_ttl": "7h"})),
        (
            "a config",
            "auth/kubernetes/config",
            json!({"kubernetes_host": "https://h", "kubernetes_ca_cert": pair.proxy_ca()}),
        ),
        (
            "a role",
            "auth/kubernetes/role/r",
            json!({"bound_service_account_names": "a", "bound_service_account_namespaces": "b"}),
        ),
        ("a field of a role", "auth/kubernetes/role/r", json!({"token_ttl": "5m"})),
        ("a secret", "kv/data/apps/demo", json!({"data": {"greeting": "other"}})),
    ];
    let mut seen = seen;
    for (what, path, body) in vault {
        pair.vault.post(path, &body).await;
        seen = is_seen(&pair, &seen, what).await;
    }
    let account = |labels: Value| {
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "labels": labels}}).to_string()
    };
    let path = "api/v1/namespaces/default/serviceaccounts/a";
    pair.kubernetes.apply(path, "tests", account(json!({}))).await;
    seen = is_seen(&pair, &seen, "a ServiceAccount").await;
    pair.kubernetes.apply(path, "tests", account(json!({"a": "b"}))).await;
    seen = is_seen(&pair, &seen, "a label").await;
    pair.kubernetes
        .apply(
            "api/v1/namespaces/n",
            "tests",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}).to_string(),
        )
        .await;
    is_seen(&pair, &seen, "a namespace").await;
}
