//! Made, found in order, taken back, removed.

use serde_json::{Value, json};
use trustpath_core::{Facts, Goal, Note, Op};
use trustpath_platform::{AuthMount, Login};

use super::world::{World, make, plan, reach, step};

fn with_secret() -> Value {
    json!({
        "reviewer": {"secret": {"namespace": "default", "name": "one"}},
        "description": "the cluster in Berlin",
        "tune": {"default_lease_ttl": "30m", "listing_visibility": "unauth", "token_type": "batch",
                 "audit_non_hmac_request_keys": ["role"]},
    })
}

#[tokio::test]
async fn a_mount_is_made_once_and_taken_back() {
    let world = World::start().await;
    let (step, context) = (step(with_secret()), world.context());
    let planned = plan(&step, &context, Goal::Present).await;
    assert_eq!((planned.change.op(), step.parts(&context, &planned.change).unwrap().len()), (Op::Create, 2));
    let made = reach(&step, &context, Goal::Present).await;
    let stored = world.stored().await;
    assert_eq!(stored["mount"]["config"]["default_lease_ttl"], 1800);
    assert_eq!(stored["mount"]["config"]["token_type"], "batch");
    let description = stored["mount"]["description"].as_str().unwrap();
    assert!(
        description.starts_with("the cluster in Berlin [trustpath graph=payments cluster=")
            && description.contains(" reviewer=sha256:"),
        "{description}"
    );
    assert!(stored["config"].as_str().unwrap().contains(&world.jwt("one").await), "the reviewer's JWT is not there");

    assert!(plan(&step, &context, Goal::Present).await.is_nothing());
    make(&step, &context, &made, usize::MAX).await;
    assert_eq!(world.stored().await, stored, "made twice is not made once");
    let jwt = world.jwt("one").await;
    assert!(!format!("{made:?}").contains(&jwt), "a secret is in the plan");

    reach(&step, &context, Goal::Undo(made.clone().into())).await;
    assert_eq!(world.stored().await, Value::Null);
    make(&step, &context, &made.inverse(), usize::MAX).await;
}

#[tokio::test]
async fn a_change_is_made_in_full_and_taken_back_to_the_letter() {
    let world = World::start().await;
    let context = world.context();
    reach(&step(with_secret()), &context, Goal::Present).await;
    let before = world.stored().await;
    let mut with = with_secret();
    with["tune"] = json!({"default_lease_ttl": 0, "listing_visibility": "hidden", "token_type": "default-service",
        "audit_non_hmac_request_keys": [], "max_lease_ttl": "2h"});
    with["issuer"] = json!("https://issuer.example.com");
    with["description"] = json!("");
    let other = step(with);
    let changed = reach(&other, &context, Goal::Present).await;
    assert_eq!(changed.op(), Op::Update);
    let stored = world.stored().await;
    assert_eq!(stored["mount"]["config"]["max_lease_ttl"], 7200);
    assert_eq!(stored["mount"]["config"].get("audit_non_hmac_request_keys"), None);
    assert!(plan(&other, &context, Goal::Present).await.is_nothing());
    reach(&other, &context, Goal::Undo(changed.into())).await;
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn a_mount_that_was_removed_comes_back_with_all_it_had() {
    let world = World::start().await;
    let (step, context) = (step(with_secret()), world.context());
    reach(&step, &context, Goal::Present).await;
    let before = world.stored().await;
    let removed = reach(&step, &context, Goal::Absent).await;
    assert_eq!((removed.op(), world.stored().await), (Op::Delete, Value::Null));
    reach(&step, &context, Goal::Undo(removed.into())).await;
    assert_eq!(world.stored().await, before);
}

/// What a step that needs this one hands on.
fn role_of(step: &str, name: &str) -> Facts {
    let mount = AuthMount { path: "kubernetes".into(), namespace: None };
    let mut facts = Facts::default();
    facts.add(step, Login::new(mount, name));
    facts
}

#[tokio::test]
async fn roles_of_others_keep_the_mount() {
    let world = World::start().await;
    let (step, context) = (step(with_secret()), world.context());
    reach(&step, &context, Goal::Present).await;
    let role = json!({"bound_service_account_names": ["a"], "bound_service_account_namespaces": ["a"]});
    world.write("auth/kubernetes/role/theirs", role.clone()).await;
    let left = plan(&step, &context, Goal::Absent).await;
    assert!(left.is_nothing() && left.retains);
    assert!(matches!(&left.notes[..], [Note::Left(why)] if why.contains("theirs")), "{:?}", left.notes);
    // A role of a step that needs this one is gone by then; here it is not, and the removal says so.
    let own = context.with_dependent_facts(role_of("app", "theirs"));
    let removal = plan(&step, &own, Goal::Absent).await;
    assert_eq!(removal.goes_with, ["app"]);
    let parts = step.parts(&own, &removal.change).unwrap();
    let failure = step.apply(&own, &parts[0]).await.expect_err("a mount with a role was removed");
    assert_eq!(failure.report().code.as_deref(), Some("trustpath::vault::mount_in_use"));
    world.write("auth/kubernetes/role/more", role).await;
    let left = plan(&step, &own, Goal::Absent).await;
    assert!(
        matches!(&left.notes[..], [Note::Left(why)] if why.ends_with("not this graph's: more")),
        "{:?}",
        left.notes
    );
}

#[tokio::test]
async fn a_mount_without_our_mark_is_left() {
    let world = World::start().await;
    world.write("sys/auth/kubernetes", json!({"type": "kubernetes"})).await;
    let planned = plan(&step(with_secret()), &world.context(), Goal::Absent).await;
    assert!(planned.is_nothing() && matches!(planned.notes[..], [Note::Left(_)]));
}
