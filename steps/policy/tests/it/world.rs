//! An OpenBao, and the step with its connection to it.

use std::sync::Arc;

use reqwest::{Client, Method};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use trustpath_core::{Change, Context, Facts, Goal, Handles, Kind, Plan, Step, contract::StepConsent};
use trustpath_platform::{Connections, Environment, Vault, VaultServer, install_crypto_provider};
use trustpath_provision::OpenBao;
use trustpath_step_policy as _;

pub(crate) const GRAPH: &str = "payments";

pub(crate) struct World {
    server: OpenBao,
    http: Client,
    context: Context,
}

impl World {
    pub(crate) async fn start() -> Self {
        install_crypto_provider();
        let server = OpenBao::start().await.unwrap();
        let context = context(server.address(), server.root_token().expose_secret());
        let http = Client::builder().no_proxy().build().unwrap();
        Self { server, http, context }
    }

    /// The step of this configuration.
    pub(crate) fn step(&self, rules: Value) -> Arc<dyn Step> {
        let kind = Kind::registered().into_iter().find(|kind| kind.name() == "policy").unwrap();
        kind.from_json(json!({"name": "apps-read", "rules": rules})).unwrap()
    }

    /// With the rights of root.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// With the rights of a token that holds this policy.
    pub(crate) async fn context_with(&self, policy: &str) -> Context {
        self.write("sys/policies/acl/limited", json!({ "policy": policy })).await;
        let made = self.write("auth/token/create", json!({"policies": ["limited"]})).await;
        context(self.server.address(), made["auth"]["client_token"].as_str().unwrap())
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

    /// The policy without what no server gives back.
    pub(crate) async fn policy(&self) -> Option<Value> {
        let (status, mut answer) = self.send(Method::GET, "sys/policies/acl/apps-read", json!({})).await;
        if status == 404 {
            return None;
        }
        let data = answer["data"].as_object_mut().unwrap();
        data.remove("modified");
        data.remove("version");
        Some(answer["data"].take())
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/v1/{path}", self.server.address());
        let token = self.server.root_token().expose_secret();
        let request = self.http.request(method, url).header("X-Vault-Token", token).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }
}

fn context(address: &str, token: &str) -> Context {
    let variables = [("VAULT_ADDR", address), ("VAULT_TOKEN", token)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = Environment::new(variables, None);
    let open = move || {
        let environment = environment.clone();
        async move { Vault::connect(&environment, &Connections::default()).await }
    };
    let mut facts = Facts::default();
    facts.add("connections", VaultServer::default());
    Context::new(GRAPH, "policy", Arc::new(facts), Arc::new(Handles::new().with(open)), StepConsent::default())
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
