//! Roles on mounts of the graph that are in no step of it. Pure.

mod judged;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::ServiceAccount;
use serde_json::json;
use trustpath_core::{About, Answer, Answers, Leftover, LeftoverSearch, Leftovers, Reads, Result};
use trustpath_platform::{
    AuthMount, Login, Optional, Vault, VaultServer,
    kubernetes::{ClusterUid, Live, ObjectRef},
    text::clean,
    vault::{Get, Mounts},
};

use self::judged::{Judge, JudgedRole};

/// Finds them: below each mount that bears the mark of the graph and the cluster, whether a step has it or not.
pub(crate) struct Roles;

/// The names of the reads, the last four each with what it is about.
const MOUNTS: &str = "mounts";
const CLUSTER: &str = "cluster";
const NAMES: &str = "roles of";
const ROLE: &str = "role";
const POLICY: &str = "policy";
const ACCOUNT: &str = "ServiceAccount";

impl Leftovers for Roles {
    /// The mounts of steps are known before the first answer.
    fn reads(&self, about: &About<'_>, so_far: &Answers) -> Reads {
        let namespace = namespace(about);
        let get = |path: String| Get::new(namespace, path).optional();
        let reads = Reads::none().and(MOUNTS, get("sys/internal/ui/mounts".into())).and(CLUSTER, ClusterUid);
        let own = own_mounts(about, so_far).unwrap_or_default();
        let mounts: BTreeSet<_> = own.iter().map(String::as_str).chain(steps(about).into_keys()).collect();
        let list = |mount| Optional(Get::list(namespace, Vault::path(["auth", mount, "role"])));
        let reads = mounts.into_iter().fold(reads, |reads, mount| reads.and(format!("{NAMES} {mount}"), list(mount)));
        let old = old_roles(about, so_far, &own);
        let reads = old.iter().fold(reads, |reads, path| reads.and(format!("{ROLE} {path}"), get(path.clone())));
        let judges: Vec<_> = old.iter().filter_map(|path| Judge::of(about, so_far, path)).collect();
        let policies: BTreeSet<_> = judges.iter().flat_map(Judge::unknown_policies).collect();
        let path = |name: &str| Vault::path(["sys/policies/acl", name]);
        let reads =
            policies.into_iter().fold(reads, |reads, name| reads.and(format!("{POLICY} {name}"), get(path(name))));
        let accounts: BTreeSet<_> = judges.iter().flat_map(Judge::unknown_accounts).collect();
        accounts.into_iter().fold(reads, |reads, account| {
            let at = ObjectRef::namespaced::<ServiceAccount>(&account.namespace, &account.name);
            reads.and(format!("{ACCOUNT} {account}"), Optional(Live(at)))
        })
    }

    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        let own = own_mounts(about, answers)?;
        let old = old_roles(about, answers, &own);
        let leftovers = old.into_iter().filter_map(|path| leftover(about, answers, path)).collect();
        Ok(LeftoverSearch { leftovers, notes: Vec::new() })
    }
}

fn namespace<'a>(about: &'a About<'_>) -> Option<&'a str> {
    about.ambient::<VaultServer>()?.namespace.as_deref()
}

/// The mounts of steps, by their paths, each with its step.
fn steps<'a>(about: &'a About<'_>) -> BTreeMap<&'a str, &'a str> {
    let mounts = about.given::<AuthMount>().filter(|(_, mount)| mount.namespace.as_deref() == namespace(about));
    mounts.map(|(step, mount)| (mount.path.as_str(), step)).collect()
}

/// The paths of the mounts that bear the mark.
fn own_mounts(about: &About<'_>, answers: &Answers) -> Result<Vec<String>> {
    let (mounts, cluster) = (answers.get::<Mounts>(MOUNTS)?, answers.get::<String>(CLUSTER)?);
    let (Some(mounts), Some(cluster)) = (mounts, cluster) else { return Ok(Vec::new()) };
    Ok(mounts.auth_of("kubernetes", about.graph, &cluster).map(str::to_owned).collect())
}

/// The paths of the roles on them that no step makes.
fn old_roles(about: &About<'_>, answers: &Answers, mounts: &[String]) -> Vec<String> {
    let of_steps: BTreeSet<_> =
        about.given::<Login>().map(|(_, login)| (login.mount.path.as_str(), &login.role)).collect();
    let is_old = |mount: &str, name: &String| !of_steps.contains(&(mount, name));
    let of = |mount: &String| {
        let names: Vec<String> = answers.get(&format!("{NAMES} {mount}")).ok().flatten().unwrap_or_default();
        let old = names.into_iter().filter(|name| is_old(mount, name));
        old.map(|name| Vault::path(["auth", mount, "role", &name])).collect::<Vec<_>>()
    };
    mounts.iter().flat_map(of).collect()
}

/// What there is at the path of an old role; nothing, where that went meanwhile.
fn leftover(about: &About<'_>, answers: &Answers, path: String) -> Option<Leftover> {
    let (mount, name) = path.strip_prefix("auth/")?.rsplit_once("/role/")?;
    let verdict = match answers.answer(&format!("{ROLE} {path}"))? {
        Answer::Found(_) => Judge::of(about, answers, &path)?.verdict(answers),
        Answer::Refused(why) => JudgedRole::unsure(format!("it may not be read: {why}")),
        Answer::Nothing | Answer::Failed(_) => return None,
    };
    let step = steps(about).get(mount).map(|step| (*step).to_owned());
    Some(Leftover {
        object: clean(&path),
        does: verdict.does,
        with: verdict.is_certain.then(|| json!({"name": name})),
        needs: verdict.needs,
        needs_one_of: vec![step.unwrap_or_else(|| clean(&Vault::path(["auth", mount])))],
    })
}

#[cfg(test)]
mod tests;
