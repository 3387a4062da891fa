//! What both servers have to allow.

use serde_json::{Value, json};
use trustpath_core::{Act, Right};
use trustpath_platform::{ReviewerSecret, ServiceAccountRef, VaultServer};

use super::{config, decide, inside, outside};
use crate::{
    Taken,
    state::{Digest, State},
    surroundings::{Found, Making},
};

fn facts(reviewer: Option<ReviewerSecret>) -> Taken {
    (VaultServer { url: Some("http://vault.vault.svc:8200".into()), namespace: None }, reviewer)
}

fn made() -> ReviewerSecret {
    let service_account = ServiceAccountRef { namespace: "eso".into(), name: "reviewer".into() };
    ReviewerSecret { namespace: "eso".into(), name: "reviewer-token".into(), service_account }
}

fn words(rights: &[Right]) -> Vec<&str> {
    rights.iter().map(|right| right.what.as_str()).collect()
}

fn wants(with: Value, around: &Making) -> State {
    decide(with, around, None).expect("a decision").state
}

/// What is sent as one parameter.
fn sent<'a>(rights: &'a [Right], what: &str, parameter: &str) -> &'a Value {
    let right = rights.iter().find(|right| right.what == what).expect("the right");
    &right.grant["sent"][parameter]
}

#[test]
fn sudo_is_for_the_mount_itself_and_not_for_its_tuning() {
    let to = wants(json!({}), &inside());
    let mounted = State { config: None, ..to.clone() };
    let auth = config(json!({}));
    let needs = |now, to| auth.needs(&facts(None), Act::Write(now, to));
    let on_mount = |capability: &str| format!("`{capability}` on `sys/auth/kubernetes`");
    assert_eq!(words(&needs(None, Some(&mounted))), ["update", "sudo"].map(on_mount));
    let roles = "`list` on `auth/kubernetes/role`".to_owned();
    assert_eq!(words(&needs(Some(&to), None)), [on_mount("delete"), on_mount("sudo"), roles]);
    assert_eq!(words(&needs(Some(&mounted), Some(&to))), ["`update` on `auth/kubernetes/config`"]);
    let tuned = wants(json!({"tune": {"default_lease_ttl": "17m"}}), &inside());
    let tuning = needs(Some(&to), Some(&tuned));
    assert_eq!(words(&tuning), ["`update` on `sys/mounts/auth/kubernetes/tune`"]);
    assert_eq!(sent(&tuning, "`update` on `sys/mounts/auth/kubernetes/tune`", "default_lease_ttl")["this"], "1020");
}

#[test]
fn a_reviewer_jwt_is_never_pinned_and_a_digest_that_is_not_known_neither() {
    let auth = config(json!({}));
    let digest = Digest::of("eyJ.a.jwt");
    let jwt = Found::Jwt { digest, claims: Default::default(), origin: "a file".into() };
    let known = wants(json!({}), &Making { reviewer: jwt, ..outside(Some(super::ca())) });
    let mounted = State { config: None, ..known.clone() };
    let configured = auth.needs(&facts(Some(made())), Act::Write(Some(&mounted), Some(&known)));
    let config_path = "`update` on `auth/kubernetes/config`";
    assert_eq!(sent(&configured, config_path, "token_reviewer_jwt")["any"], "it is a secret");
    // A JWT that is made anew after this one was removed has another digest.
    assert!(sent(&configured, "`update` on `sys/mounts/auth/kubernetes/tune`", "description")["any"].is_string());
    assert!(words(&configured).contains(&"`get` on secrets `reviewer-token` in `eso`"));

    let unknown = wants(json!({}), &Making { reviewer: Found::NotYet, ..outside(Some(super::ca())) });
    let mounted = State { config: None, ..unknown };
    let enabled = auth.needs(&facts(Some(made())), Act::Write(None, Some(&mounted)));
    assert!(sent(&enabled, "`update` on `sys/auth/kubernetes`", "description")["any"].is_string());
}

#[test]
fn where_vault_is_is_looked_for_only_where_something_depends_on_it() {
    let uid = "`get` on namespaces `kube-system`";
    let service = [uid, "`get` on services `vault` in `vault`", "`list` on pods in `vault`"];
    assert_eq!(words(&config(json!({})).needs(&facts(None), Act::Prove(None))), service);
    let said = json!({"kubernetes_host": "https://x", "ca": "none", "reviewer": "vault"});
    assert_eq!(words(&config(said).needs(&facts(None), Act::Prove(None))), [uid]);
}
