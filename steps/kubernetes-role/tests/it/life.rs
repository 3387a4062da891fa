//! Made, changed field by field, cleared, taken back.

use serde_json::{Value, json};
use trustpath_core::{Goal, Note, Op};

use super::world::{World, make, plan, reach, step};

#[tokio::test]
async fn a_role_is_made_once_and_taken_back() {
    let world = World::start().await;
    let (step, context) = (step(json!({"ttl": "1h", "audience": "vault"})), world.context());
    let first = plan(&step, &context, Goal::Present).await;
    assert!(!first.adopt);
    let made = reach(&step, &context, Goal::Present).await;
    let role = world.role().await.unwrap();
    assert_eq!(role["token_policies"], json!(["apps-read"]));
    assert_eq!(role["bound_service_account_names"], json!(["operator"]));
    assert_eq!((&role["token_ttl"], &role["audience"]), (&json!(3600), &json!("vault")));
    assert!(plan(&step, &context, Goal::Present).await.is_nothing());
    reach(&step, &context, Goal::Undo(made.clone().into())).await;
    assert_eq!(world.role().await, None);
    make(&step, &context, &made.inverse()).await;
}

#[tokio::test]
async fn every_field_is_set_and_cleared_and_comes_back() {
    let world = World::start().await;
    let context = world.context();
    let bare = step(json!({}));
    reach(&bare, &context, Goal::Present).await;
    let without = world.role().await.unwrap();
    for (key, value) in [
        ("audience", json!("vault")),
        ("alias_name_source", json!("serviceaccount_name")),
        ("bound_service_account_names", json!(["b", "operator"])),
        ("bound_service_account_namespaces", json!(["team-*", "apps"])),
        ("bound_service_account_namespace_selector", json!({"matchLabels": {"team": "apps"}})),
        ("token_policies", json!(["other", "apps-read"])),
        ("token_ttl", json!("30m")),
        ("token_max_ttl", json!("2h")),
        ("token_period", json!("10m")),
        ("token_explicit_max_ttl", json!("3h")),
        ("token_num_uses", json!(7)),
        ("token_bound_cidrs", json!(["127.0.0.1", "10.0.0.0/8"])),
        ("token_no_default_policy", json!(true)),
        ("token_strictly_bind_ip", json!(true)),
        ("token_type", json!("service")),
    ] {
        let with = step(json!({key: value}));
        let set = reach(&with, &context, Goal::Present).await;
        assert_eq!(set.op(), Op::Update, "{key}");
        assert_ne!(world.role().await.unwrap(), without, "{key} is not set");
        assert!(plan(&with, &context, Goal::Present).await.is_nothing(), "{key} does not settle");
        let changed = world.role().await.unwrap();

        let cleared = reach(&bare, &context, Goal::Present).await;
        assert_eq!(world.role().await.unwrap(), without, "{key} is not cleared");
        reach(&bare, &context, Goal::Undo(cleared.into())).await;
        assert_eq!(world.role().await.unwrap(), changed, "{key} does not come back");
        reach(&with, &context, Goal::Undo(set.into())).await;
        assert_eq!(world.role().await.unwrap(), without, "{key} is not taken back");
    }
}

