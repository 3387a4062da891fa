//! Whether Vault runs in the cluster is looked up.

use serde_json::json;
use trustpath_core::Goal;

use super::world::{World, plan, refused, step};

const SERVER: &str = "http://vault.vault.svc:8200";

#[tokio::test]
async fn a_service_that_selects_pods_is_in_the_cluster() {
    let world = World::start().await;
    let context = world.context_of(Some(SERVER), None);
    let step = step(json!({}));
    let choose = "trustpath::kubernetes_auth::choose_reviewer";
    assert_eq!(refused(&step, &context, Goal::Present).await, choose);
    world.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vault"}}));
    let metadata = json!({"name": "vault", "namespace": "vault"});
    let mut service =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 8200}]}});
    world.apply(&service);
    assert_eq!(refused(&step, &context, Goal::Present).await, choose, "it selects nothing");
    service["spec"]["selector"] = json!({"app": "vault"});
    world.apply(&service);
    assert_eq!(refused(&step, &context, Goal::Present).await, choose, "it selects no pod");
    world.apply(&json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "vault-0", "namespace": "vault", "labels": {"app": "vault"}},
        "spec": {"containers": [{"name": "vault", "image": "vault"}]},
    }));
    let after = plan(&step, &context, Goal::Present).await.change.after.unwrap();
    assert_eq!(after["config"]["kubernetes_host"], "https://kubernetes.default.svc");
    assert_eq!(after["config"].get("kubernetes_ca_cert"), None);
    assert_eq!(after["config"]["reviewer"], "none");
}
