//! Somebody who has certain rights at both servers, and no other.

use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    pair::{HOLDERS, Pair},
    rest::Rest,
    roles::{Cell, cells, places},
};

/// Credentials at both servers, and what they were made of.
pub struct Holder {
    /// The Vault token.
    pub token: SecretString,
    /// The ServiceAccount's token.
    pub jwt: SecretString,
    /// What the policy is called, and the ServiceAccount.
    name: String,
    accessor: String,
    roles: Vec<Value>,
    /// The cluster, as the ServiceAccount sees it.
    cluster: Rest,
}

impl Holder {
    /// Makes credentials with this policy, besides `default`, and these roles. An empty policy is none.
    pub async fn of(pair: &Pair, policy: &str, roles: &[Value]) -> Self {
        // A ServiceAccount that was just removed is known to the API server for a while.
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("holder-{}", MADE.fetch_add(1, Ordering::SeqCst));
        let mut policies = Vec::new();
        if !policy.is_empty() {
            pair.vault.post(&policy_at(&name), &json!({ "policy": policy })).await;
            policies.push(name.as_str());
        }
        let made = pair.vault.post("auth/token/create", &json!({"policies": policies, "no_parent": true})).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let (token, accessor) = (text(&made["auth"]["client_token"]).into(), text(&made["auth"]["accessor"]));
        let jwt = service_account(pair, &name).await;
        let (server, ca) = pair.kubernetes_direct();
        let cluster = Rest::kubernetes(server, ca, &jwt);
        let holder = Self { token, jwt, name, accessor, roles: roles.to_vec(), cluster };
        holder.give_roles(pair).await;
        holder
    }

    async fn give_roles(&self, pair: &Pair) {
        for role in &self.roles {
            let (kind, name) = (&role["kind"], &role["metadata"]["name"]);
            let (at, bound_at) = places(role);
            pair.kubernetes.apply(&at, "tests", role.to_string()).await;
            let binding = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{}Binding", kind.as_str().expect("a kind")), "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
                "subjects": [{"kind": "ServiceAccount", "namespace": HOLDERS, "name": self.name}],
            });
            pair.kubernetes.apply(&bound_at, "tests", binding.to_string()).await;
        }
        for cell in cells(&self.roles) {
            self.wait_until(&cell, true).await;
        }
    }

    /// Gives another policy in the place of theirs.
    pub async fn give_policy(&self, pair: &Pair, policy: &str) {
        pair.vault.post(&policy_at(&self.name), &json!({ "policy": policy })).await;
    }

    /// Returns once the API server has it that the ServiceAccount may do this, or may not: it learns of roles by and by.
    pub async fn wait_until(&self, cell: &Cell, allowed: bool) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while self.may(cell).await != allowed {
            assert!(std::time::Instant::now() < deadline, "the API server does not learn of {cell:?}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    async fn may(&self, cell: &Cell) -> bool {
        let (resource, subresource) = cell.resource.split_once('/').unwrap_or((&cell.resource, ""));
        let attributes = json!({
            "verb": cell.verb, "group": cell.group, "resource": resource, "subresource": subresource,
            "name": cell.name, "namespace": cell.namespace,
        });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let answer = self.cluster.post("apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).await;
        answer["status"]["allowed"] == true
    }

    /// Takes everything away that was made for these credentials.
    pub async fn leave(self, pair: &Pair) {
        pair.vault.post("auth/token/revoke-accessor", &json!({"accessor": self.accessor})).await;
        pair.vault.delete(&policy_at(&self.name)).await;
        for role in &self.roles {
            let (at, bound_at) = places(role);
            pair.kubernetes.delete(&at).await;
            pair.kubernetes.delete(&bound_at).await;
        }
        pair.kubernetes.delete(&account_at(&self.name)).await;
    }
}

fn policy_at(name: &str) -> String {
    format!("sys/policies/acl/{name}")
}

fn account_at(name: &str) -> String {
    format!("api/v1/namespaces/{HOLDERS}/serviceaccounts/{name}")
}

/// Makes the ServiceAccount, and returns a token of it.
async fn service_account(pair: &Pair, name: &str) -> SecretString {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let path = account_at(name);
    pair.kubernetes.apply(&path, "tests", account.to_string()).await;
    let request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}});
    let minted = pair.kubernetes.post(&format!("{path}/token"), &request).await;
    minted["status"]["token"].as_str().expect("a token").into()
}
