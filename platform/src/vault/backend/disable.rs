//! Disabling an auth method.

use async_trait::async_trait;
use serde_json::Value;
use trustpath_core::{Class, Context, Problem, Request, Result, Right, Shown, Values};

use super::{MountAt, at::shown};
use crate::{
    Vault,
    error::Error,
    policy::Capability::{Delete, List, Sudo},
    text::{clean, listed},
};

/// Disables it with all that is on it, unless others have something there: what goes with a mount does not come back.
#[derive(Debug)]
pub struct Disable {
    at: MountAt,
    collections: Vec<(String, Vec<String>)>,
}

impl Disable {
    /// Where others may have something, each with the names in it that are the step's own.
    pub fn new(at: MountAt, collections: Vec<(String, Vec<String>)>) -> Self {
        Self { at, collections }
    }

    async fn others(&self, vault: &Vault) -> Result<Vec<String>, Error> {
        let mut others = Vec::new();
        for (collection, own) in &self.collections {
            let names = vault.list(&self.at.below([collection.as_str()])).await?;
            others.extend(
                names.into_iter().filter(|name| !own.contains(name)).map(|name| format!("{collection}/{name}")),
            );
        }
        Ok(others)
    }

    fn in_use(&self, others: &[String]) -> Problem {
        let mount = clean(self.at.path());
        let others = listed(&others.iter().map(|other| format!("`{}`", clean(other))).collect::<Vec<_>>());
        let message = format!("the auth mount `{mount}` has {others}, and was left as it is");
        Problem::new(Class::Conflict, "trustpath::vault::mount_in_use", message)
            .help(format!("remove them if no one needs them: vault delete auth/{mount}/role/NAME"))
    }
}

#[async_trait]
impl Request for Disable {
    fn rights(&self, _: Values) -> Vec<Right> {
        let lists = self.collections.iter().map(|(collection, _)| self.at.below([collection.as_str()]));
        let lists = lists.flat_map(|path| self.at.on(&path).may(&[List]));
        self.at.on(&self.at.method()).may(&[Delete, Sudo]).into_iter().chain(lists).collect()
    }

    fn shown(&self) -> Shown {
        shown("DELETE", self.at.method(), Value::Null)
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let vault = self.at.vault(cx).await?;
        let others = self.others(&vault).await?;
        if others.is_empty() { Ok(vault.delete(&self.at.method()).await?) } else { Err(self.in_use(&others).into()) }
    }
}
