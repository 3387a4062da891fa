//! Auth mounts that bear the mark of the graph and the cluster, and are in no step. Pure.

use serde_json::{Value, json};
use trustpath_core::{About, Answers, KnownStep, Leftover, LeftoverSearch, Leftovers, Reads, Result};
use trustpath_platform::{
    AuthMount, Vault, VaultServer,
    kubernetes::ClusterUid,
    text::clean,
    vault::{Get, Mounts},
};

use crate::{KIND, state::TYPE};

/// Finds them.
pub(crate) struct OldMounts;

const MOUNTS: &str = "mounts";
const CLUSTER: &str = "cluster";

impl Leftovers for OldMounts {
    fn reads(&self, about: &About<'_>, _: &Answers) -> Reads {
        let mounts = Get::new(namespace(about), "sys/internal/ui/mounts").optional();
        Reads::none().and(MOUNTS, mounts).and(CLUSTER, ClusterUid)
    }

    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        let (mounts, cluster) = (answers.get::<Mounts>(MOUNTS)?, answers.get::<String>(CLUSTER)?);
        let (Some(mounts), Some(cluster)) = (mounts, cluster) else { return Ok(LeftoverSearch::default()) };
        let is_in_step = |path: &str| {
            let mut of_steps = about.given::<AuthMount>();
            of_steps.any(|(_, mount)| mount.path == path && mount.namespace.as_deref() == namespace(about))
        };
        let left = mounts.auth_of(TYPE, about.graph, &cluster).filter(|path| !is_in_step(path));
        Ok(LeftoverSearch { leftovers: left.map(|path| leftover(about, path)).collect(), notes: Vec::new() })
    }
}

fn namespace<'a>(about: &'a About<'_>) -> Option<&'a str> {
    about.ambient::<VaultServer>()?.namespace.as_deref()
}

/// Where a step of the kind is left, most likely the mount was its own under another path: what that knows of the
/// reviewer brings the reviewer back.
fn leftover(about: &About<'_>, path: &str) -> Leftover {
    let step = about.steps.iter().find(|step| step.uses == KIND);
    let mut with = step.map_or_else(|| json!({}), |step| step.with.clone());
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
    use trustpath_core::{Answer, Facts};

    use super::*;

    fn found(with: &Value) -> Vec<Leftover> {
        let mut given = Facts::default();
        given.add("kubernetes-auth", AuthMount { path: "kept".into(), namespace: None });
        let (facts, needs) = (Facts::default(), ["token-reviewer".to_owned()]);
        let step = KnownStep { name: "auth", uses: KIND, with, needs: &needs, facts: &facts, given: &given };
        let mount = |mark: &str| json!({"type": "kubernetes", "description": format!("[trustpath graph={mark}]")});
        let mut mounts = json!({
            "kept/": mount("payments cluster=1"), "old/": mount("payments cluster=1"), "there/": mount("payments cluster=2"),
            "unnamed/": mount("payments"), "theirs/": mount("billing cluster=1"), "jwt/": mount("payments cluster=1"),
        });
        mounts["jwt/"]["type"] = "jwt".into();
        let answers = [(MOUNTS, Answer::Found(json!({"auth": mounts}))), (CLUSTER, Answer::Found(json!("1")))];
        let about = About { graph: "payments", steps: vec![step] };
        OldMounts.found(&about, &answers.into_iter().collect()).unwrap().leftovers
    }

    #[test]
    fn a_mount_of_this_graph_and_cluster_in_no_step_is_left() {
        let [old] = found(&json!({"mount": "kept", "reviewer": "client"})).try_into().expect("one");
        assert_eq!((old.object.as_str(), old.needs), ("auth/old", vec!["token-reviewer".to_owned()]));
        assert_eq!(old.with, Some(json!({"mount": "old", "reviewer": "client"})));
    }
}
