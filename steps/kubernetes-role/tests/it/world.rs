//! An OpenBao and a Kubernetes API that trust each other, and the step with its connections to them.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ServiceAccount;
use reqwest::{Client, Method};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use trustpath_core::{
    Change, CheckOutcome, Context, Evidence, Facts, Goal, Handles, Kind, Plan, Step, contract::StepConsent,
};
use trustpath_platform::{
    AuthMount, Cluster, Connections, Environment, PolicyName, ServiceAccountRef, Vault, install_crypto_provider,
    kubernetes::Address,
};
use trustpath_sandbox::Sandbox;
use trustpath_step_kubernetes_role as _;

pub(crate) const GRAPH: &str = "payments";

const OBJECTS: &str = r#"[
  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps"}},
  {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator", "namespace": "apps"}},
  {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reviewer", "namespace": "default"}},
  {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
   "metadata": {"name": "reviewer", "namespace": "default",
                "annotations": {"kubernetes.io/service-account.name": "reviewer"}}},
  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
   "metadata": {"name": "reviewer"},
   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
   "subjects": [{"kind": "ServiceAccount", "name": "reviewer", "namespace": "default"}]}
]"#;

pub(crate) struct World {
    sandbox: Sandbox,
    http: Client,
    /// Holds the kubeconfig.
    directory: TempDir,
}

