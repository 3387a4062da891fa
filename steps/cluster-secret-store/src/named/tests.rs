use std::collections::BTreeMap;

use rstest::rstest;
use serde_json::{Value, json};
use trustpath_platform::{AuthMount, Login};

use super::*;

fn config(with: Value) -> ClusterSecretStore {
    let mut all = json!({"name": "vault-backend", "path": "kv", "server": "http://vault.vault.svc"});
    all.as_object_mut().expect("fields").extend(with.as_object().expect("fields").clone());
    serde_json::from_value(all).expect("a configuration")
}

fn taken() -> Taken {
    (None, Login::new(AuthMount { path: "kubernetes".into(), namespace: None }, "r"), None)
}

fn notes(with: Value, answer: (&str, Answer)) -> Vec<(bool, String)> {
    let notes = config(with).missing(&taken(), &[answer].into_iter().collect()).expect("notes");
    notes.into_iter().map(|note| (matches!(note, Note::Warning(_)), note.text().to_owned())).collect()
}

#[rstest]
#[case(Answer::Found(json!(["a", "ca.crt"])), None)]
#[case(Answer::Found(json!(["a"])), Some((true, "the ConfigMap eso/ca has no key `ca.crt`, which `ca_provider` names")))]
#[case(Answer::Nothing, Some((true, "the ConfigMap eso/ca is not there, which")))]
#[case(Answer::Refused("forbidden".into()), Some((false, "whether the ConfigMap eso/ca of `ca_provider` is there was not seen: forbidden")))]
fn an_object_without_its_key_is_missing(#[case] answer: Answer, #[case] expected: Option<(bool, &str)>) {
    let with = json!({"ca_provider": {"type": "ConfigMap", "name": "ca", "namespace": "eso", "key": "ca.crt"}});
    let found = notes(with, ("ca_provider", answer));
    match (&found[..], expected) {
        ([], None) => {}
        ([(warns, text)], Some((expected, begins))) => {
            assert!(*warns == expected && text.starts_with(begins), "{text}")
        }
        (found, _) => panic!("{found:?}"),
    }
}

#[test]
fn a_client_certificate_is_looked_for_under_its_own_keys() {
    let secret = json!({"name": "client", "namespace": "eso"});
    let with = json!({"tls": {"cert_secret_ref": secret, "key_secret_ref": secret}});
    let has_none = || Answer::Found(json!([]));
    for (by, key) in [("tls.cert_secret_ref", "tls.crt"), ("tls.key_secret_ref", "tls.key")] {
        let found = notes(with.clone(), (by, has_none()));
        assert!(
            found.len() == 1
                && found[0].1.starts_with(&format!("the Secret eso/client has no key `{key}`, which `{by}`")),
            "{found:?}"
        );
    }
}

fn mount(path: &str, kind: &str, version: Option<&str>) -> Answer {
    let options = version.map(|version| BTreeMap::from([("version".to_owned(), version.to_owned())]));
    let mount = Mount { kind: kind.into(), options, ..Mount::default() };
    Answer::Found(json!((path, mount)))
}

#[rstest]
#[case("kv", "v2", mount("kv", "kv", Some("2")), "")]
#[case("kv", "v1", mount("kv", "kv", Some("1")), "")]
#[case("kv", "v1", mount("kv", "kv", None), "")]
#[case("kv", "v1", mount("kv", "generic", None), "")]
#[case("kv/apps", "v1", mount("kv", "kv", None), "")]
#[case("kv", "v1", mount("kv", "kv", Some("2")), "version = \"v2\"")]
#[case("kv", "v2", mount("kv", "kv", None), "version = \"v1\"")]
#[case("kv/apps", "v2", mount("kv", "kv", Some("2")), "path = \"kv\", and `apps/` before")]
#[case("pki", "v2", mount("pki", "pki", None), "of the type `pki`")]
#[case("kv", "v2", Answer::Nothing, "there is no secrets engine at `kv`")]
#[case("kv", "v2", Answer::Refused("no".into()), "not seen: no")]
fn the_mount_is_held_against_path_and_version(
    #[case] path: &str,
    #[case] version: &str,
    #[case] answer: Answer,
    #[case] expected: &str,
) {
    let found = notes(json!({"path": path, "version": version}), ("path", answer));
    assert_eq!(found.is_empty(), expected.is_empty(), "{found:?}");
    assert!(
        found.iter().all(|(warns, text)| text.contains(expected) && *warns != text.contains("not seen")),
        "{found:?}"
    );
}

#[test]
fn the_address_is_told_as_it_was_found() {
    let found = notes(json!({}), (SERVER, Answer::Found(json!("there is no Service a/b"))));
    assert_eq!(
        found,
        [(true, "the operator finds nothing at `http://vault.vault.svc`: there is no Service a/b".to_owned())]
    );
    let unseen = notes(json!({}), (SERVER, Answer::Refused("no".into())));
    assert_eq!(unseen, [(false, "whether anything is at `http://vault.vault.svc` was not seen: no".to_owned())]);
    assert_eq!(notes(json!({}), (SERVER, Answer::Nothing)), []);
}
