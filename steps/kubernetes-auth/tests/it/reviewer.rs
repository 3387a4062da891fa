//! Where the reviewer JWT comes from.

use serde_json::json;
use trustpath_core::{Goal, Reversibility};

use super::world::{World, make, plan, reach, refused, step};

#[tokio::test]
async fn a_rotated_file_is_drift() {
    let world = World::start().await;
    let context = world.context();
    let file = world.jwt_file("one").await;
    let step = step(json!({"reviewer": {"file": file}}));
    reach(&step, &context, Goal::Present).await;
    assert!(plan(&step, &context, Goal::Present).await.is_nothing());
    world.jwt_file("two").await;
    let drift = plan(&step, &context, Goal::Present).await;
    let paths: Vec<_> = drift.change.leaves().into_iter().map(|leaf| leaf.path).collect();
    assert_eq!(paths, ["config.reviewer", "mount.mark.reviewer"]);
    assert!(matches!(drift.reversibility, Reversibility::NeedsInput(_)));
    assert!(!step.verify(&context).await.unwrap().holds());
    make(&step, &context, &drift.change, usize::MAX).await;
    assert!(world.stored().await["config"].as_str().unwrap().contains(&world.jwt("two").await));
    assert!(step.verify(&context).await.unwrap().holds());
}

#[tokio::test]
async fn a_jwt_that_changed_since_the_plan_is_not_written() {
    let world = World::start().await;
    let context = world.context();
    let file = world.jwt_file("one").await;
    let step = step(json!({"reviewer": {"file": file}}));
    let planned = plan(&step, &context, Goal::Present).await;
    let parts = step.parts(&context, &planned.change).unwrap();
    step.apply(&context, &parts[0]).await.unwrap();
    world.jwt_file("two").await;
    let failure = step.apply(&context, &parts[1]).await.expect_err("another JWT was written");
    assert_eq!(failure.report().code.as_deref(), Some("trustpath::kubernetes_auth::reviewer_changed"));
    assert_eq!(world.config().await, None);
}

#[tokio::test]
async fn a_step_before_this_one_may_make_it() {
    let world = World::start().await;
    let context = world.context_of(None, Some("three"));
    let step = step(json!({}));
    let planned = plan(&step, &context, Goal::Present).await;
    assert!(planned.provisional);
    world.reviewer("three");
    let planned = plan(&step, &context, Goal::Present).await;
    assert!(!planned.provisional);
    make(&step, &context, &planned.change, usize::MAX).await;
    assert!(plan(&step, &context, Goal::Present).await.is_nothing());
    assert!(world.stored().await["config"].as_str().unwrap().contains(&world.jwt("three").await));
}

/// When both steps are removed and brought back, the one before this one has a new token.
#[tokio::test]
async fn a_mount_that_comes_back_takes_the_new_token_of_the_step_before_it() {
    let world = World::start().await;
    let context = world.context_of(None, Some("one"));
    let step = step(json!({}));
    reach(&step, &context, Goal::Present).await;
    let removed = reach(&step, &context, Goal::Absent).await;
    let context = world.context_of(None, Some("two"));
    reach(&step, &context, Goal::Undo(removed.into())).await;
    assert!(world.stored().await["config"].as_str().unwrap().contains(&world.jwt("two").await));
    assert!(plan(&step, &context, Goal::Present).await.is_nothing(), "the mark does not name what was written");
}

#[tokio::test]
async fn what_is_no_reviewer_is_refused() {
    let world = World::start().await;
    let context = world.context();
    let file = world.file("garbage.jwt");
    for text in ["", "garbage", "eyJhbGciOiJub25lIn0.e30."] {
        std::fs::write(&file, text).unwrap();
        let code = refused(&step(json!({"reviewer": {"file": file}})), &context, Goal::Present).await;
        assert_eq!(code, "trustpath::kubernetes_auth::reviewer_jwt", "{text}");
    }
    let gone = json!({"reviewer": {"file": world.file("gone.jwt")}});
    assert_eq!(refused(&step(gone), &context, Goal::Present).await, "trustpath::file::unreadable");
    let metadata = json!({"name": "opaque", "namespace": "default"});
    world.apply(&json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata}));
    for (name, code) in [("opaque", "other_type"), ("gone", "missing")] {
        let with = json!({"reviewer": {"secret": {"namespace": "default", "name": name}}});
        assert_eq!(refused(&step(with), &context, Goal::Present).await, format!("trustpath::secret::{code}"));
    }
    let client = json!({"reviewer": "client"});
    assert_eq!(refused(&step(client), &context, Goal::Present).await, "trustpath::kubernetes_auth::client_over_http");
}
