//! What verify sees.

use serde_json::json;
use trustpath_core::{CheckOutcome, Goal};

use super::world::{World, outcome, plan, reach, step};

const LOGIN: &str = "login as apps/operator";
const CAPABILITIES: &str = "token can do";
const REVOKED: &str = "login token revoked";

#[tokio::test]
async fn a_login_is_made_and_leaves_no_token() {
    let world = World::start().await;
    let context = world.context();
    for with in [
        json!({"audience": "vault", "ttl": "20m"}),
        json!({"ttl": "20m"}),
        json!({"token_num_uses": 1}),
        json!({"token_no_default_policy": true, "audience": "vault"}),
    ] {
        let step = step(with.clone());
        reach(&step, &context, Goal::Present).await;
        let before = world.tokens().await.len();
        let evidence = step.verify(&context).await.unwrap();
        assert!(
            evidence.checks.iter().all(|check| matches!(check.outcome, CheckOutcome::Passed { .. })),
            "{with}: {evidence:?}"
        );
        let CheckOutcome::Passed { seen } = outcome(&evidence, CAPABILITIES) else { unreachable!() };
        assert_eq!(seen, "read on `kv/data/apps/*`");
        assert_eq!(world.tokens().await.len(), before, "{with}: a token is left");
        assert!(plan(&step, &context, Goal::Present).await.is_nothing());
    }
}

#[tokio::test]
async fn a_batch_token_is_said_to_live_on() {
    let world = World::start().await;
    let (step, context) = (step(json!({"token_type": "batch", "ttl": "1m"})), world.context());
    reach(&step, &context, Goal::Present).await;
    let evidence = step.verify(&context).await.unwrap();
    assert!(evidence.holds(), "{evidence:?}");
    assert!(
        matches!(outcome(&evidence, REVOKED), CheckOutcome::Unchecked { why } if why.contains("ends by itself in 1m"))
    );
}

#[tokio::test]
async fn a_policy_that_is_not_there_is_found() {
    let world = World::start().await;
    let (step, context) = (step(json!({"token_policies": ["apps-read", "apps-raed"]})), world.context());
    reach(&step, &context, Goal::Present).await;
    let evidence = step.verify(&context).await.unwrap();
    assert!(matches!(outcome(&evidence, "policies"), CheckOutcome::Failed { why, .. } if why.contains("`apps-raed`")));
    assert!(matches!(outcome(&evidence, LOGIN), CheckOutcome::Passed { .. }), "it logs in all the same");
}

#[tokio::test]
async fn a_policy_that_denies_what_another_allows_is_found() {
    let world = World::start().await;
    let deny = "path \"kv/data/apps/*\" { capabilities = [\"deny\"] }";
    world.write("sys/policies/acl/deny", json!({ "policy": deny })).await;
    let group = json!({"policies": ["deny"], "type": "internal"});
    let (step, context) = (step(json!({"alias_name_source": "serviceaccount_name"})), world.context());
    reach(&step, &context, Goal::Present).await;
    assert!(step.verify(&context).await.unwrap().holds());
    // The login left an entity; its group denies.
    let entities = world
        .write(
            "identity/lookup/entity",
            json!({"alias_name": "apps/operator", "alias_mount_accessor": world.accessor().await}),
        )
        .await;
    let mut group = group;
    group["member_entity_ids"] = json!([entities["data"]["id"]]);
    world.write("identity/group/name/deny", group).await;
    let before = world.tokens().await.len();
    let evidence = step.verify(&context).await.unwrap();
    assert!(
        matches!(outcome(&evidence, CAPABILITIES), CheckOutcome::Failed { why, .. } if why == "it lacks read on `kv/data/apps/*`"),
        "{evidence:?}"
    );
    assert!(
        matches!(outcome(&evidence, "token has"), CheckOutcome::Passed { seen } if seen.contains("by its identity also `deny`"))
    );
    assert!(matches!(outcome(&evidence, REVOKED), CheckOutcome::Passed { .. }));
    assert_eq!(world.tokens().await.len(), before, "the token is revoked after a check that failed, too");
}

