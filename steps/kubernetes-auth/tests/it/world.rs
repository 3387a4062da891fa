//! An OpenBao and a Kubernetes API, and the step with its connections to them.

use std::{path::PathBuf, sync::Arc};

use reqwest::{Client, Method};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use trustpath_core::{
    Change, CheckOutcome, Context, Evidence, Facts, Failure, Goal, Handles, Kind, Plan, Step, contract::StepConsent,
};
use trustpath_platform::{
    Cluster, Connections, Environment, ReviewerSecret, ServiceAccountRef, Vault, VaultServer, install_crypto_provider,
};
use trustpath_sandbox::Sandbox;
use trustpath_step_kubernetes_auth as _;

pub(crate) const GRAPH: &str = "payments";

pub(crate) struct World {
    sandbox: Sandbox,
    http: Client,
    /// Holds the kubeconfig, and JWTs.
    directory: TempDir,
}

impl World {
    /// With the reviewers `one` and `two` in the namespace `default`.
    pub(crate) async fn start() -> Self {
        install_crypto_provider();
        let sandbox = Sandbox::start().await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("config"), sandbox.kubernetes().kubeconfig()).unwrap();
        let world = Self { sandbox, http: Client::builder().no_proxy().build().unwrap(), directory };
        world.reviewer("one");
        world.reviewer("two");
        world
    }

    /// A ServiceAccount that may review tokens, and its long-lived token.
    pub(crate) fn reviewer(&self, name: &str) {
        self.token_of(name);
        self.apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
        }));
    }

    /// A ServiceAccount and its long-lived token.
    pub(crate) fn token_of(&self, name: &str) {
        let metadata = json!({"name": name, "namespace": "default"});
        self.apply(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}));
        self.apply(&json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {
                "name": name, "namespace": "default", "annotations": {"kubernetes.io/service-account.name": name},
            },
        }));
    }

    pub(crate) fn apply(&self, manifest: &Value) {
        self.sandbox.kubernetes().apply(&manifest.to_string()).unwrap();
    }

    /// The file to which the token of a reviewer is written.
    pub(crate) async fn jwt_file(&self, of: &str) -> PathBuf {
        let file = self.file("reviewer.jwt");
        std::fs::write(&file, format!("{}\n", self.jwt(of).await)).unwrap();
        file
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) async fn jwt(&self, of: &str) -> String {
        let environment = self.environment();
        let cluster = Cluster::connect(&environment, &Connections::default(), None).await.unwrap();
        let address =
            trustpath_platform::kubernetes::Address::namespaced::<k8s_openapi::api::core::v1::Secret>("default", of);
        let secret: k8s_openapi::api::core::v1::Secret = cluster.get(&address).await.unwrap().unwrap();
        String::from_utf8(secret.data.unwrap().remove("token").unwrap().0).unwrap()
    }

    pub(crate) fn ca(&self) -> &str {
        self.sandbox.kubernetes().ca_pem()
    }

    pub(crate) fn api_server(&self) -> &str {
        self.sandbox.kubernetes().address()
    }

    fn environment(&self) -> Environment {
        let bao = self.sandbox.openbao();
        let kubeconfig = self.file("config").to_str().unwrap().to_owned();
        let variables = [
            ("VAULT_ADDR", bao.address().to_owned()),
            ("VAULT_TOKEN", bao.root_token().expose_secret().to_owned()),
            ("KUBECONFIG", kubeconfig),
        ];
        Environment::new(variables.map(|(name, value)| (name.to_owned(), value)), None)
    }

    /// The surroundings of the step, with the rights of root and of the cluster's administrator.
    pub(crate) fn context(&self) -> Context {
        self.context_of(None, None)
    }

    /// As [`World::context`], with a server as the cluster reaches it, and the Secret of a step before this one.
    pub(crate) fn context_of(&self, server: Option<&str>, reviewer: Option<&str>) -> Context {
        let (vault, cluster) = (self.environment(), self.environment());
        let handles = Handles::new()
            .with(move || {
                let environment = vault.clone();
                async move { Vault::connect(&environment, &Connections::default()).await }
            })
            .with(move || {
                let environment = cluster.clone();
                async move { Cluster::connect(&environment, &Connections::default(), None).await }
            });
        let mut facts = Facts::default();
        facts.add("connections", VaultServer { url: server.map(str::to_owned), namespace: None });
        if let Some(name) = reviewer {
            let service_account = ServiceAccountRef { namespace: "default".into(), name: name.into() };
            facts.add("reviewer", ReviewerSecret { namespace: "default".into(), name: name.into(), service_account });
        }
        Context::new(GRAPH, "auth", Arc::new(facts), Arc::new(handles), StepConsent::default())
    }

    pub(crate) async fn write(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(Method::POST, path, body).await;
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn delete(&self, path: &str) {
        let (status, answer) = self.send(Method::DELETE, path, json!({})).await;
        assert!(status < 300, "{path}: {status} {answer}");
    }

    pub(crate) async fn config(&self) -> Option<Value> {
        let (status, mut answer) = self.send(Method::GET, "auth/kubernetes/config", json!({})).await;
        (status == 200).then(|| answer["data"].take())
    }

    /// What the server really holds: the mount but for what tells one from another, and its config in storage, reviewer
    /// JWT and all.
    pub(crate) async fn stored(&self) -> Value {
        let (_, mut answer) = self.send(Method::GET, "sys/auth", json!({})).await;
        let mut mount = answer["data"]["kubernetes/"].take();
        let Some(entry) = mount.as_object_mut() else { return Value::Null };
        let uuid = entry.remove("uuid").unwrap();
        entry.remove("accessor");
        let (status, config) =
            self.send(Method::GET, &format!("sys/raw/auth/{}/config", uuid.as_str().unwrap()), json!({})).await;
        let config = (status == 200).then(|| config["data"]["value"].as_str().unwrap().to_owned());
        json!({"mount": mount, "config": config})
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let bao = self.sandbox.openbao();
        let url = format!("{}/v1/{path}", bao.address());
        let request = self.http.request(method, url).header("X-Vault-Token", bao.root_token().expose_secret());
        let response = request.json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }
}

