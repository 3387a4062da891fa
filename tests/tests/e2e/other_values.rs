//! Servers that already hold other values, made by another client.

use std::{path::PathBuf, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use trustpath_tests::{
    least::Least,
    pair::Pair,
    program::Program,
    proxy::{Fault, Rule},
    view,
};

/// Somebody's chain: another policy text, another role, other tuning, a config with a reviewer of their own.
struct Somebody {
    reviewer: SecretString,
}

const POLICY: &str = "# by hand\npath \"kv/data/other/*\" {\n  capabilities = [\"list\",\"read\"]\n}\n\n\n";

impl Somebody {
    async fn was_here(pair: &Pair) -> Self {
        let reviewer = pair.reviewer("somebodys-reviewer", "somebody").await;
        let vault = &pair.vault;
        vault.post("sys/policies/acl/apps-read", &json!({"policy": POLICY})).await;
        let config = json!({"default_lease_ttl": "17m", "max_lease_ttl": "19h", "listing_visibility": "unauth"});
        let mount = json!({"type": "kubernetes", "description": "somebody's", "config": config});
        vault.post("sys/auth/kubernetes", &mount).await;
        let config = json!({
            "kubernetes_host": format!("https://{}", pair.kubernetes_proxy.address()),
            "kubernetes_ca_cert": pair.proxy_ca(),
            "token_reviewer_jwt": reviewer.expose_secret(),
            "disable_iss_validation": true,
        });
        vault.post("auth/kubernetes/config", &config).await;
        let role = json!({
            "bound_service_account_names": ["somebody"],
            "bound_service_account_namespaces": ["somebody"],
            "token_policies": ["apps-read"],
            "token_ttl": "5m",
        });
        vault.post("auth/kubernetes/role/external-secrets", &role).await;
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "somebody"}});
        let path = "api/v1/namespaces/somebody/serviceaccounts/somebody";
        pair.kubernetes.apply(path, "tests", account.to_string()).await;
        Self { reviewer }
    }

    /// The JWT's source, as the user would supply it.
    fn file(&self, program: &Program) -> PathBuf {
        program.file("somebodys.jwt", self.reviewer.expose_secret())
    }

    /// Somebody logs in, with a token minted now.
    async fn logs_in(&self, pair: &Pair) -> bool {
        let path = "api/v1/namespaces/somebody/serviceaccounts/somebody/token";
        let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
        let minted = pair.kubernetes.post(path, &request).await;
        let login = json!({"role": "external-secrets", "jwt": minted["status"]["token"]});
        let body = Some(("application/json", login.to_string()));
        let (status, answer) = pair.vault.send("POST", "auth/kubernetes/login", body).await;
        if let Some(accessor) = answer["auth"]["accessor"].as_str() {
            pair.vault.post("auth/token/revoke-accessor", &json!({"accessor": accessor})).await;
        }
        status.is_success()
    }

    async fn leaves(self, pair: &Pair) {
        for path in ["auth/kubernetes/role/external-secrets", "sys/policies/acl/apps-read", "sys/auth/kubernetes"] {
            pair.vault.delete(path).await;
        }
        pair.remove_reviewer("somebodys-reviewer", "somebody").await;
    }
}

const ADOPT: [&str; 6] = ["--adopt", "policy", "--adopt", "role", "--adopt", "kubernetes-auth"];

fn apply<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["apply", "--yes"], ADOPT.as_slice(), more].concat()
}

/// What a login leaves at the reviewer is nothing; what the run leaves must be nothing either.
pub(crate) async fn a_fault_in_the_last_step_puts_every_value_back(pair: Arc<Pair>) {
    let somebody = Somebody::was_here(&pair).await;
    assert!(somebody.logs_in(&pair).await, "somebody's own chain does not work");
    let program = Program::on(&pair);
    let source = somebody.file(&program).display().to_string();
    let set = format!("steps.kubernetes-auth.with.previous_reviewer.file={source}");
    let least = Least::of(&pair, &program, &["--set", &set]).await;
    let program = least.holder(&pair, program);
    let before = view::snapshot(&pair).await;
    pair.kubernetes_proxy.fault(last_write());
    let ran = program.fails(8, &apply(&["--set", &set])).await;
    assert!(pair.kubernetes_proxy.faults_fired(), "the fault did not happen");
    assert!(ran.stderr.contains("secret-store"), "{}", ran.stderr);
    crate::screens::same("a_failure_in_the_middle_of_a_run", &pair, &program, &ran);
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
    let policy = pair.vault.get("sys/policies/acl/apps-read").await.unwrap();
    assert_eq!(policy["data"]["policy"], Value::from(POLICY), "not byte for byte");
    assert!(somebody.logs_in(&pair).await, "somebody's own chain is broken");
    least.leave(&pair).await;
    somebody.leaves(&pair).await;
}

/// The write of the store, which is not a dry run: the fault lets those pass.
fn last_write() -> Rule {
    Rule { method: "PATCH", path: "clustersecretstores/vault-backend".into(), times: 1, fault: Fault::Refuse(422) }
}

pub(crate) async fn without_the_source_it_is_refused_before_the_first_write(pair: Arc<Pair>) {
    let somebody = Somebody::was_here(&pair).await;
    let (least, program) = Least::standard(&pair).await;
    let before = view::snapshot(&pair).await;
    pair.forget();
    let ran = program.fails(7, &apply(&[])).await;
    assert!(ran.stderr.contains("--allow-irreversible"), "{}", ran.stderr);
    assert!(ran.stderr.contains("previous_reviewer"), "{}", ran.stderr);
    let seen = [pair.vault_proxy.seen(), pair.kubernetes_proxy.seen()].concat();
    assert!(!seen.iter().any(|request| request.writes()), "something was written: {seen:?}");
    view::assert_same(&before, &view::snapshot(&pair).await, "a refused run changed something");
    program.ok(&apply(&["--allow-irreversible"])).await;
    program.ok(&["plan", "--detailed-exitcode"]).await;
    somebody.leaves(&pair).await;
    program.ok(&["destroy", "--yes"]).await;
    least.leave(&pair).await;
}

pub(crate) async fn adopting_needs_consent(pair: Arc<Pair>) {
    pair.vault.post("sys/policies/acl/apps-read", &json!({"policy": POLICY})).await;
    let (least, program) = Least::standard(&pair).await;
    let before = view::snapshot(&pair).await;
    let ran = program.fails(6, &["apply", "--yes"]).await;
    assert!(ran.stderr.contains("--adopt policy"), "{}", ran.stderr);
    view::assert_same(&before, &view::snapshot(&pair).await, "a refused run changed something");
    pair.vault.delete("sys/policies/acl/apps-read").await;
    least.leave(&pair).await;
}
