//! Each kind's case: what somebody else had put there before.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::json;
use trustpath_step_cluster_secret_store as _;
use trustpath_step_kubernetes_auth as _;
use trustpath_step_kubernetes_role as _;
use trustpath_step_policy as _;
use trustpath_step_service_account as _;
use trustpath_step_token_reviewer as _;
use trustpath_tests::pair::Pair;

use super::world::{KindCase, Somebody};

/// The case of a kind.
pub(super) async fn case(kind: &str, pair: &Arc<Pair>) -> KindCase {
    let jwt = std::fs::read_to_string(pair.reviewer_jwt()).expect("the reviewer's JWT");
    let secrets =
        vec![pair.root_token().expose_secret().to_owned(), pair.admin_token().expose_secret().to_owned(), jwt];
    let simple = |step: &'static str, somebody: Somebody| KindCase {
        pair: pair.clone(),
        step,
        overlay: String::new(),
        somebody,
        beside: Vec::new(),
        secrets: secrets.clone(),
    };
    match kind {
        "service-account" => {
            // Without a label of its own, the step would find an account that is as it should be, whoever made it.
            let overlay = "[steps.service-account.with.labels]\nteam = \"platform\"\n";
            KindCase { overlay: overlay.into(), ..simple("service-account", |pair| Box::pin(account(pair))) }
        }
        "kubernetes-auth" => auth_case(pair, simple("kubernetes-auth", |pair| Box::pin(auth(pair)))).await,
        "policy" => simple("policy", |pair| Box::pin(policy(pair))),
        "kubernetes-role" => simple("role", |pair| Box::pin(role(pair))),
        "cluster-secret-store" => simple("secret-store", |pair| Box::pin(store(pair))),
        "token-reviewer" => {
            let overlay = "[steps.token-reviewer]\nuses = \"token-reviewer\"\nneeds = [\"service-account\"]\n\
                           with = { name = \"reviewer\" }\n";
            KindCase { overlay: overlay.into(), ..simple("token-reviewer", |pair| Box::pin(reviewer(pair))) }
        }
        other => panic!("the kind `{other}` has no conformance case"),
    }
}

async fn account(pair: Arc<Pair>) {
    pair.make_namespace("external-secrets").await;
    let object = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "external-secrets", "labels": {"team": "somebody"}, "annotations": {"trustpath.dev/graph": "another"}},
    });
    let path = "api/v1/namespaces/external-secrets/serviceaccounts/external-secrets";
    pair.kubernetes.apply(path, "somebody", object.to_string()).await;
}

const SOMEBODYS_JWT: &str = "somebodys.jwt";

/// The JWT that somebody wrote is supplied, so that it can be put back.
async fn auth_case(pair: &Arc<Pair>, case: KindCase) -> KindCase {
    let jwt = pair.reviewer("conformance-reviewer", "conformance").await;
    let file = pair.reviewer_jwt().with_file_name(SOMEBODYS_JWT);
    std::fs::write(&file, jwt.expose_secret()).expect("a file beside the reviewer's");
    let overlay = format!("[steps.kubernetes-auth.with]\nprevious_reviewer = {{ file = {:?} }}\n", file.display());
    let secrets = [case.secrets.clone(), vec![jwt.expose_secret().to_owned()]].concat();
    KindCase { overlay, secrets, beside: vec![("conformance-reviewer", "conformance")], ..case }
}

async fn auth(pair: Arc<Pair>) {
    let config = json!({"default_lease_ttl": "17m", "max_lease_ttl": "19h"});
    let mount = json!({"type": "kubernetes", "description": "somebody's", "config": config});
    pair.vault.post("sys/auth/kubernetes", &mount).await;
    let jwt = std::fs::read_to_string(pair.reviewer_jwt().with_file_name(SOMEBODYS_JWT)).expect("somebody's JWT");
    let config = json!({
        "kubernetes_host": format!("https://{}", pair.kubernetes_proxy.address()),
        "kubernetes_ca_cert": pair.proxy_ca(),
        "token_reviewer_jwt": jwt,
    });
    pair.vault.post("auth/kubernetes/config", &config).await;
}

async fn policy(pair: Arc<Pair>) {
    let text = "# by hand\npath \"kv/data/other/*\" { capabilities = [\"list\",\"read\"] }\n\n\n";
    pair.vault.post("sys/policies/acl/apps-read", &json!({"policy": text})).await;
}

async fn role(pair: Arc<Pair>) {
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

async fn store(pair: Arc<Pair>) {
    let reference = json!({"name": "somebody", "namespace": "somebody"});
    let auth = json!({"kubernetes": {"mountPath": "other", "role": "other", "serviceAccountRef": reference}});
    let object = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": "vault-backend", "labels": {"team": "somebody"}},
        "spec": {"provider": {"vault": {"server": "https://other:8200", "path": "other", "version": "v1", "auth": auth}}},
    });
    pair.kubernetes
        .apply("apis/external-secrets.io/v1/clustersecretstores/vault-backend", "somebody", object.to_string())
        .await;
}

async fn reviewer(pair: Arc<Pair>) {
    let object = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "reviewer", "labels": {"team": "somebody"}},
    });
    pair.kubernetes
        .apply("api/v1/namespaces/external-secrets/serviceaccounts/reviewer", "somebody", object.to_string())
        .await;
}
