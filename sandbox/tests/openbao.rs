//! A real OpenBao beside the server: it reviews tokens, and holds what the standard graph reads.

use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::{
    Api, Client, Config,
    api::PostParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use trustpath_sandbox::Sandbox;

const REVIEWER: &str = r#"[
  {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reviewer", "namespace": "default"}},
  {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app", "namespace": "default"}},
  {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
   "metadata": {"name": "reviewer", "namespace": "default",
                "annotations": {"kubernetes.io/service-account.name": "reviewer"}}},
  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
   "metadata": {"name": "reviewer"},
   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
   "subjects": [{"kind": "ServiceAccount", "name": "reviewer", "namespace": "default"}]}
]"#;

/// OpenBao's API, as one who shows the given token.
struct Bao<'a> {
    address: &'a str,
    token: &'a str,
    client: reqwest::Client,
}

impl<'a> Bao<'a> {
    fn of(sandbox: &'a Sandbox) -> Self {
        let address = sandbox.openbao().address();
        let token = sandbox.openbao().root_token().expose_secret();
        Self { address, token, client: reqwest::Client::new() }
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/v1/{path}", self.address);
        let request = self.client.request(method, url).header("X-Vault-Token", self.token);
        let answer = request.json(&body).send().await.expect("OpenBao answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn write(&self, path: &str, body: Value) {
        let (status, answer) = self.send(reqwest::Method::POST, path, body).await;
        assert!(status < 300, "{path}: {status} {answer}");
    }
}

async fn kubernetes(sandbox: &Sandbox) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&sandbox.kubernetes().kubeconfig()).expect("a kubeconfig");
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("it is whole");
    Client::try_from(config).expect("a client")
}

#[tokio::test]
async fn openbao_logs_a_service_account_in_through_the_servers_token_review() {
    rustls::crypto::ring::default_provider().install_default().expect("no one was before us");
    let sandbox = Sandbox::start().await.expect("both servers start");
    let manifests: Vec<Value> = serde_json::from_str(REVIEWER).unwrap();
    for manifest in manifests {
        sandbox.kubernetes().apply(&manifest.to_string()).expect("it is applied");
    }
    let client = kubernetes(&sandbox).await;
    let secret = Api::<Secret>::namespaced(client.clone(), "default").get("reviewer").await.unwrap();
    let reviewer = String::from_utf8(secret.data.unwrap()["token"].0.clone()).unwrap();

    let bao = Bao::of(&sandbox);
    let (_, held) = bao.send(reqwest::Method::GET, "kv/data/apps/demo", json!({})).await;
    assert!(held["data"]["data"]["greeting"].is_string(), "{held}");

    bao.write("sys/auth/kubernetes", json!({"type": "kubernetes"})).await;
    bao.write(
        "auth/kubernetes/config",
        json!({
            "kubernetes_host": sandbox.kubernetes().address(),
            "kubernetes_ca_cert": sandbox.kubernetes().ca_pem(),
            "token_reviewer_jwt": reviewer,
        }),
    )
    .await;
    bao.write(
        "auth/kubernetes/role/app",
        json!({
            "bound_service_account_names": "app", "bound_service_account_namespaces": "default",
            "audience": "vault",
        }),
    )
    .await;

    let accounts = Api::<ServiceAccount>::namespaced(client, "default");
    let request = serde_json::from_value(json!({"spec": {"audiences": ["vault"]}})).unwrap();
    let issued = accounts.create_token_request("app", &PostParams::default(), &request).await.unwrap();
    let login = json!({"role": "app", "jwt": issued.status.unwrap().token});
    sandbox.kubernetes().clear_requests();
    let (status, answer) = bao.send(reqwest::Method::POST, "auth/kubernetes/login", login.clone()).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["auth"]["metadata"]["service_account_name"], "app");
    let reviews: Vec<_> = sandbox.kubernetes().requests();
    assert_eq!(reviews.len(), 1, "{reviews:?}");
    assert_eq!(reviews[0].path, "/apis/authentication.k8s.io/v1/tokenreviews");
    assert_eq!(reviews[0].user, "system:serviceaccount:default:reviewer");

    let reviewers = Api::<Secret>::namespaced(kubernetes(&sandbox).await, "default");
    reviewers.delete("reviewer", &Default::default()).await.unwrap();
    let (status, _) = bao.send(reqwest::Method::POST, "auth/kubernetes/login", login).await;
    assert_eq!(status, 403, "a reviewer without its Secret reviews nothing");
}
