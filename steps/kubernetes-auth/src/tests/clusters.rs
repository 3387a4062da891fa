//! Which cluster a config is about.

use rstest::rstest;
use serde_json::json;
use trustpath_core::{Class, Note};
use trustpath_platform::{mark::Mark, vault::Family};

use super::*;
use crate::state::{CA, HOST, Reviewer};

/// What an apply for another cluster of this graph has made, with its own CA.
fn of_another_cluster() -> State {
    let around = Making { cluster: "that-cluster".to_owned(), ..outside(Some(ca())) };
    let mut state = decide(json!({"reviewer": "vault"}), &around, None).expect("a decision").state;
    put(&mut state, HOST, "https://that.example.com:6443");
    state
}

fn put(state: &mut State, key: &str, value: &str) {
    state.config.as_mut().expect("a config").held.insert(key.to_owned(), json!(value));
}

fn without_cluster(mut state: State) -> State {
    state.mount.mark = state.mount.mark.map(|mark| Mark { cluster: None, ..mark });
    state
}

fn adopt(with: Value, around: &Making, now: &State) -> Result<Wanted, Problem> {
    config(with).wants((&cx(), true), around, Some(now)).map(Wanted::from)
}

#[test]
fn a_vault_of_this_cluster_uses_what_its_pod_has() {
    let state = decide(json!({}), &inside(), None).expect("a decision").state;
    let config = state.config.expect("a config");
    assert_eq!((config.text(HOST), config.text(CA)), ("https://kubernetes.default.svc", ""));
    assert_eq!(config.held["disable_local_ca_jwt"], false);
    assert_eq!(config.reviewer, Reviewer::None);
    let mark = state.mount.mark.expect("a mark");
    assert_eq!((mark.graph.as_str(), mark.cluster.as_deref()), (GRAPH, Some(CLUSTER)));
}

#[test]
fn any_other_vault_gets_the_kubeconfigs_server_and_ca() {
    let ca = ca();
    let state = decide(json!({"reviewer": "vault"}), &outside(Some(ca.clone())), None).expect("a decision").state;
    let config = state.config.expect("a config");
    assert_eq!((config.text(HOST), config.text(CA)), ("https://api.example.com:6443", &*ca));
}

#[test]
fn a_loopback_server_is_a_warning() {
    let mut around = outside(Some(ca()));
    around.here.api_server.as_mut().expect("a server").url = "https://127.0.0.1:6443".to_owned();
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
    let openbao = Making { here: here(Family::OpenBao, None), ..inside() };
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

    put(&mut now, CA, &mine);
    put(&mut now, HOST, "https://other.example.com");
    let report = refused(with.clone(), &outside(Some(mine.clone())), Some(&now));
    assert!(report.message.contains("https://other.example.com"), "{report:?}");
    assert!(report.help.expect("help").contains("mount = "));

    let ours = decide(with.clone(), &outside(Some(mine.clone())), None).expect("a decision").state;
    now.mount.mark = ours.mount.mark;
    assert!(decide(with, &outside(Some(mine)), Some(&now)).is_ok(), "what is ours may move");
}

/// Equal or not: a config that suits both clusters reaches one of them.
#[test]
fn a_mount_of_another_cluster_of_this_graph_is_that_clusters() {
    let with = json!({"reviewer": "vault"});
    let there = of_another_cluster();
    let mut equal = decide(with.clone(), &outside(Some(ca())), None).expect("a decision").state;
    equal.mount.mark.clone_from(&there.mount.mark);
    for now in [there, equal] {
        let around = outside(Some(ca()));
        let report = refused(with.clone(), &around, Some(&now));
        assert_eq!(report.class, Class::Conflict);
        assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::other_cluster"));
        assert!(report.message.contains("that-cluster") && report.message.contains(CLUSTER), "{report:?}");
        let help = report.help.expect("help");
        assert!(help.contains("`mount = \"kubernetes-b\"`") && help.contains("--adopt auth"), "{help}");
    }
}

#[test]
fn a_cluster_that_was_built_anew_takes_its_mount_over_by_consent() {
    let now = of_another_cluster();
    let around = outside(Some(ca()));
    let wanted = adopt(json!({"reviewer": "vault"}), &around, &now).expect("a decision");
    assert_eq!(wanted.state.mount.mark.as_ref().expect("a mark").cluster.as_deref(), Some(CLUSTER));
    assert_eq!(wanted.state.config.expect("a config").text(HOST), "https://api.example.com:6443");
    let said: Vec<_> = wanted.notes.iter().map(Note::text).collect();
    let shows = ["that-cluster", "https://that.example.com:6443", CLUSTER, "https://api.example.com:6443"];
    assert!(shows.iter().all(|word| said.concat().contains(word)), "{said:?}");
    assert!(!wanted.ours, "it asks for consent");
}

