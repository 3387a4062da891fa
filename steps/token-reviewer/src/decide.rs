//! What should be there, and what destroy leaves. Pure.

use std::collections::BTreeMap;

use trustpath_core::{Class, Decision, Failure, Note, Problem, Result};
use trustpath_platform::{
    kubernetes::owned::{Owned, OwnedParts as _},
    text::{clean, listed},
};

use crate::config::{Names, ROLE, State};

pub(crate) fn desired(names: &Names, now: Option<&State>, graph: &str) -> Result<Decision<State>> {
    if let Some(binding) = now.and_then(|now| now.binding.as_ref()) {
        same_role(names, binding)?;
        same_subjects(names, binding, graph)?;
    }
    if let Some(secret) = now.and_then(|now| now.secret.as_ref()) {
        same_account(names, secret)?;
    }
    let wanted = names.objects().wanted(now, graph);
    let ours = now.is_some_and(|now| ours(&wanted, now, graph));
    Ok(Decision::to(State::join(wanted.map(Some)), ours))
}

/// The role of a binding cannot be changed (Kubernetes, `roleRef` is immutable), and no other role is wanted.
fn same_role(names: &Names, binding: &Owned) -> Result<()> {
    let role = binding.value(&["roleRef", "name"]).and_then(|role| role.as_str()).unwrap_or_default();
    if role == ROLE {
        return Ok(());
    }
    let message =
        format!("the ClusterRoleBinding `{}` is there, and binds the role `{role}`, not `{ROLE}`", names.binding);
    Err(taken("trustpath::token_reviewer::other_role", message, "cluster_role_binding"))
}

/// A binding that another client made for others would take the right from them.
fn same_subjects(names: &Names, binding: &Owned, graph: &str) -> Result<()> {
    let subjects = binding.value(&["subjects"]).cloned().unwrap_or_default();
    let nobody = subjects.as_array().is_none_or(Vec::is_empty);
    if nobody || binding.is_marked(graph) || names.binding_body().get("subjects") == Some(&subjects) {
        return Ok(());
    }
    let message = format!("the ClusterRoleBinding `{}` is there, and gives `{ROLE}` to others", names.binding);
    Err(taken("trustpath::token_reviewer::other_subjects", message, "cluster_role_binding"))
}

/// What a Secret is for cannot be changed (Kubernetes, `type` is immutable), and another account's token is not ours.
fn same_account(names: &Names, secret: &Owned) -> Result<()> {
    // Labels and annotations of the file may be anything: they can be changed.
    let fixed = Names { labels: BTreeMap::new(), annotations: BTreeMap::new(), ..names.clone() }.secret_body();
    let unlike = secret.unlike(&fixed);
    let Some((path, found)) = unlike.first() else { return Ok(()) };
    let found = found.map(|found| clean(&found.to_string())).unwrap_or_else(|| "not set".to_owned());
    let message = format!("the Secret `{}` is there, and holds something else: its {path} is {found}", names.secret);
    Err(taken("trustpath::token_reviewer::other_secret", message, "secret"))
}

/// An object that another client uses for something else.
fn taken(code: &'static str, message: String, key: &str) -> Failure {
    Problem::new(Class::Conflict, code, message).help(format!("choose another name with `{key}`")).into()
}

/// Whether everything that would change is marked as this graph's.
fn ours(wanted: &[Owned; 3], now: &State, graph: &str) -> bool {
    let mut pairs = wanted.iter().zip(now.clone().split());
    pairs.all(|(wanted, now)| now.is_none_or(|part| part.is_marked(graph) || *wanted == part))
}

/// Whether anything is marked as this graph's, and so is for destroy to look at.
fn partly_ours(now: &State, graph: &str) -> bool {
    now.clone().split().into_iter().flatten().any(|part| part.is_marked(graph))
}

