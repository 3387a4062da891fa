use trustpath_core::{Answer, Facts, KnownStep};
use trustpath_platform::AuthMount;

use super::*;

fn store(name: &str, role: &str) -> Value {
    let kubernetes = json!({"mountPath": "kubernetes", "role": role});
    json!({
        "metadata": {"name": name},
        "spec": {"provider": {"vault": {"path": "kv", "auth": {"kubernetes": kubernetes}}}},
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
fn what_is_in_no_step_is_left() {
    assert_eq!(found(json!([store("kept", "b")])), []);
    let [old] = found(json!([store("old", "b")])).try_into().expect("one");
    assert_eq!(
        (old.object.as_str(), old.does.as_str()),
        ("ClusterSecretStore/old", "logs in by `auth/kubernetes/role/b`")
    );
    assert_eq!(old.with, Some(json!({"name": "old", "path": "kv"})));
}

#[test]
fn its_own_role_goes_after_it_and_any_other_will_do() {
    let of = |role: &str| found(json!([store("old", role)])).remove(0).needs_one_of;
    assert_eq!(of("b"), ["role-b", "auth/kubernetes/role/b", "role-a"]);
    assert_eq!(of("gone"), ["auth/kubernetes/role/gone", "role-a", "role-b"]);
}
