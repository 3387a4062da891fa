//! What both servers have to allow.

use serde_json::{Value, json};
use trustpath_core::{At, Intent, Managed, Right, Seen, Values};

use super::{config, cx, decide, facts, inside, jwt, made, sourced};
use crate::{Taken, config::KubernetesAuth, making::Making, state::State};

fn at<T>(facts: &Taken, work: impl FnOnce(At<'_, Taken>) -> T) -> T {
    work(At { cx: &cx(), facts })
}

/// The rights of each request on the way.
fn sends(auth: &KubernetesAuth, facts: &Taken, from: Option<&State>, to: Option<&State>) -> Vec<Vec<Right>> {
    let legs = at(facts, |at| auth.route(at, from, to)).expect("a way");
    legs.iter().map(|leg| leg.request.rights(Values::Known)).collect()
}

fn proves(with: Value) -> Vec<String> {
    let rights = at(&facts(None), |at| config(with).reads(at, Intent::Verify, None::<&Seen<State>>).rights());
    rights.into_iter().map(|right| right.what).collect()
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
    let auth = config(json!({}));
    let on_mount = |capability: &str| format!("`{capability}` on `sys/auth/kubernetes`");
    let made = sends(&auth, &facts(None), None, Some(&to));
    let looked = "`read` on `sys/auth`".to_owned();
    assert_eq!(words(&made[0]), [on_mount("update"), on_mount("sudo"), looked]);
    assert_eq!(words(&made[1]), ["`update` on `auth/kubernetes/config`"]);
    let roles = "`list` on `auth/kubernetes/role`".to_owned();
    let removed = sends(&auth, &facts(None), Some(&to), None);
    assert_eq!(words(&removed[0]), [on_mount("delete"), on_mount("sudo"), roles]);
    let tuned = wants(json!({"tune": {"default_lease_ttl": "17m"}}), &inside());
    let tuning = sends(&auth, &facts(None), Some(&to), Some(&tuned)).remove(0);
    assert_eq!(words(&tuning), ["`update` on `sys/mounts/auth/kubernetes/tune`"]);
    assert_eq!(sent(&tuning, "`update` on `sys/mounts/auth/kubernetes/tune`", "default_lease_ttl")["this"], "1020");
}

#[test]
fn a_reviewer_jwt_is_never_pinned_and_a_digest_that_is_not_known_neither() {
    let auth = config(json!({}));
    let known = wants(json!({}), &sourced(Some(jwt("eyJ.a.jwt"))));
    let configured = sends(&auth, &facts(Some(made())), None, Some(&known)).remove(1);
    let config_path = "`update` on `auth/kubernetes/config`";
    assert_eq!(sent(&configured, config_path, "token_reviewer_jwt")["any"], "it is a secret");
    // A JWT that is made anew after this one was removed has another digest.
    assert!(sent(&configured, "`update` on `sys/mounts/auth/kubernetes/tune`", "description")["any"].is_string());
    assert!(words(&configured).contains(&"`get` on secrets `reviewer-token` in `eso`"));

    let unknown = wants(json!({}), &sourced(None));
    let enabled = sends(&auth, &facts(Some(made())), None, Some(&unknown)).remove(0);
    assert!(sent(&enabled, "`update` on `sys/auth/kubernetes`", "description")["any"].is_string());
    // A destroy that is taken back will need it, and what it will have removed is planned by this very state.
    let configured = sends(&auth, &facts(Some(made())), None, Some(&unknown)).remove(1);
    assert!(words(&configured).contains(&"`update` on `sys/mounts/auth/kubernetes/tune`"));
}

#[test]
fn a_jwt_is_shown_as_a_placeholder() {
    let to = wants(json!({}), &sourced(Some(jwt("eyJ.a.jwt"))));
    let legs = at(&facts(Some(made())), |at| config(json!({})).route(at, None, Some(&to))).expect("a way");
    let shown: Vec<_> = legs.iter().map(|leg| leg.request.shown()).collect();
    let lines: Vec<_> = shown.iter().map(|shown| format!("{} {}", shown.method, shown.path)).collect();
    assert_eq!(lines, ["POST sys/auth/kubernetes", "POST auth/kubernetes/config"]);
    let jwt = shown[1].body["token_reviewer_jwt"].as_str().expect("a placeholder");
    assert!(jwt.starts_with("<the reviewer JWT sha256:") && jwt.ends_with('>'), "{jwt}");
}

#[test]
fn where_vault_is_is_looked_for_only_where_something_depends_on_it() {
    let mounts = "`read` on `sys/auth`";
    let uid = "`get` on namespaces `kube-system`";
    let service = [mounts, uid, "`get` on services `vault` in `vault`", "`list` on pods in `vault`"];
    assert_eq!(proves(json!({})), service);
    let said = json!({"kubernetes_host": "https://x", "ca": "none", "reviewer": "vault"});
    assert_eq!(proves(said), [mounts, uid]);
}