/// What is not marked stays, and the ServiceAccount stays while somebody needs it.
pub(crate) fn retained_or_removed(names: &Names, now: &State, users: &[String], graph: &str) -> Decision<State> {
    let [account, secret, binding] = now.clone().split().map(|part| part.filter(|part| !part.is_marked(graph)));
    let mut left = State { account, secret, binding };
    let mut notes = Vec::new();
    if left != State::default() {
        notes.push(Note::Left("what another client made of the reviewer stays".into()));
    }
    if !users.is_empty() && left.account.is_none() && now.account.is_some() {
        left.account.clone_from(&now.account);
        let why = format!("the ServiceAccount `{}` is in use: {}", names.account, listed(users));
        notes.push(Note::Left(why));
    }
    Decision::to(State::join(left.split()), partly_ours(now, graph)).noting(notes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trustpath_core::Values;
    use trustpath_platform::ServiceAccountRef;

    use super::*;
    use crate::config::TokenReviewer;

    const GRAPH: &str = "standard";

    fn names() -> Names {
        let config: TokenReviewer = serde_json::from_value(json!({"name": "reviewer"})).expect("a configuration");
        let operator = ServiceAccountRef { namespace: "eso".into(), name: "operator".into() };
        config.names(Some(&operator)).expect("names")
    }

    fn made() -> State {
        desired(&names(), None, GRAPH).expect("a decision").to.expect("three objects")
    }

    /// The states that the requests lead to.
    fn waypoints(from: Option<&State>, to: Option<&State>) -> Vec<Option<State>> {
        names().legs(from, to).into_iter().map(|leg| leg.to).collect()
    }

    /// What the requests take, in words; and what trying them does.
    fn taken(from: Option<&State>, to: Option<&State>) -> [Vec<String>; 2] {
        let legs = names().legs(from, to);
        let sent = legs.iter().flat_map(|leg| leg.request.rights(Values::Known)).map(|right| right.what);
        let tried = legs.iter().flat_map(|leg| leg.request.dry_run_rights()).map(|right| right.what);
        [sent.collect(), tried.collect()]
    }

    #[test]
    fn who_binds_may_bind_this_very_role_and_the_binding_alone_is_tried() {
        let bind = "`bind` on clusterroles.rbac.authorization.k8s.io `system:auth-delegator`".to_owned();
        let [sent, tried] = taken(None, Some(&made()));
        assert!(sent.contains(&bind) && tried.contains(&bind), "{sent:?} {tried:?}");
        assert!(tried.iter().all(|right| right.contains("clusterrole")), "{tried:?}");
        let [removed, tried] = taken(Some(&made()), None);
        assert!(!removed.contains(&bind) && tried.is_empty(), "{removed:?} {tried:?}");
    }

    #[test]
    fn names_follow_from_the_account_and_the_step_that_is_needed() {
        let names = names();
        assert_eq!(names.account.to_string(), "eso/reviewer");
        assert_eq!((names.secret.as_str(), names.binding.as_str()), ("reviewer-token", "reviewer"));
        let config: TokenReviewer = serde_json::from_value(json!({"name": "reviewer"})).expect("a configuration");
        assert_eq!(config.names(None), None);
    }

    #[test]
    fn it_is_bound_to_the_one_role_and_to_nothing_else() {
        let body = serde_json::to_value(names().binding_body()).expect("JSON");
        assert_eq!(body["roleRef"]["name"], "system:auth-delegator");
        assert_eq!(body["subjects"], json!([{"kind": "ServiceAccount", "name": "reviewer", "namespace": "eso"}]));
    }

    #[test]
    fn labels_and_annotations_are_on_all_three_and_take_nothing_from_the_secret() {
        let with = json!({"name": "reviewer", "labels": {"team": "a"}, "annotations": {
            "owner": "b", "kubernetes.io/service-account.name": "another"}});
        let config: TokenReviewer = serde_json::from_value(with).expect("a configuration");
        let names = config.names(Some(&names().account)).expect("names");
        let bodies = [names.account_body(), names.secret_body(), names.binding_body()];
        for body in &bodies {
            assert_eq!(body["metadata"]["labels"], json!({"team": "a"}));
            assert_eq!(body["metadata"]["annotations"]["owner"], "b");
        }
        assert_eq!(bodies[1]["metadata"]["annotations"]["kubernetes.io/service-account.name"], "reviewer");
        assert!(desired(&names, Some(&made()), GRAPH).is_ok(), "a Secret without them was refused");
    }

    #[test]
    fn a_binding_to_another_role_is_a_conflict() {
        let mut body = names().binding_body();
        body["roleRef"]["name"] = "cluster-admin".into();
        let now = State { binding: Some(Owned::made(body)), ..State::default() };
        let refused = desired(&names(), Some(&now), GRAPH).expect_err("another role was taken over").report();
        assert_eq!(refused.code.as_deref(), Some("trustpath::token_reviewer::other_role"));
    }

    #[test]
    fn what_others_use_under_the_same_names_is_a_conflict() {
        let mut binding = names().binding_body();
        binding["subjects"][0]["name"] = "somebody".into();
        let now = State { binding: Some(Owned::made(binding.clone())), ..State::default() };
        let refused = desired(&names(), Some(&now), GRAPH).expect_err("the right was taken from others").report();
        assert_eq!(refused.code.as_deref(), Some("trustpath::token_reviewer::other_subjects"));
        binding["metadata"]["annotations"] = json!({"trustpath.dev/graph": GRAPH});
        let ours = State { binding: Some(Owned::made(binding)), ..State::default() };
        assert!(desired(&names(), Some(&ours), GRAPH).is_ok(), "what somebody changed on ours is put right");

        for (path, other) in [("/type", "Opaque"), ("/metadata/annotations/kubernetes.io~1service-account.name", "x")] {
            let mut secret = serde_json::Value::Object(names().secret_body());
            *secret.pointer_mut(path).expect("a field") = other.into();
            let secret = secret.as_object().cloned().expect("an object");
            let now = State { secret: Some(Owned::made(secret)), ..State::default() };
            let refused = desired(&names(), Some(&now), GRAPH).expect_err("a Secret was taken over").report();
            assert_eq!(refused.code.as_deref(), Some("trustpath::token_reviewer::other_secret"));
        }
    }

    #[test]
    fn the_right_comes_last_and_goes_first() {
        let way = waypoints(None, Some(&made()));
        let last_but_one = way[1].as_ref().expect("a state");
        assert_eq!(way.len(), 3);
        assert!(last_but_one.secret.is_some() && last_but_one.binding.is_none());
        let back = waypoints(Some(&made()), None);
        assert!(back[0].as_ref().is_some_and(|state| state.binding.is_none() && state.secret.is_some()));
        assert_eq!(back.last(), Some(&None));
        assert_eq!(waypoints(Some(&made()), Some(&made())), []);
    }

    #[test]
    fn what_was_made_is_ours_and_settles() {
        let now = made();
        assert!(partly_ours(&now, GRAPH));
        assert!(!partly_ours(&now, "another"));
        let settled = desired(&names(), Some(&now), GRAPH).expect("a decision");
        assert_eq!((settled.to.as_ref(), settled.ours), (Some(&now), true));
        let left = retained_or_removed(&names(), &now, &[], GRAPH);
        assert_eq!((left.to, left.notes), (None, Vec::new()));
    }

    #[test]
    fn what_is_in_use_or_another_clients_stays() {
        let unmarked = Owned::made(names().secret_body());
        let now = State { secret: Some(unmarked.clone()), ..made() };
        let kept = retained_or_removed(&names(), &now, &["the pod `a` runs as it".into()], GRAPH);
        let state = kept.to.expect("something stays");
        assert_eq!((state.secret, state.account, state.binding), (Some(unmarked), now.account, None));
        assert_eq!(kept.notes.len(), 2);
    }
}
