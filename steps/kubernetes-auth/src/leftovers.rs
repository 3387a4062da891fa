//! Auth mounts that bear the mark of the graph and the cluster, and are in no step. Pure.

use serde_json::{Value, json};
use trustpath_core::{About, Answers, KnownStep, Leftover, LeftoverSearch, Leftovers, Reads, Result};
use trustpath_platform::{Vault, text::clean, vault::OwnMounts};

use crate::{config::KIND, state::TYPE};

/// Finds them.
pub(crate) struct OldMounts;

impl Leftovers for OldMounts {
    fn reads(&self, about: &About<'_>, _: &Answers) -> Reads {
        OwnMounts(about).reads()
    }

    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        let (own, in_steps) = (OwnMounts(about).marked(answers, TYPE)?, OwnMounts(about).in_steps());
        let left = own.iter().filter(|path| !in_steps.contains_key(path.as_str()));
        Ok(LeftoverSearch { leftovers: left.map(|path| leftover(about, path)).collect(), notes: Vec::new() })
    }
}

/// Where a step of the kind is left, most likely the mount was its own under another path: what that knows of the
/// reviewer brings the reviewer back. Where none is, nothing does: the plan says so of a reviewer JWT that is there.
fn leftover(about: &About<'_>, path: &str) -> Leftover {
    let step = about.steps.iter().find(|step| step.uses == KIND);
    let mut with = step.map_or_else(|| json!({"reviewer": "keep"}), |step| step.with.clone());
    with["mount"] = Value::from(path);
    Leftover {
        object: clean(&Vault::path(["auth", path])),
        does: "takes logins of this cluster's ServiceAccounts".to_owned(),
        with: Some(with),
        needs: step.map(|KnownStep { needs, .. }| needs.to_vec()).unwrap_or_default(),
        needs_one_of: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use trustpath_core::{Answer, Facts, Reversibility};
    use trustpath_platform::{AuthMount, digest::Digest};

    use super::*;
    use crate::{
        config::KubernetesAuth,
        state::{Config, Reviewer, State},
        tests::facts,
    };

    fn found(uses: &str, with: &Value) -> Vec<Leftover> {
        let mut given = Facts::default();
        given.add("kubernetes-auth", AuthMount { path: "kept".into(), namespace: None });
        let (facts, needs) = (Facts::default(), ["token-reviewer".to_owned()]);
        let step = KnownStep { name: "auth", uses, with, needs: &needs, facts: &facts, given: &given };
        let mount = |mark: &str| json!({"type": "kubernetes", "description": format!("[trustpath graph={mark}]")});
        let mut mounts = json!({
            "kept/": mount("payments cluster=1"), "old/": mount("payments cluster=1"), "there/": mount("payments cluster=2"),
            "unnamed/": mount("payments"), "theirs/": mount("billing cluster=1"), "jwt/": mount("payments cluster=1"),
        });
        mounts["jwt/"]["type"] = "jwt".into();
        let mounts = (OwnMounts::MOUNTS, Answer::Found(json!({"auth": mounts})));
        let answers = [mounts, (OwnMounts::CLUSTER, Answer::Found(json!("1")))];
        let about = About { graph: "payments", steps: vec![step] };
        OldMounts.found(&about, &answers.into_iter().collect()).unwrap().leftovers
    }

    #[test]
    fn a_mount_of_this_graph_and_cluster_in_no_step_is_left() {
        let [old] = found(KIND, &json!({"mount": "kept", "reviewer": "client"})).try_into().expect("one");
        assert_eq!((old.object.as_str(), old.needs), ("auth/old", vec!["token-reviewer".to_owned()]));
        assert_eq!(old.with, Some(json!({"mount": "old", "reviewer": "client"})));
    }

    /// What reviewed cannot be brought back without its source: a removal that no one agreed to would lose it.
    #[test]
    fn where_no_step_of_the_kind_is_left_a_reviewer_jwt_would_be_lost() {
        let [old] = found("other", &Value::Null).try_into().expect("one");
        assert_eq!(old.with, Some(json!({"mount": "old", "reviewer": "keep"})));
        let step: KubernetesAuth = serde_json::from_value(old.with.expect("a configuration")).expect("a step");
        let state = |reviewer| State { config: Some(Config { reviewer, ..Config::default() }), ..State::default() };
        let undo = |reviewer| step.undo_of_removal(&facts(None), &state(reviewer));
        assert!(matches!(undo(Reviewer::Jwt(Digest::of("jwt"))), Reversibility::NeedsInput(_)));
        assert_eq!(undo(Reviewer::None), Reversibility::Full);
        let legs = step.legs(&facts(None), None, Some(&state(Reviewer::None)));
        let written: Vec<_> = legs.iter().map(|leg| leg.request.shown().path).collect();
        assert_eq!(written.last().map(String::as_str), Some("auth/old/config"), "{written:?}");
    }
}
