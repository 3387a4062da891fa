//! Stores that bear the mark of the graph, and are in no step of it. Pure.

use serde_json::{Value, json};
use trustpath_core::{About, Answers, Leftover, LeftoverSearch, Leftovers, Reads, Result};
use trustpath_platform::{Login, Optional, Vault, kubernetes::MarkedObjects, text::clean};

use crate::{config::KIND, request::STORE};

/// Finds them.
pub(crate) struct Stores;

const STORES: &str = "ClusterSecretStores";

impl Leftovers for Stores {
    fn reads(&self, about: &About<'_>, _: &Answers) -> Reads {
        Reads::none().and(STORES, Optional(MarkedObjects::served(STORE, about.graph)))
    }

    fn found(&self, about: &About<'_>, answers: &Answers) -> Result<LeftoverSearch> {
        let stores: Vec<Value> = answers.get(STORES)?.unwrap_or_default();
        let is_in_step = |name: &str| about.steps.iter().any(|step| step.uses == KIND && step.with["name"] == name);
        let left = stores.iter().filter_map(|live| Some((live["metadata"]["name"].as_str()?, live)));
        let left = left.filter(|(name, _)| !is_in_step(name));
        let leftovers = left.map(|(name, live)| leftover(about, name, &live["spec"]["provider"]["vault"])).collect();
        Ok(LeftoverSearch { leftovers, notes: Vec::new() })
    }
}

/// A store has to have a role, though it takes none to remove one: its own, or any that there is.
fn leftover(about: &About<'_>, name: &str, vault: &Value) -> Leftover {
    let kubernetes = &vault["auth"]["kubernetes"];
    let (mount, role) = (kubernetes["mountPath"].as_str(), kubernetes["role"].as_str());
    let role = mount.zip(role);
    let is_its_own = |login: &Login| Some((login.mount.path.as_str(), login.role.as_str())) == role;
    let steps = |own: bool| about.given::<Login>().filter(move |(_, login)| is_its_own(login) == own);
    let step = |(step, _): (&str, &Login)| step.to_owned();
    let object = role.map(|(mount, role)| clean(&Vault::path(["auth", mount, "role", role])));
    let does =
        object.as_ref().map_or("the operator reads Vault by it".to_owned(), |role| format!("logs in by `{role}`"));
    Leftover {
        object: clean(&format!("{}/{name}", STORE.kind)),
        does,
        with: Some(json!({"name": name, "path": vault["path"]})),
        needs: Vec::new(),
        needs_one_of: steps(true).map(step).chain(object).chain(steps(false).map(step)).collect(),
    }
}

#[cfg(test)]
mod tests;
