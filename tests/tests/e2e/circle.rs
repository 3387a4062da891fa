//! The whole circle: from empty, to a chain that holds, and back.

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{crd::Crd, least::Least, pair::Pair, view};

/// Apply, plan, verify, destroy: nothing is left but what the servers do not give back.
pub(crate) async fn from_empty_and_back(pair: Arc<Pair>) {
    let (least, program) = Least::standard(&pair).await;
    let before = view::snapshot(&pair).await;
    program.fails(2, &["plan", "--detailed-exitcode"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the plan wrote something");
    let applied = program.ok(&["apply", "--yes"]).await;
    assert!(applied.stdout.contains("secret-store"), "{}", applied.stdout);
    program.ok(&["plan", "--detailed-exitcode"]).await;
    let verified: Value = serde_json::from_str(&program.ok(&["verify", "--output", "json"]).await.stdout).unwrap();
    assert_eq!(verified["links"].as_array().unwrap().len(), 5);
    for step in verified["links"].as_array().unwrap() {
        let checks = step["checks"].as_array().unwrap();
        assert!(checks.iter().any(|check| check["outcome"] == "passed"), "{step}: nothing passed");
        assert!(checks.iter().all(|check| check["outcome"] != "failed"), "{step}");
    }
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
    program.ok(&["destroy", "--yes"]).await;
    least.leave(&pair).await;
}

/// The servers' own APIs show the five objects.
pub(crate) async fn values_are_the_standard_ones(pair: Arc<Pair>) {
    let (least, program) = Least::standard(&pair).await;
    program.ok(&["apply", "--yes"]).await;
    let (vault, api) = (&pair.vault, &pair.kubernetes);

    let account = api.get("api/v1/namespaces/external-secrets/serviceaccounts/external-secrets").await.unwrap();
    assert_eq!(account["metadata"]["name"], "external-secrets");

    let mounts = vault.get("sys/auth").await.unwrap();
    assert_eq!(mounts["data"]["kubernetes/"]["type"], "kubernetes");
    let config = vault.get("auth/kubernetes/config").await.unwrap();
    let through = format!("https://{}", pair.kubernetes_proxy.address());
    assert_eq!(config["data"]["kubernetes_host"], json!(through));

    let policy = vault.get("sys/policies/acl/apps-read").await.unwrap();
    let text = policy["data"]["policy"].as_str().unwrap();
    assert!(text.contains("kv/data/apps/*") && text.contains("read"), "{text}");

    let role = &vault.get("auth/kubernetes/role/external-secrets").await.unwrap()["data"];
    assert_eq!(role["bound_service_account_names"], json!(["external-secrets"]));
    assert_eq!(role["bound_service_account_namespaces"], json!(["external-secrets"]));
    assert_eq!((&role["token_policies"], &role["token_ttl"]), (&json!(["apps-read"]), &json!(3600)));

    let store = api.get("apis/external-secrets.io/v1/clustersecretstores/vault-backend").await.unwrap();
    let provider = &store["spec"]["provider"]["vault"];
    assert_eq!(provider["server"], "http://vault.vault.svc:8200");
    assert_eq!((&provider["path"], &provider["version"]), (&json!("kv"), &json!("v2")));
    let auth = &provider["auth"]["kubernetes"];
    assert_eq!((&auth["mountPath"], &auth["role"]), (&json!("kubernetes"), &json!("external-secrets")));
    let reference = json!({"name": "external-secrets", "namespace": "external-secrets"});
    assert_eq!(auth["serviceAccountRef"]["name"], reference["name"]);
    assert_eq!(auth["serviceAccountRef"]["namespace"], reference["namespace"]);

    program.ok(&["destroy", "--yes"]).await;
    least.leave(&pair).await;
}

/// The same on every CRD: the project's own, and the operator's where they lie beside the project.
pub(crate) async fn on_every_crd(pair: Arc<Pair>) {
    let mut crds = Crd::operators();
    crds.push(Crd::own_v1beta1());
    for crd in crds {
        crd.install(&pair.kubernetes).await;
        let (least, program) = Least::standard(&pair).await;
        let before = view::snapshot(&pair).await;
        program.ok(&["apply", "--yes"]).await;
        program.ok(&["plan", "--detailed-exitcode"]).await;
        program.ok(&["verify"]).await;
        let path = format!("apis/external-secrets.io/{}/clustersecretstores/vault-backend", crd.serves);
        assert!(pair.kubernetes.get(&path).await.is_some(), "{}", crd.name);
        program.ok(&["destroy", "--yes"]).await;
        view::assert_same(&before, &view::snapshot(&pair).await, &crd.name);
        least.leave(&pair).await;
    }
    Crd::own_v1().install(&pair.kubernetes).await;
}
