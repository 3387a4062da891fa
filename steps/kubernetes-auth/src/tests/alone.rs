//! Vault alone: the cluster is not looked at.

use rstest::rstest;
use serde_json::json;
use trustpath_core::{Answers, At, Note, Seen};

use super::*;
use crate::state::Reviewer;

fn alone() -> Making {
    let here = Here { api_server: None, ..inside().here };
    Making { here, place: VaultLocation::Unasked, ..inside() }
}

#[rstest]
#[case(json!({}))]
#[case(json!({"reviewer": "vault"}))]
fn what_is_auto_is_as_vault_has_it(#[case] with: Value) {
    for around in [inside(), outside(Some(ca()))] {
        let there = json!({"reviewer": "vault"});
        let now = decide(there, &around, None).expect("a decision").state;
        let wanted = decide(with.clone(), &alone(), Some(&now)).expect("a decision");
        assert_eq!((&wanted.state, wanted.ours), (&now, true));
        assert!(
            matches!(&wanted.notes[..], [Note::Info(text)] if text.contains("not looked at")),
            "{:?}",
            wanted.notes
        );
    }
}

/// Its JWT lies in a cluster that is not looked at: it cannot be written again.
#[test]
fn a_reviewer_of_the_cluster_stays_and_keeps_the_rest_of_the_config() {
    let secret = Some((&made()).into());
    let now = decide(json!({}), &Making { source: secret.clone(), ..sourced(Some(jwt("one"))) }, None);
    let now = now.expect("a decision").state;
    let around = Making { source: secret, ..alone() };
    let wanted = decide(json!({}), &around, Some(&now)).expect("a decision");
    assert_eq!((&wanted.state, wanted.provisional), (&now, false));
    assert_eq!(wanted.state.reviewer(), &Reviewer::Jwt(Digest::of("one")));
    let report = refused(json!({"issuer": "https://a.example.com"}), &around, Some(&now));
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::kept_differs"));
}

#[rstest]
#[case(json!({"ca": "none", "reviewer": "vault"}), "no_host")]
#[case(json!({"kubernetes_host": "https://a.example.com", "reviewer": "vault"}), "no_ca")]
#[case(json!({"kubernetes_host": "https://a.example.com", "ca": "none"}), "choose_reviewer")]
fn what_is_not_there_has_to_be_given_by_hand(#[case] with: Value, #[case] code: &str) {
    let report = refused(with, &alone(), None);
    assert_eq!(report.code, Some(format!("trustpath::kubernetes_auth::{code}")), "{}", report.message);
}

#[test]
fn all_of_it_by_hand_is_enough() {
    let with = json!({"kubernetes_host": "https://a.example.com", "ca": {"pem": ca()}, "reviewer": "client"});
    let wanted = decide(with, &alone(), None).expect("a decision");
    assert_eq!(wanted.state.mount.mark.and_then(|mark| mark.cluster).as_deref(), Some(CLUSTER));
}

#[test]
fn the_cluster_is_the_one_that_is_stated_or_else_marked() {
    let here = json!({"now": "1970-01-01T00:00:00Z", "family": "Vault", "vault": "", "api_server": null});
    let cluster = |answer: Answer, state: Option<State>| {
        let answers: Answers = [("cluster", answer), ("here", Answer::Found(here.clone()))].into_iter().collect();
        let (cx, facts) = (cx(), facts(None));
        config(json!({})).making(At { cx: &cx, facts: &facts }, &Seen { state, answers }).map(|making| making.cluster)
    };
    let marked = decide(json!({}), &inside(), None).expect("a decision").state;
    let unseen = || Answer::Refused("not looked at".to_owned());
    assert_eq!(cluster(Answer::Found("stated".into()), Some(marked.clone())).expect("a cluster"), "stated");
    assert_eq!(cluster(unseen(), Some(marked)).expect("a cluster"), CLUSTER);
    let report = cluster(unseen(), None).expect_err("it is known").report();
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes::uid_not_stated"));
    assert!(report.help.expect("a help").contains("`uid` under [connections.kubernetes]"));
}
