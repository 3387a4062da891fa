//! What `verify` shows.

use serde_json::json;
use trustpath_core::{CheckOutcome, Goal};

use super::world::{World, outcome, reach, step};

#[tokio::test]
async fn a_mount_that_works_is_proven() {
    let world = World::start().await;
    let context = world.context();
    let step = step(json!({"reviewer": {"secret": {"namespace": "default", "name": "one"}}}));
    assert!(!step.verify(&context).await.unwrap().holds(), "there is nothing");
    reach(&step, &context, Goal::Present).await;
    let evidence = step.verify(&context).await.unwrap();
    for check in ["mounted", "graph file", "CA", "review"] {
        assert!(matches!(outcome(&evidence, check), CheckOutcome::Passed { .. }), "{evidence:?}");
    }
    assert!(!format!("{evidence:?}").contains(&world.jwt("one").await));
}

#[tokio::test]
async fn a_reviewer_that_may_not_review_is_seen() {
    let world = World::start().await;
    world.token_of("powerless");
    let context = world.context();
    let step = step(json!({"reviewer": {"secret": {"namespace": "default", "name": "powerless"}}}));
    reach(&step, &context, Goal::Present).await;
    let evidence = step.verify(&context).await.unwrap();
    assert!(
        matches!(outcome(&evidence, "review"), CheckOutcome::Failed { next, .. } if next.contains("auth-delegator"))
    );
}

#[tokio::test]
async fn a_ca_that_is_not_the_servers_is_seen() {
    let world = World::start().await;
    let context = world.context();
    let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let other = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem();
    let with = json!({"reviewer": {"secret": {"namespace": "default", "name": "one"}}, "ca": {"pem": other}});
    let step = step(with);
    reach(&step, &context, Goal::Present).await;
    let evidence = step.verify(&context).await.unwrap();
    assert!(matches!(outcome(&evidence, "CA"), CheckOutcome::Failed { .. }), "{evidence:?}");
}

#[tokio::test]
async fn what_somebody_changed_is_seen() {
    let world = World::start().await;
    let context = world.context();
    let step =
        step(json!({"reviewer": {"secret": {"namespace": "default", "name": "one"}}, "tune": {"max_lease_ttl": "1h"}}));
    reach(&step, &context, Goal::Present).await;
    world.write("sys/mounts/auth/kubernetes/tune", json!({"max_lease_ttl": "2h"})).await;
    let evidence = step.verify(&context).await.unwrap();
    let CheckOutcome::Failed { why, next } = outcome(&evidence, "graph file") else { panic!("drift went unseen") };
    assert!(why.contains("mount.tune.max_lease_ttl") && next == "trustpath apply auth", "{why}");
}

#[tokio::test]
async fn what_cannot_be_seen_from_here_is_unchecked() {
    let world = World::start().await;
    let context = world.context();
    let with =
        json!({"reviewer": "vault", "kubernetes_host": "https://kubernetes.default.svc", "ca": {"pem": world.ca()}});
    let step = step(with);
    reach(&step, &context, Goal::Present).await;
    let evidence = step.verify(&context).await.unwrap();
    assert!(evidence.holds());
    for check in ["CA", "review"] {
        assert!(matches!(outcome(&evidence, check), CheckOutcome::Unchecked { .. }), "{evidence:?}");
    }
}