#[tokio::test]
async fn a_role_with_old_names_reads_as_before() {
    let world = World::start().await;
    let context = world.context();
    let theirs = json!({
        "bound_service_account_names": "operator,other",
        "bound_service_account_namespaces": "apps",
        "policies": "theirs,Their-Other",
        "ttl": "20m",
        "max_ttl": "1h",
        "num_uses": 9,
        "period": "5m",
        "bound_cidrs": "127.0.0.0/8",
    });
    world.write("auth/kubernetes/role/operator", theirs).await;
    let before = world.role().await.unwrap();
    assert!(before.contains_key("policies") && before.contains_key("ttl"));

    let same = step(json!({
        "bound_service_account_names": ["other", "operator"], "token_policies": ["their-other", "theirs"], "ttl": 1200,
        "max_ttl": "60m", "num_uses": 9, "period": "300s", "bound_cidrs": ["127.0.0.0/8"],
    }));
    assert!(plan(&same, &context, Goal::Present).await.is_nothing(), "old names are no drift");

    for with in [json!({"ttl": "1h"}), json!({}), json!({"token_policies": ["theirs", "their-other"], "audience": "x"})]
    {
        let step = step(with);
        let made = reach(&step, &context, Goal::Present).await;
        assert!(plan(&step, &context, Goal::Present).await.is_nothing());
        assert_ne!(world.role().await.unwrap(), before);
        reach(&step, &context, Goal::Undo(made.into())).await;
        assert_eq!(world.role().await.unwrap(), before);
    }
    let step = step(json!({}));
    let removed = reach(&step, &context, Goal::Absent).await;
    assert_eq!(world.role().await, None);
    reach(&step, &context, Goal::Undo(removed.into())).await;
    assert_eq!(world.role().await.unwrap(), before);
}

#[tokio::test]
async fn a_role_is_ours_when_its_mount_is() {
    let world = World::start().await;
    let (step, context) = (step(json!({})), world.context());
    let bound = json!({"bound_service_account_names": "x", "bound_service_account_namespaces": "y"});
    world.write("auth/kubernetes/role/operator", bound).await;
    assert!(!plan(&step, &context, Goal::Present).await.adopt);
    let removal = plan(&step, &context, Goal::Absent).await;
    assert_eq!(removal.change.op(), Op::Delete);
    for description in ["", "[trustpath graph=somebody-else]", "[trustpath graph=payments cluster=another]"] {
        world.write("sys/mounts/auth/kubernetes/tune", json!({ "description": description })).await;
        assert!(plan(&step, &context, Goal::Present).await.adopt, "{description}");
        assert!(plan(&step, &context, Goal::Absent).await.is_nothing(), "{description}");
    }
}

/// What it needs may go when its own mount is another cluster's: nothing of this cluster is used there.
#[tokio::test]
async fn a_role_that_stays_says_whose_it_is_and_what_it_holds() {
    let world = World::start().await;
    let (step, context) = (step(json!({})), world.context());
    let bound = json!({"bound_service_account_names": "x", "bound_service_account_namespaces": "y"});
    world.write("auth/kubernetes/role/operator", bound).await;
    for (description, says, retains) in [
        ("", "does not bear the mark", true),
        ("[trustpath graph=payments]", "does not name the cluster", true),
        (
            "[trustpath graph=payments cluster=another]",
            "serves another cluster of this graph (kube-system another)",
            false,
        ),
    ] {
        world.write("sys/mounts/auth/kubernetes/tune", json!({ "description": description })).await;
        let left = plan(&step, &context, Goal::Absent).await;
        assert!(left.is_nothing() && left.retains == retains, "{description}: {left:?}");
        assert!(matches!(&left.notes[..], [Note::Left(why)] if why.contains(says)), "{:?}", left.notes);
    }
}

#[tokio::test]
async fn a_mount_that_is_not_there_has_no_role() {
    let world = World::start().await;
    let policy = "path \"auth/kubernetes/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }";
    world.write("sys/policies/acl/limited", json!({ "policy": policy })).await;
    let made = world.write("auth/token/create", json!({"policies": ["limited"]})).await;
    world.delete("sys/auth/kubernetes").await;
    let token = made["auth"]["client_token"].as_str().unwrap();
    for context in [world.context(), world.context_with(&world.kubeconfig(), token)] {
        let step = step(json!({}));
        assert_eq!(plan(&step, &context, Goal::Present).await.change.op(), Op::Create);
        let gone = plan(&step, &context, Goal::Absent).await;
        assert_eq!(gone.change.before, None::<Value>);
    }
}