/// Made by a version that did not write the cluster: its config says whose it is.
#[test]
fn a_mark_without_a_cluster_is_completed_where_the_config_is_about_this_one() {
    let with = json!({"reviewer": "vault"});
    let mine = ca();
    let around = outside(Some(mine.clone()));
    let made = decide(with.clone(), &around, None).expect("a decision").state;
    let now = without_cluster(made.clone());
    let wanted = decide(with.clone(), &around, Some(&now)).expect("a decision");
    assert_eq!((&wanted.state, wanted.ours, wanted.notes), (&made, true, Vec::new()));

    let other = without_cluster(of_another_cluster());
    let report = refused(with.clone(), &around, Some(&other));
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::other_cluster"));
    let taken = adopt(with, &around, &other).expect("a decision");
    assert!(!taken.ours);
    assert_eq!(taken.state.mount.mark.expect("a mark").cluster.as_deref(), Some(CLUSTER));
}

#[test]
fn destroy_leaves_what_is_not_known_to_serve_this_cluster() {
    let ours = decide(json!({}), &inside(), None).expect("a decision").state;
    let released = |now: &State| removed(&cx(), Answer::Found(json!([])), now);
    assert_eq!(released(&ours).to, None);
    for (now, says) in [
        (of_another_cluster(), "serves another cluster of this graph (kube-system that-cluster)"),
        (without_cluster(ours), "does not name the cluster"),
    ] {
        let released = released(&now);
        assert_eq!(released.to.as_ref(), Some(&now));
        assert!(matches!(&released.notes[..], [Note::Left(why)] if why.contains(says)), "{:?}", released.notes);
    }
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
    put(&mut now, HOST, "https://API.example.com:6443/");
    put(&mut now, CA, &format!("# by hand\n{ca}\n"));
    put(&mut now, "from_the_future", "1");
    assert_eq!(decide(with, &around, Some(&now)).expect("a decision").state, now);
}

#[test]
fn a_mount_of_another_type_is_another_clients() {
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

/// As tutorials set it up, with a CA of this cluster and a JWT that no one knows.
fn by_a_tutorial(host: &str, ca: &str) -> State {
    let with = json!({"reviewer": "vault", "kubernetes_host": host, "ca": {"pem": ca}});
    let mut state = decide(with, &outside(Some(ca.to_owned())), None).expect("a decision").state;
    state.mount.mark = None;
    state
}

#[rstest]
#[case("https://kubernetes")]
#[case("https://kubernetes.default")]
#[case("https://kubernetes.default.svc:443/")]
#[case("https://kubernetes.default.svc.cluster.local")]
#[case("https://10.96.0.1:443")]
#[case("https://api.example.com:6443/")]
fn every_address_of_this_cluster_with_a_ca_in_common_is_this_cluster(#[case] host: &str) {
    let (mine, theirs) = (ca(), ca());
    let around = |ca: &str| {
        let live = json!({"spec": {"clusterIP": "10.96.0.1"}});
        let answers = [(ApiService::READ, Answer::Found(live))].into_iter().collect();
        Making { api_service: ApiService::answered(&answers).expect("a Service"), ..outside(Some(ca.to_owned())) }
    };
    let now = by_a_tutorial(host, &mine);
    let wanted = decide(json!({"reviewer": "vault"}), &around(&mine), Some(&now)).expect("this cluster");
    assert!(!wanted.ours, "what bears no mark was taken over without being asked");
    let bundle = by_a_tutorial(host, &format!("{theirs}\n{mine}"));
    assert!(decide(json!({"reviewer": "vault"}), &around(&mine), Some(&bundle)).is_ok(), "one CA in common is enough");
    let other = refused(json!({"reviewer": "vault"}), &around(&theirs), Some(&now));
    assert_eq!(other.code.as_deref(), Some("trustpath::kubernetes_auth::other_cluster"));
    // Where Vault runs in the cluster, all of the cluster's own names mean the same.
    let inside = Making { place: VaultLocation::Inside, ..around(&mine) };
    let with = json!({"reviewer": "vault", "ca": {"pem": mine}});
    let kept = decide(with, &inside, Some(&now)).expect("this cluster").state;
    if !host.contains("api.example.com") {
        assert_eq!(kept.config, now.config);
    }
}
