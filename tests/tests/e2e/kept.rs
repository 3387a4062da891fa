//! A chain that people made by hand, with a reviewer JWT that only they have.

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{
    pair::Pair,
    program::{Program, standard_file},
};

const STORE: &str = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";
const NAMESPACE: &str = "external-secrets";

/// It is proven as it is, taken over by its mark alone, and removed; its config is never written.
pub(crate) async fn a_chain_by_hand_is_taken_over_by_its_mark(pair: Arc<Pair>) {
    for reviewer in ["auto", "keep"] {
        by_hand(&pair).await;
        let program = Program::bare().connected(&pair).with("TRUSTPATH_FILE", &standard_file().display().to_string());
        let set = format!("steps.kubernetes-auth.with.reviewer={reviewer}");
        let with = |arguments: &[&'static str]| [arguments, &["--set", &set]].concat();
        pair.forget();
        program.ok(&with(&["verify"])).await;
        let planned = program.ok(&with(&["plan", "--adopt", "kubernetes-auth", "--output", "json"])).await;
        assert_eq!(
            changed(&planned.stdout),
            ["kubernetes-auth: mount.mark.cluster", "kubernetes-auth: mount.mark.graph"]
        );
        if reviewer == "keep" {
            program.ok(&with(&["plan", "--detailed-exitcode"])).await;
        } else {
            let refused = program.fails(6, &with(&["apply", "--yes"])).await;
            assert!(refused.stderr.contains("--adopt kubernetes-auth"), "{}", refused.stderr);
        }
        program.ok(&with(&["apply", "--yes", "--adopt", "kubernetes-auth"])).await;
        program.ok(&with(&["plan", "--detailed-exitcode"])).await;
        program.ok(&with(&["verify"])).await;
        // Their store uses all of it, and bears no mark.
        let destroyed = program.ok(&with(&["destroy", "--yes", "--allow-irreversible"])).await;
        assert!(destroyed.stdout.contains("`secret-store` stays, and needs it"), "{}", destroyed.stdout);
        pair.kubernetes.delete(STORE).await;
        program.ok(&with(&["destroy", "--yes", "--allow-irreversible"])).await;
        let written =
            pair.vault_proxy.seen().into_iter().filter(|seen| seen.writes() && seen.path.ends_with("/config"));
        assert_eq!(written.count(), 0, "with {reviewer}, the config was written");
        assert_eq!(pair.vault.get("auth/kubernetes/config").await, None, "what is marked goes");
        clean(&pair).await;
    }
}

/// What is not there cannot be kept, and what would have to be written neither.
pub(crate) async fn only_what_is_there_is_kept(pair: Arc<Pair>) {
    let program = Program::bare().connected(&pair).with("TRUSTPATH_FILE", &standard_file().display().to_string());
    let keep = ["--set", "steps.kubernetes-auth.with.reviewer=keep"];
    let refused = program.fails(3, &[&["plan"], &keep[..]].concat()).await;
    assert!(refused.stderr.contains("nothing_to_keep"), "{}", refused.stderr);
    by_hand(&pair).await;
    let issuer = ["--set", "steps.kubernetes-auth.with.issuer=https://issuer.example.com"];
    let refused = program.fails(3, &[&["plan"], &keep[..], &issuer].concat()).await;
    assert!(refused.stderr.contains("kept_differs") && refused.stderr.contains("`issuer`"), "{}", refused.stderr);
    clean(&pair).await;
}

/// As the commands of a wiki make it.
async fn by_hand(pair: &Pair) {
    pair.make_namespace(NAMESPACE).await;
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "external-secrets"}});
    let path = format!("api/v1/namespaces/{NAMESPACE}/serviceaccounts/external-secrets");
    pair.kubernetes.apply(&path, "kubectl", account.to_string()).await;
    let (host, ca) = (format!("https://{}", pair.kubernetes_proxy.address()), pair.proxy_ca());
    let jwt = std::fs::read_to_string(pair.reviewer_jwt()).expect("the reviewer's JWT");
    let policy = r#"path "kv/data/apps/*" { capabilities = ["read"] }"#;
    let role = json!({
        "bound_service_account_names": "external-secrets", "bound_service_account_namespaces": NAMESPACE,
        "policies": "apps-read", "ttl": "1h",
    });
    let config = json!({"token_reviewer_jwt": jwt, "kubernetes_host": host, "kubernetes_ca_cert": ca});
    pair.vault.post("sys/auth/kubernetes", &json!({"type": "kubernetes"})).await;
    pair.vault.post("auth/kubernetes/config", &config).await;
    pair.vault.post("sys/policies/acl/apps-read", &json!({"policy": policy})).await;
    pair.vault.post("auth/kubernetes/role/external-secrets", &role).await;
    let reference = json!({"name": "external-secrets", "namespace": NAMESPACE});
    let auth =
        json!({"kubernetes": {"mountPath": "kubernetes", "role": "external-secrets", "serviceAccountRef": reference}});
    let vault = json!({"server": "http://vault.vault.svc:8200", "path": "kv", "version": "v2", "auth": auth});
    let store = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "vault-backend"},
        "spec": {"provider": {"vault": vault}},
    });
    pair.kubernetes.apply(STORE, "kubectl", store.to_string()).await;
}

async fn clean(pair: &Pair) {
    pair.kubernetes.delete(STORE).await;
    for path in ["sys/auth/kubernetes", "sys/policies/acl/apps-read"] {
        pair.vault.delete(path).await;
    }
    pair.remove_namespace(NAMESPACE).await;
}

/// Every leaf that a plan would change, with its step.
pub(crate) fn changed(plan: &str) -> Vec<String> {
    let plan: Value = serde_json::from_str(plan).expect("a plan");
    let steps = plan["steps"].as_array().expect("steps").iter();
    let leaves = steps.flat_map(|step| {
        let leaves = step["changes"].as_array().cloned().unwrap_or_default();
        leaves.into_iter().map(|leaf| format!("{}: {}", text(&step["step"]), text(&leaf["path"]))).collect::<Vec<_>>()
    });
    leaves.collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