/// The step of this configuration.
pub(crate) fn step(with: Value) -> Arc<dyn Step> {
    let kind = Kind::registered().into_iter().find(|kind| kind.name() == "kubernetes-auth").unwrap();
    kind.from_json(with).unwrap()
}

/// Plans for a goal.
pub(crate) async fn plan(step: &Arc<dyn Step>, context: &Context, goal: Goal) -> Plan {
    step.plan(context, &goal).await.unwrap()
}

/// Plans for a goal that cannot be reached.
pub(crate) async fn refused(step: &Arc<dyn Step>, context: &Context, goal: Goal) -> String {
    let failure: Failure = step.plan(context, &goal).await.expect_err("it was planned");
    failure.report().code.unwrap()
}

/// Plans for a goal and makes the change.
pub(crate) async fn reach(step: &Arc<dyn Step>, context: &Context, goal: Goal) -> Change {
    let change = plan(step, context, goal).await.change;
    make(step, context, &change, usize::MAX).await;
    change
}

/// Makes the first requests of a change, and returns what was announced with the last of them.
pub(crate) async fn make(step: &Arc<dyn Step>, context: &Context, change: &Change, requests: usize) -> Change {
    let mut after = change.before.clone();
    for part in step.parts(context, change).unwrap().into_iter().take(requests) {
        step.apply(context, &part).await.unwrap();
        after = part.change.after;
    }
    Change { before: change.before.clone(), after }
}

/// How a check ended.
pub(crate) fn outcome<'e>(evidence: &'e Evidence, what: &str) -> &'e CheckOutcome {
    let found = evidence.checks.iter().find(|check| check.what.contains(what));
    &found.unwrap_or_else(|| panic!("there is no check `{what}`: {evidence:?}")).outcome
}
