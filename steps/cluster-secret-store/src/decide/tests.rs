use rstest::rstest;
use serde_json::json;
use trustpath_platform::{AuthMount, Login, ServiceAccountRef, StoreAuth, VaultServer};

use super::*;
use crate::{body::Taken, users::refers_to};

const GRAPH: &str = "standard";

fn config() -> ClusterSecretStore {
    serde_json::from_value(json!({"name": "vault-backend", "path": "kv"})).expect("a configuration")
}

fn taken() -> Taken {
    let account = ServiceAccountRef { namespace: "eso".into(), name: "operator".into() };
    let mount = AuthMount { path: "kubernetes".into(), namespace: None };
    let store = StoreAuth::by_service_account("kubernetes", ("mountPath", &mount), "r", &["serviceAccountRef"]);
    (
        Some(account),
        Login { store: Some(store), ..Login::new(mount, "r") },
        Some(VaultServer { url: Some("http://vault:8200".into()), namespace: None }),
    )
}

/// A store that is there, with all of it.
type Store = (Owned, Value);

fn try_to_make(now: Option<&Store>) -> Result<Decision<Owned>> {
    let body = config().body(&taken(), None).expect("a store");
    config().make(GRAPH, body, now.map(|(owned, live)| (owned, live)))
}

fn decided(now: Option<&Store>) -> Decision<Owned> {
    try_to_make(now).expect("a decision")
}

fn made() -> Owned {
    decided(None).to.expect("a store")
}

/// The store as somebody made it who owns everything in it.
fn theirs(change: impl FnOnce(&mut Value)) -> Store {
    let mut live = Value::Object(config().body(&taken(), None).expect("a store"));
    change(&mut live);
    live["apiVersion"] = json!("external-secrets.io/v1");
    live["metadata"]["managedFields"] = json!([{
        "manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "external-secrets.io/v1",
        "fieldsV1": {"f:spec": {"f:provider": {"f:vault": {"f:server": {}}}}},
    }]);
    (Owned::seen(&live, &config().places(&taken())), live)
}

#[test]
fn an_equal_store_of_another_client_is_nothing_to_do() {
    let now = theirs(|_| {});
    assert_eq!(decided(Some(&now)).to, Some(now.0));
}

#[test]
fn a_version_of_the_api_is_no_difference() {
    let made = made();
    assert_eq!(made.applied.get("apiVersion"), None);
    let json = serde_json::to_value(&made).expect("a state");
    assert!(!json.to_string().contains("v1beta1"));
}

#[test]
fn the_login_of_another_client_is_warned_of() {
    let now = theirs(|live| live["spec"]["provider"]["vault"]["auth"]["tokenSecretRef"] = json!({"name": "a"}));
    let notes = decided(Some(&now)).notes;
    assert_eq!(notes.len(), 1);
    assert!(notes[0].text().contains(".spec.provider.vault.auth.tokenSecretRef"), "{notes:?}");
}

#[test]
fn what_is_ours_and_goes_is_not_another_clients() {
    let mut now = theirs(|live| live["spec"]["provider"]["vault"]["namespace"] = json!("team"));
    assert_eq!(decided(Some(&now)).notes.len(), 1);
    now.0.applied.insert("spec".into(), json!({"provider": {"vault": {"namespace": "team"}}}));
    assert_eq!(decided(Some(&now)).notes, []);
}

#[rstest]
#[case("readYourWrites", 0)]
#[case("caBundle", 1)]
#[case("namespace", 1)]
fn what_only_tunes_requests_is_harmless(#[case] field: &str, #[case] expected: usize) {
    let now = theirs(|live| live["spec"]["provider"]["vault"][field] = json!("x"));
    assert_eq!(more_than(&Value::Object(config().places(&taken())), &now.1).len(), expected);
}

#[test]
fn destroy_keeps_a_store_that_is_in_use() {
    let (now, live) = (made(), Value::Null);
    let left = config().release(GRAPH, &["the ExternalSecret `a/b`".into()], (&now, &live));
    assert_eq!((left.to.as_ref(), left.ours), (Some(&now), true));
    assert!(left.notes[0].text().contains("a/b"));
    let left = config().release(GRAPH, &[], (&now, &live));
    assert_eq!((left.to, left.notes), (None, Vec::new()));
}

#[rstest]
#[case(json!({"secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault-backend"}}), true)]
#[case(json!({"secretStoreRef": {"kind": "SecretStore", "name": "vault-backend"}}), false)]
#[case(json!({"secretStoreRef": {"name": "vault-backend"}}), false)]
#[case(json!({"secretStoreRef": {"kind": "ClusterSecretStore", "name": "other"}}), false)]
#[case(json!({"dataFrom": [{"sourceRef": {"storeRef": {"kind": "ClusterSecretStore", "name": "vault-backend"}}}]}), true)]
#[case(json!({"externalSecretSpec": {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault-backend"}}}), true)]
#[case(json!({"secretStoreRefs": [{"kind": "ClusterSecretStore", "labelSelector": {"matchLabels": {"a": "b"}}}]}), true)]
fn users_are_found_wherever_they_refer_to_it(#[case] spec: Value, #[case] expected: bool) {
    assert_eq!(refers_to(&spec, "vault-backend"), expected);
}

#[test]
fn what_looks_like_a_credential_is_in_no_state() {
    let headers = json!({"X-Key": "hvs.CAESIJ1a2B3c4D5e6F7g8H9i0JkLmNoPqRsTuV", "X-Team": "payments"});
    let (_, live) = theirs(|live| live["spec"]["provider"]["vault"]["headers"] = headers.clone());
    let mut wanted = config().places(&taken());
    wanted["spec"]["provider"]["vault"]["headers"] = headers;
    let seen = serde_json::to_string(&without_credentials(Owned::seen(&live, &wanted))).expect("a state");
    assert!(seen.contains("payments") && !seen.contains("hvs."), "{seen}");
}

#[test]
fn what_others_set_is_lost_with_the_store() {
    let (_, live) = theirs(|_| {});
    let Reversibility::Lossy(why) = reversibility(&live) else { panic!("it says that it can be undone") };
    assert_eq!(why, "what kubectl-client-side-apply set on the store would be lost");
    assert_eq!(reversibility(&Value::Null), Reversibility::Full);
}

#[test]
fn a_store_on_its_way_out_is_not_written_to() {
    let now = theirs(|live| {
        live["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        live["metadata"]["finalizers"] = json!(["secretstore.externalsecrets.io/finalizer"]);
    });
    let refused = try_to_make(Some(&now)).expect_err("it was written to");
    assert!(refused.report().message.contains("secretstore.externalsecrets.io/finalizer"));
}
