//! Tokens of Vault that end: a run that one does not last for is not begun.

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};
use trustpath_tests::{
    pair::Pair,
    program::{Program, Ran},
    proxy::{Fault, Rule},
    view,
};

const APPLY: [&str; 2] = ["apply", "--yes"];
const CODE: &str = "trustpath::preflight::token";

/// Enough to plan, and by far not enough to apply.
const FEW: u64 = 12;

async fn holder(pair: &Pair, token: Value) -> Program {
    let made = pair.vault.post("auth/token/create", &token).await;
    Program::on(pair).with("VAULT_TOKEN", made["auth"]["client_token"].as_str().expect("a token"))
}

async fn usable(pair: &Pair, uses: u64) -> Program {
    holder(pair, json!({"policies": ["root"], "num_uses": uses})).await
}

/// The two numbers of the refusal: how often the token may have to be used, and how often it can be.
fn numbers(ran: &Ran) -> (u64, u64) {
    let words: Vec<_> = ran.stderr.split_whitespace().collect();
    let after = |word: &str| {
        let at = words.windows(word.split(' ').count()).position(|part| part.join(" ") == word);
        words[at.unwrap_or_else(|| panic!("{}", ran.stderr)) + word.split(' ').count()].parse().expect("a number")
    };
    (after("up to"), after("used"))
}

/// Every login has left one.
async fn forget_entities(pair: &Pair) {
    for id in pair.vault.list("identity/entity/id").await {
        pair.vault.delete(&format!("identity/entity/id/{id}")).await;
    }
}

async fn refuses(pair: &Pair, program: &Program, arguments: &[&str]) -> Ran {
    let before = view::snapshot(pair).await;
    let ran = program.fails(5, arguments).await;
    assert!(ran.stderr.contains(CODE), "{}", ran.stderr);
    view::assert_same(&before, &view::snapshot(pair).await, "something was written");
    let leases = pair.kubernetes.get("apis/coordination.k8s.io/v1/namespaces/default/leases").await.expect("a list");
    assert_eq!(leases["items"], json!([]), "a lock was left");
    assert_eq!(program.journals(), [] as [PathBuf; 0], "a journal was written");
    ran
}

/// With one use too few it is refused; with as many as it asks for, it can fail at its end and take everything back.
///
/// Who uses a policy is looked up entity by entity, which no one has counted: that is said, and there is none here.
pub(crate) async fn one_that_can_be_used_too_seldom(pair: Arc<Pair>) {
    forget_entities(&pair).await;
    let before = view::snapshot(&pair).await;
    let (needed, left) = numbers(&refuses(&pair, &usable(&pair, FEW).await, &APPLY).await);
    println!("to apply: {needed} requests more, after {}", FEW - left);
    let enough = FEW - left + needed;
    refuses(&pair, &usable(&pair, enough - 1).await, &APPLY).await;
    let path = "clustersecretstores/vault-backend".into();
    pair.kubernetes_proxy.fault(Rule { method: "PATCH", path, times: 1, fault: Fault::Refuse(422) });
    let failed = usable(&pair, enough).await.fails(8, &APPLY).await;
    assert!(failed.stderr.contains("name by name"), "{}", failed.stderr);
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
    usable(&pair, enough).await.ok(&APPLY).await;
    let destroy = ["destroy", "--yes"];
    forget_entities(&pair).await;
    let (needed, left) = numbers(&refuses_to(&pair, &destroy).await);
    usable(&pair, FEW_TO_DESTROY - left + needed).await.ok(&destroy).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
}

/// Enough to plan the removal.
const FEW_TO_DESTROY: u64 = 30;

async fn refuses_to(pair: &Pair, arguments: &[&str]) -> Ran {
    refuses(pair, &usable(pair, FEW_TO_DESTROY).await, arguments).await
}

/// One that ends too soon is renewed where that is allowed, and refused where it is not.
pub(crate) async fn one_that_ends_too_soon(pair: Arc<Pair>) {
    let before = view::snapshot(&pair).await;
    let short = |renewable: bool| json!({"policies": ["root"], "ttl": "60s", "renewable": renewable});
    let ran = refuses(&pair, &holder(&pair, short(false)).await, &APPLY).await;
    assert!(ran.stderr.contains("by their limits"), "{}", ran.stderr);
    let program = holder(&pair, short(true)).await;
    program.ok(&APPLY).await;
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
}

/// One that may not look at itself is not known to last: that is said, and the run is made.
pub(crate) async fn one_that_may_not_look_at_itself(pair: Arc<Pair>) {
    let all = "path \"*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\", \"list\", \"sudo\"] }";
    let blind = format!("{all}\npath \"auth/token/lookup-self\" {{ capabilities = [\"deny\"] }}");
    let before = view::snapshot(&pair).await;
    pair.vault.post("sys/policies/acl/blind", &json!({"policy": blind})).await;
    let program = holder(&pair, json!({"policies": ["blind"], "ttl": "60s", "no_default_policy": true})).await;
    let made = program.ok(&APPLY).await;
    assert!(made.stderr.contains("Vault does not let this token look at itself"), "{}", made.stderr);
    program.ok(&["destroy", "--yes"]).await;
    pair.vault.delete("sys/policies/acl/blind").await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the run left something");
}
