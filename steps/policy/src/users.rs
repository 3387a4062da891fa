//! Who else uses a policy: roles of auth methods, identity groups and entities.

mod methods;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};
use trustpath_core::{Result, Right};
use trustpath_platform::{
    RoleRef, Vault,
    error::{Error, Kind},
    policy::Capability,
    text::{clean, listed},
    vault::{
        Mount,
        rights::{EachAuthMount, on, on_each_auth_mount},
    },
};

use self::methods::Holder;

/// How many requests are under way at the same time.
const AT_ONCE: usize = 8;

/// How many users a message names before it counts the rest.
const NAMED: usize = 5;

/// Who uses a policy besides the roles that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Users {
    /// Nobody.
    Nobody,
    /// These, each as a path in Vault.
    These(Vec<String>),
    /// It cannot be told, for this reason.
    Untold(String),
}

impl Users {
    /// Why the policy stays; `None` when it may go.
    pub(crate) fn keep_because(&self) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Untold(why) => Some(format!("who else uses it cannot be told: {why}")),
            Self::These(users) => {
                let rest = users.len().saturating_sub(NAMED);
                let mut named: Vec<_> = users.iter().take(NAMED).map(|user| format!("`{}`", clean(user))).collect();
                if rest > 0 {
                    named.push(format!("{rest} more"));
                }
                Some(format!("{} {} it", listed(&named), if users.len() == 1 { "uses" } else { "use" }))
            }
        }
    }
}

/// Looks for the users of a policy on all mounts, but for the roles of the steps that need it: these go before it does.
///
/// Tokens that are out there already are not looked for.
pub(crate) async fn of(vault: &Vault, policy: &str, own: &[&RoleRef]) -> Result<Users> {
    match search(vault, policy, own).await {
        Ok(users) if users.is_empty() => Ok(Users::Nobody),
        Ok(users) => Ok(Users::These(users)),
        Err(Obstacle::Untold(why)) => Ok(Users::Untold(why)),
        Err(Obstacle::Failed(error)) => Err(error.into()),
    }
}

/// What it takes to see them. Pure.
///
/// On the mounts of the roles that go with it, their names are enough.
pub(crate) fn to_see_them(own: &[&RoleRef], namespace: Option<&str>) -> Vec<Right> {
    let but: BTreeSet<_> = own.iter().map(|role| role.mount.path.clone()).collect();
    let names =
        but.iter().flat_map(|mount| on(namespace, &Vault::path(["auth", mount, "role"])).may(&[Capability::List]));
    let names: Vec<_> = names.collect();
    let but: Vec<_> = but.into_iter().collect();
    let identity = methods::IDENTITY.iter().flat_map(Holder::places);
    let identity =
        identity.flat_map(|(capability, place)| on(namespace, &Vault::path(["identity", &place])).may(&[capability]));
    let each = [Capability::List, Capability::Read].map(|capability| {
        let each = EachAuthMount { below: methods::places(capability), but: but.clone() };
        on_each_auth_mount(namespace, capability, each)
    });
    on(namespace, "sys/auth").may(&[Capability::Read]).into_iter().chain(identity).chain(names).chain(each).collect()
}

enum Obstacle {
    Untold(String),
    Failed(Error),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        match error.kind() {
            Kind::Denied => Self::Untold(error.to_string()),
            _ => Self::Failed(error),
        }
    }
}

async fn search(vault: &Vault, policy: &str, own: &[&RoleRef]) -> Result<Vec<String>, Obstacle> {
    let own: BTreeSet<_> = own.iter().map(|role| Vault::path(["auth", &role.mount.path, "role", &role.name])).collect();
    let mut users = Vec::new();
    for (path, holders) in holders(vault).await? {
        for holder in holders {
            users.extend(using(vault, &path, holder, policy, &own).await?);
        }
    }
    users.sort();
    Ok(users)
}

/// Each mount with what can hold policies on it, and identity.
async fn holders(vault: &Vault) -> Result<Vec<(String, &'static [Holder])>, Obstacle> {
    let mounts: Option<BTreeMap<String, Mount>> = vault.read("sys/auth").await?;
    let mut all = vec![("identity".to_owned(), methods::IDENTITY)];
    for (path, mount) in mounts.unwrap_or_default() {
        let path = Vault::path(["auth", &path]);
        let untold = || Obstacle::Untold(format!("`{}` is of the type `{}`", clean(&path), clean(&mount.kind)));
        let holders = methods::of(&mount.kind).ok_or_else(untold)?;
        all.push((path, holders));
    }
    Ok(all)
}

/// Those of one sort on one mount that hold the policy.
async fn using(
    vault: &Vault,
    mount: &str,
    holder: &Holder,
    policy: &str,
    own: &BTreeSet<String>,
) -> Result<Vec<String>, Obstacle> {
    let paths: Vec<_> = match holder.list {
        Some(list) => {
            let names = vault.list(&Vault::path([mount, list])).await?;
            names.iter().map(|name| Vault::path([mount, holder.read, name])).collect()
        }
        None => vec![Vault::path([mount, holder.read])],
    };
    let holds = |path: String| async move {
        let found: Option<Map<String, Value>> = vault.read(&path).await?;
        let holds = found.is_some_and(|found| holder.keys.iter().any(|key| names(found.get(*key), policy)));
        Ok(holds.then_some(path))
    };
    let others = paths.into_iter().filter(|path| !own.contains(path));
    stream::iter(others.map(holds)).buffered(AT_ONCE).try_filter_map(|user| async { Ok(user) }).try_collect().await
}

/// Whether a list of policies, or one separated by commas, has this one.
fn names(policies: Option<&Value>, policy: &str) -> bool {
    let same = |name: &str| name.trim().eq_ignore_ascii_case(policy);
    match policies {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(same),
        Some(Value::String(text)) => text.split(',').any(same),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn policies_are_lists_or_texts() {
        for policies in [json!(["a", "apps-read"]), json!("a, apps-read"), json!("Apps-Read")] {
            assert!(names(Some(&policies), "apps-read"), "{policies}");
        }
        for policies in [json!(["apps-read-too"]), json!("apps-read-too"), json!([]), json!(null), json!(3)] {
            assert!(!names(Some(&policies), "apps-read"), "{policies}");
        }
        assert!(!names(None, "apps-read"));
    }

    #[test]
    fn a_policy_that_stays_says_why() {
        assert_eq!(Users::Nobody.keep_because(), None);
        let these = |count: usize| Users::These((0..count).map(|number| format!("auth/x/role/{number}")).collect());
        assert_eq!(these(1).keep_because().unwrap(), "`auth/x/role/0` uses it");
        assert!(these(9).keep_because().unwrap().ends_with("`auth/x/role/4` and 4 more use it"));
        let untold = Users::Untold("GET sys/auth is denied".into());
        assert_eq!(untold.keep_because().unwrap(), "who else uses it cannot be told: GET sys/auth is denied");
    }
}
