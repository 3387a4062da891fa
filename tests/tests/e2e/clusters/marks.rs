//! Whose a mount is.

use std::sync::Arc;

use serde_json::{Value, json};
use trustpath_tests::{pair::Pair, program::Program, view};

use super::another;

const MOUNT: &str = "sys/auth/kubernetes";

async fn uid(pair: &Pair) -> String {
    let system = pair.kubernetes.get("api/v1/namespaces/kube-system").await.expect("a namespace");
    system["metadata"]["uid"].as_str().expect("a uid").to_owned()
}

async fn description(pair: &Pair) -> String {
    let mount = pair.vault.get(MOUNT).await.expect("a mount");
    mount["data"]["description"].as_str().expect("a description").to_owned()
}

fn mentions_its_own_mount(said: &str) {
    assert!(said.contains("`mount = \"kubernetes-b\"`"), "{said}");
}

/// What the files say suits the first cluster and the second: the mount is the first one's all the same.
pub(crate) async fn the_same_files_do_not_take_a_mount_away(pair: Arc<Pair>) {
    let b = another(&pair).await;
    let (of_a, of_b) = (Program::on(&pair), Program::on(&b));
    of_a.ok(&["apply", "--yes"]).await;
    let cluster = format!(" cluster={} ", uid(&pair).await);
    assert!(description(&pair).await.contains(&cluster), "{}", description(&pair).await);
    let (made, empty) = (view::snapshot(&pair).await, view::kubernetes(&b.kubernetes).await);
    for arguments in [&["apply", "--yes"][..], &["apply", "role", "--yes"], &["apply", "kubernetes-auth", "--yes"]] {
        let refused = of_b.fails(6, arguments).await;
        mentions_its_own_mount(&refused.stderr);
        for shown in [uid(&pair).await, uid(&b).await] {
            assert!(refused.stderr.contains(&shown), "{}", refused.stderr);
        }
    }
    let proven = of_b.fails(11, &["verify", "kubernetes-auth"]).await;
    let said = proven.stdout + &proven.stderr;
    mentions_its_own_mount(&said);
    assert!(!said.contains("trustpath apply") && !said.contains("--adopt"), "{said}");
    let left = of_b.ok(&["destroy", "--yes"]).await;
    assert!(left.stdout.contains("serves another cluster of this graph"), "{}", left.stdout);
    assert!(
        left.stdout.contains("`auth/kubernetes/role/external-secrets`") || left.stdout.contains("`role` stays"),
        "{}",
        left.stdout
    );
    view::assert_same(&made, &view::snapshot(&pair).await, "another cluster has changed something");
    view::assert_same(&empty, &view::kubernetes(&b.kubernetes).await, "a refused run has made something");
    of_a.ok(&["verify"]).await;
    // What the other cluster has of its own goes, whatever is there for the first one.
    of_b.ok(&["apply", "service-account", "--yes"]).await;
    of_b.ok(&["destroy", "--yes"]).await;
    view::assert_same(&empty, &view::kubernetes(&b.kubernetes).await, "what no one uses was left");
    view::assert_same(&made, &view::snapshot(&pair).await, "another cluster has changed something");
    of_a.ok(&["destroy", "--yes"]).await;
}

/// Same files, another uid: by consent, with both clusters shown, and back again.
pub(crate) async fn a_cluster_that_was_built_anew_takes_its_mount_over(pair: Arc<Pair>) {
    let b = another(&pair).await;
    let (of_a, of_b) = (Program::on(&pair), Program::on(&b));
    of_a.ok(&["apply", "--yes"]).await;
    let before = view::snapshot(&pair).await;
    let previous = format!("steps.kubernetes-auth.with.previous_reviewer.file={}", pair.reviewer_jwt().display());
    let adopt = ["--adopt", "kubernetes-auth", "--set", &previous];
    let planned = of_b.ok(&[&["plan"][..], &adopt].concat()).await;
    for shown in [
        uid(&pair).await,
        uid(&b).await,
        pair.kubernetes_proxy.address().to_string(),
        b.kubernetes_proxy.address().to_string(),
    ] {
        assert!(planned.stdout.contains(&shown), "{shown} is not in:\n{}", planned.stdout);
    }
    of_b.ok(&[&["apply", "--yes"][..], &adopt].concat()).await;
    of_b.ok(&["verify"]).await;
    let lost = of_a.fails(11, &["verify"]).await;
    let said = lost.stdout + &lost.stderr;
    mentions_its_own_mount(&said);
    assert!(!said.contains("trustpath apply kubernetes-auth") && !said.contains("--adopt"), "{said}");
    of_b.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
    of_a.ok(&["verify"]).await;
    of_a.ok(&["destroy", "--yes"]).await;
}

/// Earlier versions wrote no cluster: the config says whose the mount is.
pub(crate) async fn a_mark_of_an_earlier_version_is_completed(pair: Arc<Pair>) {
    let b = another(&pair).await;
    let (of_a, of_b) = (Program::on(&pair), Program::on(&b));
    of_a.ok(&["apply", "--yes"]).await;
    let made = view::snapshot(&pair).await;
    let earlier = description(&pair).await.replace(&format!(" cluster={}", uid(&pair).await), "");
    pair.vault.post("sys/mounts/auth/kubernetes/tune", &json!({"description": earlier})).await;
    let old = view::snapshot(&pair).await;
    of_a.ok(&["verify"]).await;
    mentions_its_own_mount(&of_b.fails(6, &["apply", "--yes"]).await.stderr);
    let left = of_b.ok(&["destroy", "--yes"]).await;
    assert!(left.stdout.contains("does not name the cluster"), "{}", left.stdout);
    view::assert_same(&old, &view::snapshot(&pair).await, "a mount that may be another's was taken apart");
    let left = of_a.ok(&["destroy", "--yes"]).await;
    assert!(left.stdout.contains("does not name the cluster"), "{}", left.stdout);
    for held in ["auth/kubernetes/role/external-secrets", "sys/policies/acl/apps-read"] {
        assert!(pair.vault.get(held).await.is_some(), "{held}: {}", left.stdout);
    }
    of_a.fails(2, &["plan", "--detailed-exitcode"]).await;
    of_a.ok(&["apply", "--yes"]).await;
    view::assert_same(&made, &view::snapshot(&pair).await, "the mark was not completed, or more was done");
    let planned: Value =
        serde_json::from_str(&of_a.ok(&["plan", "--output", "json"]).await.stdout).expect("a document");
    assert_eq!(planned["summary"]["nothing"], 5, "{planned}");
    of_a.ok(&["destroy", "--yes"]).await;
}
