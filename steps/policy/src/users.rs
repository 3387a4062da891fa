//! Who else uses a policy: roles of auth methods, identity groups and entities.

mod methods;

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};
use trustpath_core::{Result, Right};
use trustpath_platform::{
    Vault,
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

/// Who uses a policy besides its own graph.
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

/// Looks for the users of a policy on all mounts but those of its own graph: these go with it.
///
/// Tokens that are out there already are not looked for.
pub(crate) async fn of(vault: &Vault, policy: &str, graph: &str) -> Result<Users> {
    match search(vault, policy, graph).await {
        Ok(users) if users.is_empty() => Ok(Users::Nobody),
        Ok(users) => Ok(Users::These(users)),
        Err(Obstacle::Untold(why)) => Ok(Users::Untold(why)),
        Err(Obstacle::Failed(error)) => Err(error.into()),
    }
}

/// What it takes to see them. Pure.
pub(crate) fn to_see_them(graph: &str, namespace: Option<&str>) -> Vec<Right> {
    let identity = methods::IDENTITY.iter().flat_map(Holder::places);
    let identity =
        identity.flat_map(|(capability, place)| on(namespace, &Vault::path(["identity", &place])).may(&[capability]));
    let each = [Capability::List, Capability::Read].map(|capability| {
        let each = EachAuthMount { below: methods::places(capability), but_of: graph.to_owned() };
        on_each_auth_mount(namespace, capability, each)
    });
    on(namespace, "sys/auth").may(&[Capability::Read]).into_iter().chain(identity).chain(each).collect()
}

enum Obstacle {
    Untold(String),
    Failed(Error),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        match error.kind() {
            Kind::Denied => Self::Untold(format!("{} is denied", error.request().unwrap_or("a request"))),
            _ => Self::Failed(error),
        }
    }
}

async fn search(vault: &Vault, policy: &str, graph: &str) -> Result<Vec<String>, Obstacle> {
    let mut users = Vec::new();
    for (path, holders) in holders(vault, graph).await? {
        for holder in holders {
            users.extend(using(vault, &path, holder, policy).await?);
        }
    }
    users.sort();
    Ok(users)
}

/// Each mount with what can hold policies on it, and identity.
async fn holders(vault: &Vault, graph: &str) -> Result<Vec<(String, &'static [Holder])>, Obstacle> {
    let mounts: Option<BTreeMap<String, Mount>> = vault.read("sys/auth").await?;
    let mut all = vec![("identity".to_owned(), methods::IDENTITY)];
    for (path, mount) in mounts.unwrap_or_default() {
        if mount.mark().is_some_and(|mark| mark.graph == graph) {
            continue;
        }
        let path = Vault::path(["auth", &path]);
        let untold = || Obstacle::Untold(format!("`{}` is of the type `{}`", clean(&path), clean(&mount.kind)));
        let holders = methods::of(&mount.kind).ok_or_else(untold)?;
        all.push((path, holders));
    }
    Ok(all)
}

/// Those of one sort on one mount that hold the policy.
async fn using(vault: &Vault, mount: &str, holder: &Holder, policy: &str) -> Result<Vec<String>, Obstacle> {
    let paths = match holder.list {
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
    stream::iter(paths.into_iter().map(holds))
        .buffered(AT_ONCE)
        .try_filter_map(|user| async { Ok(user) })
        .try_collect()
        .await
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
