//! What should be there, what destroy leaves, and the requests on the way. Pure.

use std::collections::BTreeMap;

use trustpath_core::{Class, Note, Problem, Released, Result};
use trustpath_platform::{
    kubernetes::owned::Owned,
    text::{clean, listed},
};

use crate::{
    State,
    config::{Names, ROLE},
};

pub(crate) fn desired(names: &Names, now: Option<&State>, graph: &str) -> Result<State> {
    let now = now.cloned().unwrap_or_default();
    if let Some(binding) = &now.binding {
        same_role(names, binding)?;
        same_subjects(names, binding, graph)?;
    }
    if let Some(secret) = &now.secret {
        same_account(names, secret)?;
    }
    Ok(State {
        account: Some(Owned::wanting(now.account.as_ref(), names.account_body(), graph)),
        secret: Some(Owned::wanting(now.secret.as_ref(), names.secret_body(), graph)),
        binding: Some(Owned::wanting(now.binding.as_ref(), names.binding_body(), graph)),
    })
}

/// The role of a binding cannot be changed (Kubernetes, `roleRef` is immutable), and no other role is wanted.
fn same_role(names: &Names, binding: &Owned) -> Result<()> {
    let role = binding.value(&["roleRef", "name"]).and_then(|role| role.as_str()).unwrap_or_default();
    if role == ROLE {
        return Ok(());
    }
    let message =
        format!("the ClusterRoleBinding `{}` is there, and binds the role `{role}`, not `{ROLE}`", names.binding);
    Err(Problem::new(Class::Conflict, "trustpath::token_reviewer::other_role", message)
        .help("choose another name with `cluster_role_binding`")
        .into())
}

/// A binding that somebody else made for others would take the right from them.
fn same_subjects(names: &Names, binding: &Owned, graph: &str) -> Result<()> {
    let subjects = binding.value(&["subjects"]).cloned().unwrap_or_default();
    let nobody = subjects.as_array().is_none_or(Vec::is_empty);
    if nobody || binding.is_marked(graph) || names.binding_body().get("subjects") == Some(&subjects) {
        return Ok(());
    }
    let message = format!("the ClusterRoleBinding `{}` is there, and gives `{ROLE}` to others", names.binding);
    Err(Problem::new(Class::Conflict, "trustpath::token_reviewer::other_subjects", message)
        .help("choose another name with `cluster_role_binding`")
        .into())
}

/// What a Secret is for cannot be changed (Kubernetes, `type` is immutable), and another account's token is not ours.
fn same_account(names: &Names, secret: &Owned) -> Result<()> {
    // Labels and annotations of the file may be anything: they can be changed.
    let fixed = Names { labels: BTreeMap::new(), annotations: BTreeMap::new(), ..names.clone() }.secret_body();
    let unlike = secret.unlike(&fixed);
    let Some((path, found)) = unlike.first() else { return Ok(()) };
    let found = found.map(|found| clean(&found.to_string())).unwrap_or_else(|| "not set".to_owned());
    let message = format!("the Secret `{}` is there, and holds something else: its {path} is {found}", names.secret);
    Err(Problem::new(Class::Conflict, "trustpath::token_reviewer::other_secret", message)
        .help("choose another name with `secret`")
        .into())
}

/// Whether everything that would change is marked as this graph's.
pub(crate) fn ours(wanted: &State, now: &State, graph: &str) -> bool {
    let mut pairs = wanted.parts().into_iter().zip(now.parts());
    pairs.all(|(wanted, now)| now.as_ref().is_none_or(|part| part.is_marked(graph) || wanted.as_ref() == Some(part)))
}

/// Whether anything is marked as this graph's, and so is for destroy to look at.
pub(crate) fn partly_ours(now: &State, graph: &str) -> bool {
    now.parts().into_iter().flatten().any(|part| part.is_marked(graph))
}

/// What is not marked stays, and the ServiceAccount stays while somebody needs it.
pub(crate) fn released(names: &Names, now: &State, users: &[String], graph: &str) -> Released<State> {
    let mut left = now.clone();
    let mut notes = Vec::new();
    for part in left.parts_mut() {
        *part = part.take().filter(|part| !part.is_marked(graph));
        if part.is_some() {
            notes.push(Note::Left("what somebody else made of the reviewer stays".into()));
        }
    }
    if !users.is_empty() && left.account.is_none() && now.account.is_some() {
        left.account.clone_from(&now.account);
        let why = format!("the ServiceAccount `{}` is in use: {}", names.account, listed(users));
        notes.push(Note::Left(why));
    }
    notes.dedup();
    Released { state: left.there(), notes }
}

/// The states on the way, one object apart: the right to review comes last, and goes first.
pub(crate) fn waypoints(from: Option<&State>, to: Option<&State>) -> Vec<Option<State>> {
    let (from, to) = (from.cloned().unwrap_or_default(), to.cloned().unwrap_or_default());
    let mut at = from.clone();
    let mut way = Vec::new();
    for part in [0, 1, 2] {
        for owned in made_or_changed(from.parts()[part].as_ref(), to.parts()[part].as_ref()) {
            *at.parts_mut()[part] = Some(owned);
            way.push(at.clone());
        }
    }
    for part in [2, 1, 0] {
        if from.parts()[part].is_some() && to.parts()[part].is_none() {
            *at.parts_mut()[part] = None;
            way.push(at.clone());
        }
    }
    way.into_iter().map(State::there).collect()
}

fn made_or_changed(from: Option<&Owned>, to: Option<&Owned>) -> Vec<Owned> {
    match (from, to) {
        (_, None) => Vec::new(),
        (None, Some(to)) => vec![to.clone()],
        (Some(from), Some(to)) if from == to => Vec::new(),
        (Some(from), Some(to)) => from.waypoints(to),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trustpath_platform::ServiceAccountRef;

    use super::*;
    use crate::TokenReviewer;

    const GRAPH: &str = "standard";

    fn names() -> Names {
        let config: TokenReviewer = serde_json::from_value(json!({"name": "reviewer"})).expect("a configuration");
        let operator = ServiceAccountRef { namespace: "eso".into(), name: "operator".into() };
        config.names(Some(&operator)).expect("names")
    }

    fn made() -> State {
        desired(&names(), None, GRAPH).expect("a decision")
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
        assert!(ours(&made(), &now, GRAPH) && partly_ours(&now, GRAPH));
        assert!(!partly_ours(&now, "another"));
        assert_eq!(desired(&names(), Some(&now), GRAPH).expect("a decision"), now);
        assert_eq!(released(&names(), &now, &[], GRAPH), Released::all());
    }

    #[test]
    fn what_is_in_use_or_somebody_elses_stays() {
        let unmarked = Owned::made(names().secret_body());
        let now = State { secret: Some(unmarked.clone()), ..made() };
        let kept = released(&names(), &now, &["the pod `a` runs as it".into()], GRAPH);
        let state = kept.state.expect("something stays");
        assert_eq!((state.secret, state.account, state.binding), (Some(unmarked), now.account, None));
        assert_eq!(kept.notes.len(), 2);
    }
}
