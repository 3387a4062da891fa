//! Asking Vault what the connection's own token may do.

use std::collections::{BTreeMap, BTreeSet};

use trustpath_core::{MissingRights, Right};

use super::{EachAuthMount, VaultGrant};
use crate::{
    error::{Error, ErrorKind},
    vault::{Mount, Vault, capabilities::Held},
};

/// What stands for a segment that can be any.
const ANYTHING: &str = "trustpath-probe";

impl Vault {
    pub(in crate::vault) async fn lacks(&self, rights: &[Right]) -> Result<MissingRights, Error> {
        let each = self.spell_out(rights).await?;
        let asked: Vec<_> = each
            .iter()
            .enumerate()
            .flat_map(|(asked, grants)| grants.iter().map(move |grant| (asked, grant)))
            .collect();
        let namespaces: BTreeSet<_> = asked.iter().map(|(_, grant)| grant.namespace.as_deref()).collect();
        let mut lacking = MissingRights::default();
        for namespace in namespaces {
            let here: Vec<_> = asked.iter().filter(|(_, grant)| grant.namespace.as_deref() == namespace).collect();
            let paths: BTreeSet<_> = here.iter().map(|(_, grant)| example(&grant.path)).collect();
            match self.within(namespace).held(&paths).await? {
                None => lacking.unasked.push(MAY_NOT_ASK.to_owned()),
                Some(held) => {
                    let missing = here.iter().filter(|(_, grant)| !holds(&held, grant));
                    lacking.missing.extend(missing.map(|(asked, grant)| (*asked, grant.right())));
                    let limits = here.iter().any(|(_, grant)| grant.sent.is_some() && !is_root(&held, grant));
                    lacking.unasked.extend(limits.then(|| MAY_LIMIT.to_owned()));
                }
            }
        }
        Ok(lacking)
    }

    /// `None` where the token may not even ask, as without the default policy.
    async fn held(&self, paths: &BTreeSet<String>) -> Result<Option<Held>, Error> {
        let paths: Vec<_> = paths.iter().map(String::as_str).collect();
        Error::or_none(self.capabilities(&paths).await, ErrorKind::REFUSALS)
    }

    /// For each right the grants that it stands for.
    pub(in crate::vault) async fn spell_out(&self, rights: &[Right]) -> Result<Vec<Vec<VaultGrant>>, Error> {
        let mut mounts: BTreeMap<Option<String>, BTreeMap<String, Mount>> = BTreeMap::new();
        let mut spelled = Vec::new();
        for right in rights {
            let Ok(grant) = serde_json::from_value::<VaultGrant>(right.grant.clone()) else {
                spelled.push(Vec::new());
                continue;
            };
            let Some(each) = grant.each_auth_mount.clone() else {
                spelled.push(vec![grant]);
                continue;
            };
            if !mounts.contains_key(&grant.namespace) {
                let seen = self.within(grant.namespace.as_deref()).auth_mounts().await?;
                mounts.insert(grant.namespace.clone(), seen);
            }
            spelled.push(below(&grant, &each, &mounts[&grant.namespace]));
        }
        Ok(spelled)
    }

    /// Who may not see the mounts lacks that right by itself: nothing is said about what lies below them.
    /// Those that a plan has seen are good enough: that one is new is told by what is refused there.
    async fn auth_mounts(&self) -> Result<BTreeMap<String, Mount>, Error> {
        if let Some(seen) = self.auth_mounts_seen() {
            return Ok(seen);
        }
        Ok(Error::or_none(self.read("sys/auth").await, ErrorKind::REFUSALS)?.flatten().unwrap_or_default())
    }
}

const MAY_NOT_ASK: &str =
    "Vault does not let this token ask what it may do, as the default policy would: its rights there are not known.";
const MAY_LIMIT: &str = "Vault does not say which values the token's policies allow (`allowed_parameters`): a write may \
                         still be refused for one.";

fn below(grant: &VaultGrant, each: &EachAuthMount, mounts: &BTreeMap<String, Mount>) -> Vec<VaultGrant> {
    let is_left_out = |path: &str| each.but.iter().any(|but| but == path.trim_end_matches('/'));
    let others = mounts.iter().filter(|(path, _)| !is_left_out(path));
    let paths = others.flat_map(|(path, mount)| {
        let below = each.below.get(&mount.kind).into_iter().flatten();
        below.map(move |below| Vault::path(["auth", path, below]))
    });
    paths.map(|path| VaultGrant { path, each_auth_mount: None, ..grant.clone() }).collect()
}

fn example(path: &str) -> String {
    let segments: Vec<_> = path.split('/').map(|segment| if segment == "+" { ANYTHING } else { segment }).collect();
    segments.join("/")
}

fn capabilities<'a>(held: &'a Held, grant: &VaultGrant) -> &'a [String] {
    held.get(&example(&grant.path)).map(Vec::as_slice).unwrap_or_default()
}

fn is_root(held: &Held, grant: &VaultGrant) -> bool {
    capabilities(held, grant).iter().any(|held| held == "root")
}

fn holds(held: &Held, grant: &VaultGrant) -> bool {
    is_root(held, grant) || capabilities(held, grant).iter().any(|held| held == grant.capability.name())
}
