//! As whom Vault reviews tokens.

use rstest::rstest;
use serde_json::json;
use trustpath_core::Note;

use super::*;
use crate::state::Reviewer;

fn claiming(claims: Claims) -> Making {
    sourced(Some(JwtSeen { claims, ..jwt("jwt") }))
}

#[test]
fn outside_of_the_cluster_the_reviewer_has_to_be_chosen() {
    let report = refused(json!({}), &outside(Some(ca())), None);
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::choose_reviewer"));
    assert!(report.message.contains("no Service of this cluster"), "{report:?}");
    let help = report.help.expect("help");
    for choice in
        ["reviewer = { file", "reviewer = { secret", "reviewer = \"client\"", "reviewer = \"vault\"", "token-reviewer"]
    {
        assert!(help.contains(choice), "{choice} is not among the choices");
    }
}

#[test]
fn a_given_jwt_is_marked_by_its_digest() {
    let around = sourced(Some(jwt("jwt")));
    let state = decide(json!({"reviewer": {"file": "reviewer.jwt"}}), &around, None).expect("a decision").state;
    assert_eq!(*state.reviewer(), Reviewer::Jwt(Digest::of("jwt")));
    assert!(state.description().contains(Digest::of("jwt").as_str()));
}

#[test]
fn a_jwt_that_does_not_last_is_a_warning_with_its_end() {
    let soon = Claims { expires: Some("1970-01-01T12:00:00Z".parse().expect("a time")), ..Claims::default() };
    let pod = Claims { pod: Some("vault-0".to_owned()), ..Claims::default() };
    for (claims, says) in
        [(soon, "at 1970-01-01T12:00:00Z, every login"), (pod, "the pod `vault-0` is gone, every login")]
    {
        let around = claiming(claims);
        let notes = decide(json!({"reviewer": {"file": "reviewer.jwt"}}), &around, None).expect("a decision").notes;
        assert!(matches!(&notes[..], [Note::Warning(text)] if text.contains(says)), "{notes:?}");
    }
}

#[test]
fn a_jwt_that_has_expired_is_refused() {
    let claims = Claims { expires: Some("1969-12-31T00:00:00Z".parse().expect("a time")), ..Claims::default() };
    let report = refused(json!({"reviewer": {"file": "a"}}), &claiming(claims), None);
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::reviewer_expired"));
}

#[test]
fn a_jwt_that_is_yet_to_be_made_is_known_after_apply() {
    let wanted = decide(json!({}), &sourced(None), None).expect("a decision");
    assert!(wanted.provisional);
    let shown = serde_json::to_value(&wanted.state).expect("a state");
    assert_eq!(shown["config"]["reviewer"], "known after apply");
}

#[test]
fn the_client_reviews_itself_and_never_in_the_clear() {
    let with = json!({"reviewer": "client", "ca": {"pem": ca()}});
    let around = Making { unencrypted: Some("http://vault.vault.svc:8200".to_owned()), ..inside() };
    let report = refused(with.clone(), &around, None);
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::client_over_http"));
    let wanted = decide(with, &inside(), None).expect("a decision");
    assert_eq!(
        wanted.state.config.expect("a config").held["disable_local_ca_jwt"],
        true,
        "or Vault's own token would review"
    );
    assert!(wanted.notes.iter().any(|note| note.text().contains("system:auth-delegator")));
}

#[rstest]
#[case(json!({"reviewer": "vault", "disable_local_ca_jwt": true}))]
#[case(json!({"reviewer": "client", "disable_local_ca_jwt": false}))]
#[case(json!({"disable_local_ca_jwt": true}))]
fn what_contradicts_the_reviewer_is_refused(#[case] with: Value) {
    let report = refused(with, &inside(), None);
    assert_eq!(report.code.as_deref(), Some("trustpath::kubernetes_auth::contradiction"));
}

/// A kubeconfig without a CA is one of a public authority: GKE's DNS endpoint has one.
#[rstest]
#[case(Family::Vault, json!("none"), Ok(Some(true)))]
#[case(Family::OpenBao, json!("none"), Err("OpenBao does not take that"))]
#[case(Family::Vault, json!("auto"), Err("names no certificate-authority"))]
#[case(Family::OpenBao, json!("auto"), Err("names no certificate-authority"))]
fn a_public_authority_is_believed_where_vault_has_its_own(
    #[case] family: Family,
    #[case] ca: Value,
    #[case] expected: Result<Option<bool>, &str>,
) {
    let place = outside(None).place;
    let around = Making { place, here: here(family, None), ..sourced(Some(jwt("a"))) };
    let with = json!({"reviewer": {"file": "reviewer.jwt"}, "ca": ca});
    let found = decide(with, &around, None)
        .map(|wanted| wanted.state.config.expect("a config").held["disable_local_ca_jwt"].as_bool())
        .map_err(|problem| problem.to_string());
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected),
        (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
        (found, expected) => panic!("{found:?}, and not {expected:?}"),
    }
}
