//! Partial runs of a graph that is there already.

use std::sync::Arc;

use serde_json::json;
use trustpath_tests::{least::Least, pair::Pair, proxy::Seen, view};

const ROLE: &str = "auth/kubernetes/role/external-secrets";

/// What the program itself sent; Vault's own reviews at the cluster are another client's.
fn sent(pair: &Pair) -> Vec<Seen> {
    let all = [pair.vault_proxy.seen(), pair.kubernetes_proxy.seen()].concat();
    all.into_iter().filter(|request| request.agent.starts_with("trustpath/")).collect()
}

/// Every write that builds something; what the proof of a login leaves for a moment is not one.
fn built(requests: &[Seen]) -> Vec<String> {
    let proof = ["/login", "/token", "/revoke-self", "/revoke-accessor"];
    let built = requests.iter().filter(|request| request.writes());
    built.filter(|request| !proof.iter().any(|end| request.path.ends_with(end))).map(Seen::line).collect()
}

pub(crate) async fn the_role_alone(pair: Arc<Pair>) {
    let (least, program) = Least::standard(&pair).await;
    program.ok(&["apply", "--yes"]).await;
    let before = view::snapshot(&pair).await;
    pair.vault.delete(ROLE).await;
    pair.forget();
    program.ok(&["apply", "role", "--yes"]).await;
    let requests = sent(&pair);
    let lines: Vec<_> = requests.iter().map(Seen::line).collect();
    println!("apply role: {lines:#?}");
    assert_eq!(built(&requests), [format!("POST /v1/{ROLE}")], "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("clustersecretstores")), "{lines:#?}");
    view::assert_same(&before, &view::snapshot(&pair).await, "the role is not what it was");
    program.ok(&["destroy", "--yes"]).await;
    least.leave(&pair).await;
}

pub(crate) async fn refused_when_the_policy_was_changed_too(pair: Arc<Pair>) {
    let (least, program) = Least::standard(&pair).await;
    program.ok(&["apply", "--yes"]).await;
    let policy = pair.vault.get("sys/policies/acl/apps-read").await.unwrap()["data"]["policy"].clone();
    let edited = format!("{}\npath \"sys/health\" {{\n  capabilities = [\"read\"]\n}}\n", policy.as_str().unwrap());
    pair.vault.delete(ROLE).await;
    pair.vault.post("sys/policies/acl/apps-read", &json!({"policy": edited})).await;
    pair.forget();
    let ran = program.fails(7, &["apply", "role", "--yes"]).await;
    assert!(ran.stderr.contains("`policy`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("trustpath apply policy role"), "{}", ran.stderr);
    assert_eq!(built(&sent(&pair)), [] as [&str; 0]);
    program.ok(&["apply", "policy", "role", "--yes"]).await;
    program.ok(&["plan", "--detailed-exitcode"]).await;
    program.ok(&["destroy", "--yes"]).await;
    least.leave(&pair).await;
}

pub(crate) async fn from_and_skip(pair: Arc<Pair>) {
    let (least, program) = Least::standard(&pair).await;
    program.ok(&["apply", "--skip", "secret-store", "--yes"]).await;
    let store = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";
    assert!(pair.kubernetes.get(store).await.is_none());
    pair.vault.delete(ROLE).await;
    program.ok(&["apply", "--from", "role", "--yes"]).await;
    assert!(pair.kubernetes.get(store).await.is_some());
    program.ok(&["plan", "--detailed-exitcode"]).await;
    let refused = program.fails(7, &["destroy", "policy", "--yes"]).await;
    assert!(refused.stderr.contains("trustpath destroy"), "{}", refused.stderr);
    program.ok(&["destroy", "--yes"]).await;
    least.leave(&pair).await;
}
