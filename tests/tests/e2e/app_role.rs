//! What a proof makes and gives back, and what others have on the mount, by a kind of one's own.

use std::sync::Arc;

use serde_json::json;
use trustpath_tests::{
    chain::Chain,
    pair::Pair,
    program::Program,
    proxy::{Fault, Key, Lasts, Rule},
};

use crate::cut_off::{ended, signal, until_said};

const ROLES: &str = "auth/approle/role";
const LOGIN: &str = "auth/approle/login";
const SECRET_IDS: &str = "auth/approle/role/ci/secret-id";

/// A chain that holds.
async fn made(pair: &Pair) -> Program {
    let program = Chain::AppRole.program(pair);
    program.ok(&["apply", "--yes"]).await;
    program
}

fn fails(pair: &Pair, path: &str, fault: Fault) {
    pair.vault_proxy.fault(Rule { method: "POST", path: path.into(), times: 1, fault });
}

/// How many secret IDs of the role there are, and how many tokens that such a login gave.
async fn alive(pair: &Pair) -> (usize, usize) {
    let mut tokens = 0;
    for accessor in pair.vault.list("auth/token/accessors").await {
        let token = pair.vault.post("auth/token/lookup-accessor", &json!({ "accessor": accessor })).await;
        tokens += usize::from(token["data"]["path"] == LOGIN);
    }
    (pair.vault.list(SECRET_IDS).await.len(), tokens)
}

/// The token is revoked all the same, and the secret ID that stays is named, also by the plan that would lose it.
pub(crate) async fn what_cannot_be_given_back_is_told(pair: Arc<Pair>) {
    let program = made(&pair).await;
    fails(&pair, "secret-id-accessor/destroy", Fault::Refuse(403));
    let ran = program.fails(11, &["verify"]).await;
    assert!(ran.stdout.contains("secret-id-accessor/destroy: 403"), "{}", ran.stdout);
    assert_eq!(alive(&pair).await, (1, 0));
    let refused = program.fails(7, &["destroy", "--yes"]).await;
    assert!(refused.stderr.contains("secret IDs would be lost"), "{}", refused.stderr);
    program.ok(&["destroy", "--yes", "--allow-irreversible"]).await;
}

/// The server turns it away, or does as it is asked and no one hears of it: that token ends with the mount.
pub(crate) async fn a_login_that_fails_leaves_nothing(pair: Arc<Pair>) {
    let program = made(&pair).await;
    for fault in [Fault::Refuse(400), Fault::ResetBefore] {
        fails(&pair, LOGIN, fault);
        let ran = program.run(&["verify"]).await;
        assert_ne!(ran.code, 0, "{fault:?}: {}", ran.stdout);
        assert_eq!(alive(&pair).await, (0, 0), "{fault:?}");
    }
    program.ok(&["destroy", "--yes"]).await;
}

/// Stopped while the login is under way, it goes on until all is given back.
pub(crate) async fn a_proof_that_is_interrupted_leaves_nothing(pair: Arc<Pair>) {
    let program = made(&pair).await;
    fails(&pair, LOGIN, Fault::Hold);
    let mut child = program.until_held(&["verify"], &pair.vault_proxy).await;
    signal(&child, "-INT").await;
    until_said(&mut child, "interrupted").await;
    pair.vault_proxy.release();
    let ran = ended(child).await;
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    pair.quiet().await;
    assert_eq!(alive(&pair).await, (0, 0));
    program.ok(&["destroy", "--yes"]).await;
}

/// Others make a role on the mount after the plan, which lists the roles for the mount and for the policy: they are looked
/// for once more right before the mount would go.
pub(crate) async fn a_role_that_comes_while_the_mount_goes_keeps_it(pair: Arc<Pair>) {
    let program = made(&pair).await;
    pair.forget();
    let look = Key { what: format!("GET /v1/{ROLES} (list)"), nth: 3 };
    pair.vault_proxy.fault_nth(look, Lasts::Once, Fault::Hold);
    let child = program.until_held(&["destroy", "--yes"], &pair.vault_proxy).await;
    pair.vault.post(&format!("{ROLES}/theirs"), &json!({"token_policies": "theirs"})).await;
    pair.vault_proxy.release();
    let ran = ended(child).await;
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("`role/theirs`"), "{}", ran.stderr);
    assert_eq!(pair.vault.list(ROLES).await, ["ci", "theirs"]);
    pair.lift();
    program.ok(&["verify"]).await;
    pair.vault.delete(&format!("{ROLES}/theirs")).await;
    program.ok(&["destroy", "--yes"]).await;
}
