use rstest::rstest;
use trustpath_platform::{AuthMount, StoreAuth};

use super::*;

fn config(with: Value) -> ClusterSecretStore {
    let mut all = json!({"name": "vault-backend", "path": "kv"});
    if let (Value::Object(all), Value::Object(with)) = (&mut all, with) {
        all.extend(with);
    }
    serde_json::from_value(all).expect("a configuration")
}

fn taken() -> Taken {
    let account = ServiceAccountRef { namespace: "external-secrets".into(), name: "external-secrets".into() };
    let mount = AuthMount { path: "kubernetes".into(), namespace: None };
    let store =
        StoreAuth::by_service_account("kubernetes", ("mountPath", &mount), "external-secrets", &["serviceAccountRef"]);
    let role = Login { mount, role: "external-secrets".into(), audience: None, store: Some(store) };
    let vault = VaultServer { url: Some("http://vault.vault.svc:8200".into()), namespace: None };
    (Some(account), role, Some(vault))
}

fn spec(with: Value, taken: &Taken) -> Value {
    config(with).body(taken, None).expect("a store")["spec"].clone()
}

fn code(with: Value, taken: &Taken, ca: Option<&str>) -> Option<String> {
    let problem = config(with).body(taken, ca).expect_err("it should be refused");
    trustpath_core::Failure::from(problem).report().code
}

/// The original manifest of the platform, as it was applied by hand.
#[test]
fn the_standard_store_is_the_one_of_the_original_manifest() {
    let expected = json!({"provider": {"vault": {
        "server": "http://vault.vault.svc:8200", "path": "kv", "version": "v2",
        "auth": {"kubernetes": {
            "mountPath": "kubernetes", "role": "external-secrets",
            "serviceAccountRef": {"name": "external-secrets", "namespace": "external-secrets"},
        }},
    }}});
    assert_eq!(spec(json!({}), &taken()), expected);
}

#[test]
fn audience_and_namespace_come_with_the_role() {
    let mut taken = taken();
    taken.1.audience = Some("vault".into());
    taken.1.mount.namespace = Some("team".into());
    let store = spec(json!({}), &taken);
    let vault = &store["provider"]["vault"];
    assert_eq!(vault["namespace"], "team");
    assert_eq!(vault["auth"]["kubernetes"]["serviceAccountRef"]["audiences"], json!(["vault"]));
    let own = spec(json!({"audiences": [], "namespace": "other"}), &taken);
    assert_eq!(own["provider"]["vault"]["namespace"], "other");
    assert_eq!(own["provider"]["vault"]["auth"]["kubernetes"]["serviceAccountRef"].get("audiences"), None);
}

/// The login goes to the namespace of the role's mount, whatever is read elsewhere; what is empty is the root namespace.
#[rstest]
#[case(None, json!({}), (None, None))]
#[case(None, json!({"namespace": "team"}), (Some("team"), Some("")))]
#[case(None, json!({"namespace": ""}), (None, None))]
#[case(Some("team"), json!({}), (Some("team"), None))]
#[case(Some("team"), json!({"namespace": "team/"}), (Some("team/"), None))]
#[case(Some("team"), json!({"namespace": "team/kv"}), (Some("team/kv"), Some("team")))]
#[case(Some("team"), json!({"namespace": ""}), (None, Some("team")))]
#[case(Some("team"), json!({"auth_namespace": "team"}), (Some("team"), Some("team")))]
#[case(Some("team"), json!({"namespace": "other", "auth_namespace": "third"}), (Some("other"), Some("third")))]
fn the_login_stays_where_the_role_is(
    #[case] home: Option<&str>,
    #[case] with: Value,
    #[case] (namespace, auth_namespace): (Option<&str>, Option<&str>),
) {
    let mut taken = taken();
    taken.1.mount.namespace = home.map(str::to_owned);
    let store = spec(with.clone(), &taken);
    let vault = &store["provider"]["vault"];
    let found = [&vault["namespace"], &vault["auth"]["namespace"]].map(Value::as_str);
    assert_eq!(found, [namespace, auth_namespace]);
    let warned = config(with).login_elsewhere(&taken);
    assert_eq!(warned.is_some(), auth_namespace == Some("third"), "{warned:?}");
}

#[test]
fn a_store_may_have_no_path() {
    let mut with = config(json!({}));
    with.path = None;
    let store = with.body(&taken(), None).expect("a store");
    assert_eq!(store["spec"]["provider"]["vault"].get("path"), None);
}