impl World {
    /// The mount is there and configured, and so is the policy `apps-read`.
    pub(crate) async fn start() -> Self {
        install_crypto_provider();
        let sandbox = Sandbox::start().await.unwrap();
        for manifest in serde_json::from_str::<Vec<Value>>(OBJECTS).unwrap() {
            sandbox.kubernetes().apply(&manifest.to_string()).unwrap();
        }
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("config"), sandbox.kubernetes().kubeconfig()).unwrap();
        let world = Self { sandbox, http: Client::builder().no_proxy().build().unwrap(), directory };
        world.trust().await;
        world
    }

    async fn trust(&self) {
        let kubernetes = self.sandbox.kubernetes();
        let description = self.mark().await;
        self.write("sys/auth/kubernetes", json!({"type": "kubernetes", "description": description})).await;
        let reviewer = self.cluster(self.directory.path().join("config").to_str().unwrap()).await;
        let reviewer_ref = ServiceAccountRef { namespace: "default".into(), name: "reviewer".into() };
        let token = reviewer.request_token(&reviewer_ref, &[], 3600).await.unwrap();
        let config = json!({
            "kubernetes_host": kubernetes.address(),
            "kubernetes_ca_cert": kubernetes.ca_pem(),
            "token_reviewer_jwt": token.secret.expose_secret(),
        });
        self.write("auth/kubernetes/config", config).await;
        let policy = "path \"kv/data/apps/*\" { capabilities = [\"read\"] }";
        self.write("sys/policies/acl/apps-read", json!({ "policy": policy })).await;
    }

    /// The mark of a mount for this cluster.
    pub(crate) async fn mark(&self) -> String {
        let cluster = self.cluster(&self.kubeconfig()).await;
        format!("[trustpath graph={GRAPH} cluster={}]", cluster.uid().await.unwrap())
    }

    async fn cluster(&self, kubeconfig: &str) -> Cluster {
        let environment = Environment::new([("KUBECONFIG".to_owned(), kubeconfig.to_owned())], None);
        Cluster::connect(&environment, &Connections::default(), None).await.unwrap()
    }

    /// The surroundings of the step with the rights of root and of the cluster's administrator.
    pub(crate) fn context(&self) -> Context {
        self.context_of(&self.kubeconfig())
    }

    pub(crate) fn kubeconfig(&self) -> String {
        self.directory.path().join("config").to_str().unwrap().to_owned()
    }

    pub(crate) fn context_of(&self, kubeconfig: &str) -> Context {
        let token = self.sandbox.openbao().root_token().expose_secret();
        self.context_with(kubeconfig, token)
    }

    pub(crate) fn context_with(&self, kubeconfig: &str, token: &str) -> Context {
        let variables =
            [("VAULT_ADDR", self.sandbox.openbao().address()), ("VAULT_TOKEN", token), ("KUBECONFIG", kubeconfig)];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = Environment::new(variables, None);
        let vault = environment.clone();
        let handles = Handles::new()
            .with(move || {
                let environment = vault.clone();
                async move { Vault::connect(&environment, &Connections::default()).await }
            })
            .with(move || {
                let environment = environment.clone();
                async move { Cluster::connect(&environment, &Connections::default(), None).await }
            });
        Context::new(GRAPH, "role", Arc::new(facts()), Arc::new(handles), StepConsent::default())
    }

    /// The role as the server shows it.
    pub(crate) async fn role(&self) -> Option<Map<String, Value>> {
        let (status, answer) = self.send(Method::GET, "auth/kubernetes/role/operator", json!({})).await;
        (status == 200).then(|| answer["data"].as_object().cloned().unwrap())
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

    /// The accessor of the auth mount.
    pub(crate) async fn accessor(&self) -> Value {
        let (_, mut answer) = self.send(Method::GET, "sys/auth/kubernetes", json!({})).await;
        answer["data"]["accessor"].take()
    }

    /// The CA of the Kubernetes API.
    pub(crate) fn ca(&self) -> &str {
        self.sandbox.kubernetes().ca_pem()
    }

    /// Removes the ServiceAccount that the role binds.
    pub(crate) async fn remove_operator(&self) {
        let cluster = self.cluster(&self.kubeconfig()).await;
        let at = Address::namespaced::<ServiceAccount>("apps", "operator");
        let live = cluster.live(&at).await.unwrap().unwrap();
        cluster.remove(&at, &live).await.unwrap();
    }

    /// The accessors of all tokens.
    pub(crate) async fn tokens(&self) -> Vec<Value> {
        let (_, answer) = self.send(Method::GET, "auth/token/accessors?list=true", json!({})).await;
        answer["data"]["keys"].as_array().cloned().unwrap()
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let bao = self.sandbox.openbao();
        let url = format!("{}/v1/{path}", bao.address());
        let request = self.http.request(method, url).header("X-Vault-Token", bao.root_token().expose_secret());
        let response = request.json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    /// A kubeconfig of a ServiceAccount, which may do nothing.
    pub(crate) async fn powerless(&self) -> String {
        let cluster = self.cluster(&self.kubeconfig()).await;
        let operator = ServiceAccountRef { namespace: "apps".into(), name: "operator".into() };
        let token = cluster.request_token(&operator, &[], 3600).await.unwrap();
        let admin = self.sandbox.kubernetes().admin_token().expose_secret().to_owned();
        let config = self.sandbox.kubernetes().kubeconfig().replace(&admin, token.secret.expose_secret());
        let path = self.directory.path().join("powerless");
        std::fs::write(&path, config).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    facts.add("kubernetes-auth", AuthMount { path: "kubernetes".into(), namespace: None });
    facts.add("service-account", ServiceAccountRef { namespace: "apps".into(), name: "operator".into() });
    facts.add("policy", PolicyName { name: "apps-read".into(), namespace: None });
    facts
}

/// The step of this configuration.
pub(crate) fn step(with: Value) -> Arc<dyn Step> {
    let mut with = with;
    with["name"] = json!("operator");
    let kind = Kind::registered().into_iter().find(|kind| kind.name() == "kubernetes-role").unwrap();
    kind.from_json(with).unwrap()
}

/// Plans for a goal.
pub(crate) async fn plan(step: &Arc<dyn Step>, context: &Context, goal: Goal) -> Plan {
    step.plan(context, &goal).await.unwrap()
}

/// Plans for a goal and makes the change.
pub(crate) async fn reach(step: &Arc<dyn Step>, context: &Context, goal: Goal) -> Change {
    let change = plan(step, context, goal).await.change;
    make(step, context, &change).await;
    change
}

/// Makes a change, request by request.
pub(crate) async fn make(step: &Arc<dyn Step>, context: &Context, change: &Change) {
    for part in step.parts(context, change).unwrap() {
        step.apply(context, &part).await.unwrap();
    }
}

/// How a check ended.
pub(crate) fn outcome<'e>(evidence: &'e Evidence, what: &str) -> &'e CheckOutcome {
    let found = evidence.checks.iter().find(|check| check.what.contains(what));
    &found.unwrap_or_else(|| panic!("there is no check `{what}`: {evidence:?}")).outcome
}
