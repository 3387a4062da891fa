//! Which cluster a config is about.

use rstest::rstest;
use serde_json::json;
use trustpath_core::{Class, Note};
use trustpath_platform::vault::Family;

use super::*;
use crate::state::Reviewer;

#[test]
fn a_vault_of_this_cluster_uses_what_its_pod_has() {
    let state = decide(json!({}), &inside(), None).expect("a decision").state;
    let config = state.config.expect("a config");
    assert_eq!(config.kubernetes_host, "https://kubernetes.default.svc");
    assert_eq!(config.kubernetes_ca_cert, "");
    assert!(!config.disable_local_ca_jwt);
    assert_eq!(config.reviewer, Reviewer::None);
    assert_eq!(state.mount.mark.expect("a mark").graph, GRAPH);
}

#[test]
fn any_other_vault_gets_the_kubeconfigs_server_and_ca() {
    let ca = ca();
    let state = decide(json!({"reviewer": "vault"}), &outside(Some(ca.clone())), None).expect("a decision").state;
    let config = state.config.expect("a config");
    assert_eq!((config.kubernetes_host.as_str(), config.kubernetes_ca_cert), ("https://api.example.com:6443", ca));
}

#[test]
fn a_loopback_server_is_a_warning() {
    let mut around = outside(Some(ca()));
    around.api_server.as_mut().expect("a server").url = "https://127.0.0.1:6443".to_owned();
    let wanted = decide(json!({"reviewer": "vault"}), &around, None).expect("a decision");
    assert!(wanted.notes.iter().any(|note| matches!(note, Note::Warning(text) if text.contains("kubernetes_host"))));
    let with = json!({"reviewer": "vault", "kubernetes_host": "https://127.0.0.1:6443"});
    assert!(decide(with, &around, None).expect("a decision").notes.is_empty());
}

#[test]
fn a_kubeconfig_without_a_ca_leaves_it_to_the_user() {
    let report = refused(json!({"reviewer": "vault"}), &outside(None), None);
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::no_ca"));
}

#[test]
fn what_openbao_does_not_take_is_refused_before_it_is_asked() {
    let openbao = Making { family: Family::OpenBao, ..inside() };
    let with = json!({"use_annotations_as_alias_metadata": true});
    assert_eq!(refused(with, &openbao, None).code.as_deref(), Some("trustpath::kubernetes_auth::unknown_to_openbao"));
    let with = json!({"kubernetes_host": "https://a", "ca": "none", "reviewer": "client"});
    assert_eq!(refused(with.clone(), &openbao, None).code.as_deref(), Some("trustpath::kubernetes_auth::no_ca"));
    assert!(decide(with, &inside(), None).is_ok());
}

#[rstest]
#[case("garbage")]
#[case("")]
fn a_ca_that_is_none_is_refused(#[case] pem: &str) {
    let report = refused(json!({"ca": {"pem": pem}}), &inside(), None);
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::ca"));
}

#[test]
fn a_config_of_another_cluster_is_not_taken_over() {
    let (mine, theirs) = (ca(), ca());
    let with = json!({"reviewer": "vault"});
    let mut now = decide(with.clone(), &outside(Some(theirs)), None).expect("a decision").state;
    now.mount.mark = None;
    let report = refused(with.clone(), &outside(Some(mine.clone())), Some(&now));
    assert_eq!(report.class, Class::Conflict);
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::other_cluster"));

    now.config.as_mut().expect("a config").kubernetes_ca_cert.clone_from(&mine);
    now.config.as_mut().expect("a config").kubernetes_host = "https://other.example.com".to_owned();
    let report = refused(with.clone(), &outside(Some(mine.clone())), Some(&now));
    assert!(report.message.contains("https://other.example.com"), "{report:?}");
    assert!(report.help.expect("help").contains("mount = "));

    let ours = decide(with.clone(), &outside(Some(mine.clone())), None).expect("a decision").state;
    now.mount.mark = ours.mount.mark;
    assert!(decide(with, &outside(Some(mine)), Some(&now)).is_ok(), "what is ours may move");
}

#[test]
fn what_is_equal_in_meaning_keeps_its_spelling() {
    let ca = ca();
    let with = json!({"reviewer": "vault", "description": "d", "tune": {"listing_visibility": "hidden", "max_lease_ttl": 0,
        "passthrough_request_headers": ["A", "B"]}});
    let around = outside(Some(ca.clone()));
    let mut now = decide(with.clone(), &around, None).expect("a decision").state;
    now.mount.mark = None;
    now.mount.tune.insert("passthrough_request_headers".to_owned(), json!(["B", "A"]));
    let config = now.config.as_mut().expect("a config");
    config.kubernetes_host = "https://API.example.com:6443/".to_owned();
    config.kubernetes_ca_cert = format!("# by hand\n{ca}\n");
    config.other.insert("from_the_future".to_owned(), json!(1));
    assert_eq!(decide(with, &around, Some(&now)).expect("a decision").state, now);
}

#[test]
fn a_mount_of_another_type_is_somebody_elses() {
    let mut now = decide(json!({}), &inside(), None).expect("a decision").state;
    now.mount.kind = "approle".to_owned();
    let report = refused(json!({}), &inside(), Some(&now));
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::other_type"));
    assert!(report.message.contains("`approle`"), "{report:?}");
}

#[test]
fn a_mark_is_not_for_the_description() {
    let report = refused(json!({"description": "x [trustpath graph=other]"}), &inside(), None);
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::description"));
}
