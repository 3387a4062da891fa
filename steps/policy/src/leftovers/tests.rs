use trustpath_core::{Facts, KnownStep};

use super::*;

fn search(names: Value, texts: Value) -> LeftoverSearch {
    among(json!({}), names, texts)
}

fn among(mounts: Value, names: Value, texts: Value) -> LeftoverSearch {
    let mut given = Facts::default();
    given.add("policy", PolicyName { name: "apps-read".into(), namespace: None });
    let step = KnownStep {
        name: "policy",
        uses: "policy",
        with: &Value::Null,
        needs: &[],
        facts: &Facts::default(),
        given: &given,
    };
    let about = About { graph: "payments", steps: vec![step] };
    let answers = [
        (NAMES, names),
        (TEXTS, texts),
        (OwnMounts::MOUNTS, json!({"auth": mounts})),
        (OwnMounts::CLUSTER, json!("1")),
    ];
    let answers = answers.map(|(name, answer)| (name, Answer::Found(answer))).into_iter().collect();
    let reads = format!("{:?}", OldPolicies.reads(&about, &answers));
    assert!(!reads.contains("apps-read") && !reads.contains("\"root\""), "{reads}");
    OldPolicies.found(&about, &answers).unwrap()
}

#[test]
fn what_bears_the_mark_and_is_in_no_step_is_left() {
    let rules = "path \"kv/data/old/*\" {\n  capabilities = [\"read\"]\n}\n";
    let text = |graph: &str| format!("# [trustpath graph={graph}]\n{rules}");
    let names = json!(["apps-read", "default", "old", "root", "theirs"]);
    let found = search(names, json!([["old", text("payments")], ["theirs", text("billing")], ["hand", rules]]));
    let [old] = &found.leftovers[..] else { panic!("{found:?}") };
    assert_eq!(
        (old.object.as_str(), old.does.as_str()),
        ("sys/policies/acl/old", "allows something on `kv/data/old/*`")
    );
    assert_eq!(old.with, Some(json!({"name": "old", "rules": text("payments")})));
    assert!(found.notes.is_empty());
}

#[test]
fn of_very_many_not_all_are_looked_at_and_that_is_told() {
    let names: Vec<_> = (0..=MOST).map(|nth| format!("p{nth}")).collect();
    let found = search(json!(names), json!([]));
    assert_eq!(found.notes, ["of 501 policies that no step makes, 500 were looked at to see what this graph has left"]);
}

/// A policy's mark names no cluster: in a file of the other one it may be in a step.
#[test]
fn where_the_graph_serves_other_clusters_policies_are_named_and_stay() {
    let texts = json!([["old", "# [trustpath graph=payments]\npath \"a\" {}\n"]]);
    let mount = |mark: &str| json!({"type": "kubernetes", "description": format!("[trustpath graph={mark}]")});
    let alone = json!({"here/": mount("payments cluster=1"), "theirs/": mount("billing cluster=2")});
    assert_eq!(among(alone, json!(["old"]), texts.clone()).leftovers.len(), 1);
    let several = json!({"here/": mount("payments cluster=1"), "there/": mount("payments cluster=2")});
    let found = among(several.clone(), json!(["old"]), texts);
    assert!(found.leftovers.is_empty());
    let [note] = &found.notes[..] else { panic!("{found:?}") };
    assert!(note.contains("`old`") && note.contains("`there`") && note.ends_with("they stay"), "{note}");
    assert!(among(several, json!(["theirs"]), json!([["theirs", ""]])).notes.is_empty());
}

/// A graph of Vault alone has no cluster to ask.
#[test]
fn the_cluster_is_asked_for_where_a_mount_of_the_graph_names_one() {
    let asks = |mark: &str| {
        let mounts = json!({"auth": {"a/": {"type": "approle", "description": format!("[trustpath graph={mark}]")}}});
        let answers = [(OwnMounts::MOUNTS, Answer::Found(mounts))].into_iter().collect();
        format!("{:?}", OldPolicies.reads(&About { graph: "payments", steps: Vec::new() }, &answers))
            .contains("ClusterUid")
    };
    assert!(asks("payments cluster=1"));
    assert!(!asks("payments") && !asks("billing cluster=1"));
}
