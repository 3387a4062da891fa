//! What a store says of its way into Vault.

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{
    pair::Pair,
    program::{Program, standard_file},
};

const STORE: &str = "apis/external-secrets.io/v1/clustersecretstores/vault-backend";

/// The standard file with this one laid over it.
fn overlaid(pair: &Pair, overlay: &str) -> Program {
    let program = Program::on(pair);
    let overlay = program.file("store.toml", overlay);
    program.with_files(&[standard_file(), pair.overlay_file(), overlay])
}

/// As the operator does it: a login in the namespace that the store says, with a token of the ServiceAccount.
async fn log_in(pair: &Pair, namespace: &str) -> Option<String> {
    let account = "api/v1/namespaces/external-secrets/serviceaccounts/external-secrets/token";
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let token = pair.kubernetes.post(account, &request).await["status"]["token"].clone();
    let login = Some(("application/json", json!({"role": "external-secrets", "jwt": token}).to_string()));
    let (_, answer) = pair.vault.send("POST", &format!("{namespace}/auth/kubernetes/login"), login).await;
    answer["auth"]["client_token"].as_str().map(str::to_owned)
}

/// The role is in one Vault namespace, and the secrets are in another one.
pub(crate) async fn the_operator_logs_in_where_the_role_is(pair: Arc<Pair>) {
    pair.vault.post("sys/namespaces/team", &json!({})).await;
    pair.vault.post("team/sys/namespaces/apps", &json!({})).await;
    pair.vault.post("team/apps/sys/mounts/kv", &json!({"type": "kv", "options": {"version": "1"}})).await;
    pair.vault.post("team/apps/kv/demo", &json!({"password": "for-the-app"})).await;
    let program = overlaid(
        &pair,
        "[connections.vault]\nnamespace = \"team\"\n\
         [steps.policy.with]\nrules = { \"apps/kv/*\" = [\"read\"] }\n\
         [steps.secret-store.with]\nnamespace = \"team/apps\"\nversion = \"v1\"\n",
    );
    program.ok(&["apply", "--yes"]).await;
    let store = pair.kubernetes.get(STORE).await.expect("the store");
    let vault = &store["spec"]["provider"]["vault"];
    assert_eq!((&vault["namespace"], &vault["auth"]["namespace"]), (&json!("team/apps"), &json!("team")));
    assert_eq!(log_in(&pair, "team/apps").await, None, "without a word about it, the operator would log in there");
    let token = log_in(&pair, "team").await.expect("a login");
    let reader = trustpath_tests::rest::Rest::vault(pair.vault_direct(), token.into());
    let read: Value = reader.get("team/apps/kv/demo").await.expect("a secret");
    assert_eq!(read["data"]["password"], "for-the-app");
    program.ok(&["plan", "--detailed-exitcode"]).await;
    let elsewhere = ["plan", "--set", "steps.secret-store.with.auth_namespace=team/apps"];
    let warned = program.ok(&elsewhere).await.stdout;
    assert!(warned.contains("logs in in the Vault namespace `team/apps`, and the role"), "{warned}");
    program.ok(&["destroy", "--yes"]).await;
    pair.vault.delete("team/sys/namespaces/apps").await;
    pair.vault.delete("sys/namespaces/team").await;
}