#[test]
fn what_is_configured_comes_before_what_is_handed_on() {
    let with = json!({
        "server": "https://vault.example.com", "mount_path": "k8s", "role": "other",
        "service_account": {"name": "a", "namespace": "b"}, "version": "v1",
    });
    let store = spec(with, &taken());
    let vault = &store["provider"]["vault"];
    assert_eq!(vault["server"], "https://vault.example.com");
    assert_eq!(vault["version"], "v1");
    let expected = json!({"mountPath": "k8s", "role": "other", "serviceAccountRef": {"name": "a", "namespace": "b"}});
    assert_eq!(vault["auth"]["kubernetes"], expected);
}

#[test]
fn everything_else_is_as_the_crd_names_it() {
    let with = json!({
        "controller": "one", "refresh_interval": 60, "retry_settings": {"max_retries": 3, "retry_interval": "10s"},
        "ca_provider": {"type": "ConfigMap", "name": "ca", "namespace": "vault", "key": "ca.crt"},
        "tls": {"cert_secret_ref": {"name": "a", "namespace": "b"}, "key_secret_ref": {"name": "a", "namespace": "b", "key": "c"}},
        "headers": {"X-Team": "payments"}, "read_your_writes": true, "forward_inconsistent": false,
        "conditions": [{
            "namespaces": ["a"], "namespace_regexes": ["team-.*"],
            "namespace_selector": {
                "match_labels": {"x": "1"},
                "match_expressions": [{"key": "y", "operator": "In", "values": ["2"]}, {"key": "z", "operator": "Exists"}],
            },
        }],
    });
    let store = spec(with, &taken());
    assert_eq!(store["controller"], "one");
    assert_eq!(store["refreshInterval"], 60);
    assert_eq!(store["retrySettings"], json!({"maxRetries": 3, "retryInterval": "10s"}));
    let provider = json!({"type": "ConfigMap", "name": "ca", "namespace": "vault", "key": "ca.crt"});
    let vault = &store["provider"]["vault"];
    assert_eq!(vault["caProvider"], provider);
    let tls = json!({"certSecretRef": {"name": "a", "namespace": "b"}, "keySecretRef": {"name": "a", "namespace": "b", "key": "c"}});
    assert_eq!((&vault["tls"], &vault["headers"]), (&tls, &json!({"X-Team": "payments"})));
    assert_eq!((&vault["readYourWrites"], &vault["forwardInconsistent"]), (&json!(true), &json!(false)));
    let conditions = json!([{
        "namespaces": ["a"], "namespaceRegexes": ["team-.*"],
        "namespaceSelector": {
            "matchLabels": {"x": "1"},
            "matchExpressions": [{"key": "y", "operator": "In", "values": ["2"]}, {"key": "z", "operator": "Exists"}],
        },
    }]);
    assert_eq!(store["conditions"], conditions);
}

#[test]
fn authorities_are_carried_as_base64_of_pem() {
    let pem = certificate();
    let store = config(json!({"ca_bundle": pem})).body(&taken(), Some(&pem)).expect("a store");
    let carried = store["spec"]["provider"]["vault"]["caBundle"].as_str().expect("a text");
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, carried).expect("base64");
    assert_eq!(decoded, pem.into_bytes());
}

#[test]
fn the_places_of_the_authorities_are_known_without_reading_them() {
    let store = config(json!({"ca_bundle": {"file": "/never/read.pem"}})).places(&taken());
    assert_eq!(store["spec"]["provider"]["vault"]["caBundle"], "");
}

#[rstest]
#[case(json!({"path": "kv/data"}), "data_in_path")]
#[case(json!({"server": "vault:8200"}), "server")]
#[case(json!({"server": "https://user:password@vault"}), "server")]
#[case(
    json!({"ca_bundle": "x", "ca_provider": {"type": "Secret", "name": "a", "namespace": "b", "key": "c"}}),
    "two_authorities"
)]
fn contradictions_are_refused(#[case] with: Value, #[case] expected: &str) {
    let expected = format!("trustpath::cluster_secret_store::{expected}");
    assert_eq!(code(with, &taken(), None), Some(expected));
}

#[test]
fn a_path_of_version_one_may_end_in_data() {
    assert_eq!(spec(json!({"path": "team/data", "version": "v1"}), &taken())["provider"]["vault"]["path"], "team/data");
}

#[test]
fn a_store_needs_a_server() {
    let mut taken = taken();
    taken.2 = None;
    assert_eq!(code(json!({}), &taken, None).as_deref(), Some("trustpath::cluster_secret_store::no_server"));
}

#[rstest]
#[case("")]
#[case("no certificate")]
#[case("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
#[case("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
fn garbage_is_no_authority(#[case] pem: &str) {
    let found = code(json!({"ca_bundle": pem}), &taken(), Some(pem));
    assert_eq!(found.as_deref(), Some("trustpath::cluster_secret_store::ca_bundle"));
}

fn certificate() -> String {
    rcgen::generate_simple_self_signed(["vault".to_owned()]).expect("a certificate").cert.pem()
}
