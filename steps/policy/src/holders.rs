//! Who holds policies: roles of auth methods, identity groups and entities.

mod methods;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::{join, join_all, try_join_all};
use serde::Serialize;
use serde_json::{Map, Value, json};
use trustpath_core::{Answer, Context, Read, Result, Right};
use trustpath_platform::{
    Login, Vault,
    error::{Error, ErrorKind},
    policy::Capability,
    text::clean,
    vault::{
        Mount,
        rights::{EachAuthMount, on, on_each_auth_mount},
    },
};

use self::methods::Sort;
use crate::turns::Turns;

/// Something that gives policies to tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PolicyUser {
    /// Its path in Vault.
    pub(crate) path: String,
    /// The names of the policies, in lower case, as servers have them.
    pub(crate) policies: BTreeSet<String>,
}

/// Reads all holders on all mounts, but for the roles of the steps that need the policy: these go before it does.
///
/// Tokens that are out there already are not looked for. The answer is a list of [`PolicyUser`]s; refused where a part of them
/// may not be seen, or is on a mount of a type that is not known here.
#[derive(Debug, Clone)]
pub(crate) struct Holders {
    namespace: Option<String>,
    /// Own roles, by the paths of their mounts and their names.
    own: BTreeSet<(String, String)>,
}

impl Holders {
    /// Those that the steps which need this one do not make.
    pub(crate) fn but_own(namespace: Option<&str>, cx: &Context) -> Self {
        let own = cx.dependent_facts().all::<Login>().map(|role| (role.mount.path.clone(), role.role.clone()));
        Self { namespace: namespace.map(str::to_owned), own: own.collect() }
    }

    /// Each auth mount with what can hold policies on it.
    async fn mounts(&self, vault: &Vault) -> Result<Places, Obstacle> {
        let mounts: Option<BTreeMap<String, Mount>> = vault.read("sys/auth").await?;
        let mut all = Vec::new();
        for (path, mount) in mounts.unwrap_or_default() {
            let path = Vault::path(["auth", &path]);
            let untold = || Obstacle::Untold(format!("`{}` is of the type `{}`", clean(&path), clean(&mount.kind)));
            let sorts = methods::of(&mount.kind).ok_or_else(untold)?;
            all.push((path, sorts));
        }
        Ok(all)
    }

    async fn search(&self, vault: &Vault) -> Result<Vec<PolicyUser>, Obstacle> {
        let own: BTreeSet<_> =
            self.own.iter().map(|(mount, name)| Vault::path(["auth", mount, "role", name])).collect();
        let search = Search { vault, own, turns: Turns::default() };
        let identity = vec![("identity".to_owned(), methods::IDENTITY)];
        let on_mounts = async { Ok::<_, Obstacle>(search.all(search.turns.take(self.mounts(vault)).await?).await) };
        let (in_identity, on_mounts) = join(search.all(identity), on_mounts).await;
        // Of several obstacles that is told which comes first without haste: the mounts, identity, what is on the mounts.
        let on_mounts = on_mounts?;
        let mut holders = [in_identity?, on_mounts?].concat();
        holders.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(holders)
    }
}

#[async_trait]
impl Read for Holders {
    /// On the mounts of own roles, their names are enough.
    fn rights(&self) -> Vec<Right> {
        let namespace = self.namespace.as_deref();
        let may = |capability, path: String| on(namespace, &path).may(&[capability]);
        let but: BTreeSet<_> = self.own.iter().map(|(mount, _)| mount.clone()).collect();
        let names = but.iter().flat_map(|mount| may(Capability::List, Vault::path(["auth", mount, "role"])));
        let identity = methods::IDENTITY.iter().flat_map(Sort::places);
        let identity = identity.flat_map(|(capability, place)| may(capability, Vault::path(["identity", &place])));
        let each = [Capability::List, Capability::Read].map(|capability| {
            let each = EachAuthMount { below: methods::places(capability), but: but.iter().cloned().collect() };
            on_each_auth_mount(namespace, capability, each)
        });
        may(Capability::Read, "sys/auth".into()).into_iter().chain(identity).chain(names).chain(each).collect()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        let vault = cx.handle::<Vault>().await?.within(self.namespace.as_deref());
        match self.search(&vault).await {
            Ok(holders) => Ok(Answer::Found(json!(holders))),
            Err(Obstacle::Untold(why)) => Ok(Answer::Refused(why)),
            Err(Obstacle::Failed(error)) => Err(error.into()),
        }
    }
}

enum Obstacle {
    Untold(String),
    Failed(Error),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Denied => Self::Untold(error.to_string()),
            _ => Self::Failed(error),
        }
    }
}

/// Paths, each with what can hold policies below it.
type Places = Vec<(String, &'static [Sort])>;

/// What is looked at at the same time, a few requests at most.
struct Search<'a> {
    vault: &'a Vault,
    own: BTreeSet<String>,
    turns: Turns,
}

impl Search<'_> {
    async fn all(&self, places: Places) -> Result<Vec<PolicyUser>, Obstacle> {
        let each = places.iter().flat_map(|(path, sorts)| sorts.iter().map(move |sort| self.of_one_sort(path, sort)));
        let found: Result<Vec<_>, _> = join_all(each).await.into_iter().collect();
        Ok(found?.concat())
    }

    /// Those of one sort on one mount.
    async fn of_one_sort(&self, mount: &str, sort: &Sort) -> Result<Vec<PolicyUser>, Obstacle> {
        let paths: Vec<_> = match sort.list {
            Some(list) => {
                let names = self.turns.take(self.vault.list(&Vault::path([mount, list]))).await?;
                names.iter().map(|name| Vault::path([mount, sort.read, name])).collect()
            }
            None => vec![Vault::path([mount, sort.read])],
        };
        let others = paths.into_iter().filter(|path| !self.own.contains(path));
        let found = try_join_all(others.map(|path| self.turns.take(self.holder(path, sort)))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn holder(&self, path: String, sort: &Sort) -> Result<Option<PolicyUser>, Obstacle> {
        let found: Option<Map<String, Value>> = self.vault.read(&path).await?;
        let policies = |found: Map<String, Value>| sort.keys.iter().flat_map(|key| names(found.get(*key))).collect();
        Ok(found.map(|found| PolicyUser { path, policies: policies(found) }))
    }
}

/// The names in a list of policies, or in one separated by commas.
fn names(policies: Option<&Value>) -> Vec<String> {
    let name = |name: &str| name.trim().to_lowercase();
    match policies {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(name).collect(),
        Some(Value::String(text)) => text.split(',').map(name).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_lists_or_texts() {
        for policies in [json!(["a", "apps-read"]), json!("a, apps-read"), json!("A,Apps-Read")] {
            assert_eq!(names(Some(&policies)), ["a", "apps-read"], "{policies}");
        }
        for policies in [json!([]), json!(null), json!(3)] {
            assert!(names(Some(&policies)).is_empty(), "{policies}");
        }
        assert!(names(None).is_empty());
    }
}