#[tokio::test]
async fn drift_is_found() {
    let world = World::start().await;
    let (step, context) = (step(json!({"ttl": "1h"})), world.context());
    reach(&step, &context, Goal::Present).await;
    world
        .write("auth/kubernetes/role/operator", json!({"token_ttl": 60, "token_policies": ["apps-read", "more"]}))
        .await;
    let evidence = step.verify(&context).await.unwrap();
    let CheckOutcome::Failed { why, next } = outcome(&evidence, "role says") else { panic!("{evidence:?}") };
    assert!(why.contains("`token_policies` and `token_ttl` differ"), "{why}");
    assert!(next.contains("trustpath apply role"));
    world.delete("auth/kubernetes/role/operator").await;
    assert!(!step.verify(&context).await.unwrap().holds());
}

#[tokio::test]
async fn a_login_that_is_turned_away_says_why() {
    let world = World::start().await;
    let context = world.context();
    let turned_away = async |with, why: &str| {
        let step = step(with);
        reach(&step, &context, Goal::Present).await;
        let before = world.tokens().await.len();
        let evidence = step.verify(&context).await.unwrap();
        let CheckOutcome::Failed { why: said, .. } = outcome(&evidence, LOGIN) else { panic!("{why}: {evidence:?}") };
        assert!(said.contains(why), "{said}");
        assert_eq!(world.tokens().await.len(), before);
    };
    turned_away(json!({"bound_service_account_names": ["other"]}), "does not bind this ServiceAccount's name").await;
    turned_away(
        json!({"bound_service_account_namespaces": ["other"]}),
        "does not bind this ServiceAccount's namespace",
    )
    .await;
    let elsewhere = step(json!({"token_bound_cidrs": ["10.0.0.0/8"]}));
    reach(&elsewhere, &context, Goal::Present).await;
    let evidence = elsewhere.verify(&context).await.unwrap();
    let CheckOutcome::Unchecked { why } = outcome(&evidence, LOGIN) else { panic!("{evidence:?}") };
    assert!(why.contains("`token_bound_cidrs`") && why.contains("127.0.0.1"), "{why}");
    world
        .write(
            "auth/kubernetes/config",
            json!({"kubernetes_host": "https://127.0.0.1:1", "kubernetes_ca_cert": world.ca()}),
        )
        .await;
    turned_away(json!({}), "without a reason").await;
}

#[tokio::test]
async fn what_cannot_be_checked_is_unchecked() {
    let world = World::start().await;
    let step_of = |with| async {
        let step = step(with);
        reach(&step, &world.context(), Goal::Present).await;
        step
    };
    let standard = step_of(json!({"audience": "vault"})).await;
    let evidence = standard.verify(&world.context_of(&world.powerless().await)).await.unwrap();
    assert!(
        matches!(outcome(&evidence, LOGIN), CheckOutcome::Unchecked { why } if why.contains("cannot be had")),
        "{evidence:?}"
    );

    let none = standard.verify(&world.context_of("/no/such/kubeconfig")).await.unwrap();
    assert!(
        matches!(outcome(&none, LOGIN), CheckOutcome::Unchecked { why } if why.contains("cannot be had")),
        "{none:?}"
    );

    let policy = "path \"auth/kubernetes/role/*\" { capabilities = [\"read\"] }";
    world.write("sys/policies/acl/limited", json!({ "policy": policy })).await;
    let made = world.write("auth/token/create", json!({"policies": ["limited"]})).await;
    let limited = world.context_with(&world.kubeconfig(), made["auth"]["client_token"].as_str().unwrap());
    let before = world.tokens().await.len();
    let evidence = standard.verify(&limited).await.unwrap();
    assert!(matches!(outcome(&evidence, "policy `apps-read`"), CheckOutcome::Unchecked { .. }), "{evidence:?}");
    assert!(matches!(outcome(&evidence, CAPABILITIES), CheckOutcome::Unchecked { .. }), "{evidence:?}");
    assert!(
        matches!(outcome(&evidence, REVOKED), CheckOutcome::Passed { seen } if seen.contains("by itself")),
        "{evidence:?}"
    );
    assert_eq!(world.tokens().await.len(), before);
    assert!(evidence.holds());
}

#[tokio::test]
async fn a_service_account_that_is_not_there_is_found() {
    let world = World::start().await;
    let (step, context) = (step(json!({})), world.context());
    reach(&step, &context, Goal::Present).await;
    world.remove_operator().await;
    let evidence = step.verify(&context).await.unwrap();
    assert!(
        matches!(outcome(&evidence, LOGIN), CheckOutcome::Failed { why, .. } if why.contains("no ServiceAccount apps/operator"))
    );
}
