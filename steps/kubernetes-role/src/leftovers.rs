//! Roles on mounts of the graph that are in no step of it. Pure.

mod judged;

use std::collections::BTreeSet;

use serde_json::json;
use trustpath_core::{About, Answer, Answers, Leftover, LeftoverSearch, Leftovers, Reads, Result};
use trustpath_platform::{
    Login, Optional, Vault,
    text::clean,
    vault::{Get, OwnMounts},
};

use self::judged::{Judge, JudgedRole, ROLE};

/// Finds them: below each mount that bears the mark of the graph and the cluster, whether a step has it or not.
pub(crate) struct Roles;

/// The names of the reads of names, each with its mount.
const NAMES: &str = "roles of";

/// The type of the mounts.
const TYPE: &str = "kubernetes";

impl Leftovers for Roles {
    /// The mounts of steps are known before the first answer.
    fn reads(&self, about: &About<'_>, so_far: &Answers) -> Reads {
        let all = OwnMounts(about);
        let own = all.marked(so_far, TYPE).unwrap_or_default();
        let mounts: BTreeSet<_> = own.iter().map(String::as_str).chain(all.in_steps().into_keys()).collect();
        let list = |mount| Optional(Get::list(all.namespace(), Vault::path(["auth", mount, "role"])));
        let names = |reads: Reads, mount| reads.and(format!("{NAMES} {mount}"), list(mount));
        let reads = mounts.into_iter().fold(all.reads(), names);
        let old = old_roles(about, so_far, &own);
        let role = |path: &String| Get::new(all.namespace(), path).optional();
        let reads = old.iter().fold(reads, |reads, path| reads.and(format!("{ROLE} {path}"), role(path)));
        let judges: Vec<_> = old.iter().filter_map(|path| Judge::of(about, so_far, path)).collect();
        Judge::reads(&judges, all.namespace(), reads)
    }

    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        let own = OwnMounts(about).marked(answers, TYPE)?;
        let old = old_roles(about, answers, &own);
        let leftovers = old.into_iter().filter_map(|path| leftover(about, answers, path)).collect();
        Ok(LeftoverSearch { leftovers, notes: Vec::new() })
    }
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
    let step = OwnMounts(about).in_steps().get(mount).map(|step| (*step).to_owned());
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
