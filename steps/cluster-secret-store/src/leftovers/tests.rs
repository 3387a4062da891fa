use trustpath_core::{Facts, KnownStep};
use trustpath_platform::AuthMount;

use super::*;

/// A store as an apply by this manager makes it.
fn store(name: &str, manager: &str, graph: &str, role: &str) -> Value {
    let marked = json!({"f:metadata": {"f:annotations": {"f:trustpath.dev/graph": {}}}});
    json!({
        "metadata": {
            "name": name,
            "annotations": {"trustpath.dev/graph": graph},
            "managedFields": [{"manager": manager, "operation": "Apply", "fieldsV1": marked}],
        },
        "spec": {"provider": {"vault": {"path": "kv", "auth": {"kubernetes": {"mountPath": "kubernetes", "role": role}}}}},
    })
}

fn found(stores: Value) -> Vec<Leftover> {
    let mut given = Facts::default();
    for role in ["a", "b"] {
        let mount = AuthMount { path: "kubernetes".into(), namespace: None };
        given.add(&format!("role-{role}"), Login::new(mount, role));
    }
    let (facts, with) = (Facts::default(), json!({"name": "kept"}));
    let step = KnownStep { name: "store", uses: KIND, with: &with, needs: &[], facts: &facts, given: &given };
    let about = About { graph: "payments", steps: vec![step] };
    let answers = [(STORES, Answer::Found(stores))].into_iter().collect();
    Stores.found(&about, &answers).unwrap().leftovers
}

#[test]
fn what_bears_the_mark_and_is_in_no_step_is_left() {
    let theirs =
        [("kept", "trustpath", "payments"), ("theirs", "trustpath", "billing"), ("copied", "kubectl", "payments")];
    let stores: Vec<_> = theirs.map(|(name, manager, graph)| store(name, manager, graph, "b")).into();
    assert_eq!(found(json!(stores)), []);
    let [old] = found(json!([store("old", "trustpath", "payments", "b")])).try_into().expect("one");
    assert_eq!(
        (old.object.as_str(), old.does.as_str()),
        ("ClusterSecretStore/old", "logs in by `auth/kubernetes/role/b`")
    );
    assert_eq!(old.with, Some(json!({"name": "old", "path": "kv"})));
}

#[test]
fn its_own_role_goes_after_it_and_any_other_will_do() {
    let of = |role: &str| found(json!([store("old", "trustpath", "payments", role)])).remove(0).needs_one_of;
    assert_eq!(of("b"), ["role-b", "auth/kubernetes/role/b", "role-a"]);
    assert_eq!(of("gone"), ["auth/kubernetes/role/gone", "role-a", "role-b"]);
}
