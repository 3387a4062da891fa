//! Kinds of one's own, in a binary of one's own.

use std::sync::Arc;

use serde_json::json;
use trustpath_tests::{chain::Chain, least::Least, pair::Pair, program::Program, view};

const ROLE: &str = "auth/approle/role/ci";

/// From empty, there and back, twice: by a rollback, and by destroy.
async fn there_and_back(pair: &Pair, program: Program) {
    let least = Least::of(pair, &program, &[]).await;
    let program = least.holder(pair, program);
    let before = view::snapshot(pair).await;
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["plan", "--detailed-exitcode"]).await;
    program.ok(&["verify"]).await;
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(pair).await, "the rollback left something");
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(pair).await, "destroy left something");
    least.leave(pair).await;
}

pub(crate) async fn an_app_role_from_its_own_binary(pair: Arc<Pair>) {
    let program = Chain::AppRole.program(&pair);
    let kinds = program.ok(&["steps", "list"]).await;
    assert!(["approle", "jwt", "jwt-role"].iter().all(|kind| kinds.stdout.contains(kind)), "{}", kinds.stdout);
    there_and_back(&pair, program).await;
}

/// Nothing of what others had said of the role is lost, and a role that comes back has the ID that it had.
pub(crate) async fn an_app_role_comes_back_as_it_was(pair: Arc<Pair>) {
    let program = Chain::AppRole.program(&pair);
    let theirs = json!({"token_policies": "theirs", "token_max_ttl": 7200, "secret_id_ttl": 3600, "local_secret_ids": true,
        "token_bound_cidrs": ["127.0.0.0/8"]});
    pair.vault.post("sys/auth/approle", &json!({"type": "approle", "description": "theirs"})).await;
    pair.vault.post(ROLE, &theirs).await;
    let before = role(&pair).await;
    program.fails(6, &["apply", "--yes"]).await;
    program.ok(&["apply", "--yes", "--adopt", "approle"]).await;
    let adopted = role(&pair).await;
    assert_eq!((&adopted["token_max_ttl"], &adopted["local_secret_ids"]), (&json!(7200), &json!(true)));
    assert_eq!(description(&pair).await, "theirs [trustpath graph=ci]", "what is adopted is marked");
    program.ok(&["destroy", "--yes"]).await;
    assert_eq!(pair.vault.get(ROLE).await, None);
    assert_eq!(pair.vault.get("sys/policies/acl/ci-read").await, None, "the policy goes with its last user");
    program.ok(&["rollback", "--yes"]).await;
    assert_eq!(role(&pair).await, adopted, "destroy and rollback lost something");
    program.ok(&["rollback", "--yes"]).await;
    assert_eq!((role(&pair).await, description(&pair).await), (before, "theirs".to_owned()));
    pair.vault.delete("sys/auth/approle").await;
}

/// The keys of the cluster's tokens, a role on a mount that is taken as a fact, and the store's section for it.
pub(crate) async fn a_jwt_chain_from_its_own_binary(pair: Arc<Pair>) {
    let program = Chain::Jwt.program(&pair);
    program.ok(&["apply", "--yes"]).await;
    let store = pair.kubernetes.get("apis/external-secrets.io/v1/clustersecretstores/vault-backend").await.unwrap();
    let account = json!({"name": "external-secrets", "namespace": "external-secrets", "audiences": ["vault"]});
    let auth = json!({"jwt": {"path": "jwt", "role": "external-secrets", "kubernetesServiceAccountToken": {"serviceAccountRef": account}}});
    assert_eq!(store["spec"]["provider"]["vault"]["auth"], auth);
    let issuer = ["--set", "steps.jwt.with.issuer=https://issuer.example.com"];
    let broken = program.fails(11, &[&["apply", "--yes"], &issuer[..]].concat()).await;
    assert!(broken.stdout.contains("login at `auth/jwt`"), "{}", broken.stdout);
    program.ok(&["plan", "--detailed-exitcode"]).await;
    program.ok(&["destroy", "--yes"]).await;
    let again = Chain::Jwt.program(&pair);
    there_and_back(&pair, again).await;
}

/// The role, with the ID that the server has chosen for it.
async fn role(pair: &Pair) -> serde_json::Value {
    let mut role = pair.vault.get(ROLE).await.expect("the role")["data"].take();
    role["role_id"] = pair.vault.get(&format!("{ROLE}/role-id")).await.expect("its ID")["data"]["role_id"].take();
    role
}

async fn description(pair: &Pair) -> String {
    let mounts = pair.vault.get("sys/auth").await.expect("the mounts");
    mounts["data"]["approle/"]["description"].as_str().unwrap_or_default().to_owned()
}
