//! Mounts that another client made.

use serde_json::{Value, json};
use trustpath_core::{Goal, Reversibility};

use super::world::{World, make, plan, reach, refused, step};

async fn theirs(world: &World) {
    let config = json!({"default_lease_ttl": "17m", "max_lease_ttl": "19h", "listing_visibility": "hidden"});
    let mount = json!({"type": "kubernetes", "description": "somebody's  ", "config": config});
    world.write("sys/auth/kubernetes", mount).await;
    let config = json!({
        "kubernetes_host": format!("{}/", world.api_server()),
        "kubernetes_ca_cert": format!("# by hand\n{}\n", world.ca()),
        "token_reviewer_jwt": world.jwt("two").await,
        "issuer": "theirs",
    });
    world.write("auth/kubernetes/config", config).await;
}

fn with(file: &std::path::Path) -> Value {
    json!({
        "reviewer": {"secret": {"namespace": "default", "name": "one"}},
        "previous_reviewer": {"file": file},
        "description": "ours", "issuer": "", "tune": {"max_lease_ttl": "20h"},
    })
}

#[tokio::test]
async fn wherever_it_is_cut_off_everything_comes_back_the_jwt_too() {
    let world = World::start().await;
    let context = world.context();
    theirs(&world).await;
    let before = world.stored().await;
    let step = step(with(&world.jwt_file("two").await));
    let planned = plan(&step, &context, Goal::Present).await;
    assert!(planned.adopt);
    assert_eq!(planned.reversibility, Reversibility::Full);
    let parts = step.parts(&context, &planned.change).unwrap();
    assert_eq!(parts.len(), 3);
    for requests in 1..=parts.len() {
        let announced = make(&step, &context, &planned.change, requests).await;
        assert_ne!(world.stored().await, before);
        reach(&step, &context, Goal::Undo(announced.into())).await;
        assert_eq!(world.stored().await, before, "cut off after {requests} requests");
    }
    for requests in 0..=parts.len() {
        make(&step, &context, &planned.change, requests).await;
        reach(&step, &context, Goal::Present).await;
        let stored = world.stored().await;
        assert!(stored["config"].as_str().unwrap().contains(&world.jwt("one").await));
        assert!(plan(&step, &context, Goal::Present).await.is_nothing());
        reach(&step, &context, Goal::Undo(planned.change.clone().into())).await;
        assert_eq!(world.stored().await, before, "run again after {requests} requests");
    }
}

#[tokio::test]
async fn without_the_jwt_it_cannot_be_taken_back() {
    let world = World::start().await;
    theirs(&world).await;
    let mut with = with(std::path::Path::new("unused"));
    with.as_object_mut().unwrap().remove("previous_reviewer");
    let planned = plan(&step(with), &world.context(), Goal::Present).await;
    assert!(matches!(planned.reversibility, Reversibility::NeedsInput(what) if what.contains("previous_reviewer")));
}

#[tokio::test]
async fn what_is_equal_needs_no_adopting() {
    let world = World::start().await;
    let config = json!({
        "kubernetes_host": format!("{}/", world.api_server()),
        "kubernetes_ca_cert": format!("{}\n", world.ca()),
    });
    world.write("sys/auth/kubernetes", json!({"type": "kubernetes", "description": "somebody's"})).await;
    world.write("auth/kubernetes/config", config).await;
    let planned = plan(&step(json!({"reviewer": "vault"})), &world.context(), Goal::Present).await;
    assert!(planned.is_nothing(), "{:?}", planned.change.leaves());
}

#[tokio::test]
async fn a_mount_that_was_never_configured_is_made_anew_on_the_way_back() {
    let world = World::start().await;
    let context = world.context();
    world.write("sys/auth/kubernetes", json!({"type": "kubernetes", "description": "by hand"})).await;
    let before = world.stored().await;
    let step = step(json!({"reviewer": {"secret": {"namespace": "default", "name": "one"}}}));
    let made = plan(&step, &context, Goal::Present).await;
    assert_eq!(made.reversibility, Reversibility::Full);
    make(&step, &context, &made.change, usize::MAX).await;
    assert!(world.config().await.is_some());
    reach(&step, &context, Goal::Undo(made.change.into())).await;
    assert_eq!(world.stored().await, before);
    let role = json!({"bound_service_account_names": ["a"], "bound_service_account_namespaces": ["a"]});
    world.write("auth/kubernetes/role/theirs", role).await;
    assert!(
        matches!(plan(&step, &context, Goal::Present).await.reversibility, Reversibility::Lossy(why) if why.contains("theirs"))
    );
}

#[tokio::test]
async fn another_type_and_another_cluster_are_another_clients() {
    let world = World::start().await;
    let context = world.context();
    let step = step(json!({"reviewer": "vault"}));
    world.write("sys/auth/kubernetes", json!({"type": "approle"})).await;
    assert_eq!(refused(&step, &context, Goal::Present).await, "trustpath::kubernetes_auth::other_type");
    let evidence = step.verify(&context).await.unwrap();
    assert!(!evidence.holds());
    world.delete("sys/auth/kubernetes").await;
    theirs(&world).await;
    let config = json!({"kubernetes_host": "https://other.example.com", "kubernetes_ca_cert": world.ca()});
    world.write("auth/kubernetes/config", config).await;
    assert_eq!(refused(&step, &context, Goal::Present).await, "trustpath::kubernetes_auth::other_cluster");
}
