//! The rights that a step asked for: what gives them, and which of them were used.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use secrecy::ExposeSecret;
use serde_json::Value;
use trustpath_core::{
    Handle as _, Handles, Result, Right,
    run::{RequestedBy, RequiredRight},
};
use trustpath_platform::{
    Cluster, Vault,
    kubernetes::rights::Role,
    vault::rights::{Stanza, policy},
};
use trustpath_tests::{holder::Holder, pair::Pair, proxy::Seen, wire};

/// What the roles are called.
const NAME: &str = "asked";

/// Each right, in its words, and those that it stands for on these servers.
pub(super) struct Asked(BTreeMap<String, Vec<Right>>);

impl Asked {
    pub(super) async fn spelled_out(handles: &Handles, rights: &[Right]) -> Result<Self> {
        let mut asked = BTreeMap::<_, Vec<_>>::new();
        for system in [Vault::NAME, Cluster::NAME] {
            let of_it: Vec<_> = rights.iter().filter(|right| right.system == system).cloned().collect();
            let each = handles.named(system).await?.expand(of_it.clone()).await?;
            for (right, spelled) in of_it.into_iter().zip(each) {
                asked.entry(right.what).or_default().extend(spelled);
            }
        }
        Ok(Self(asked))
    }

    fn needs(&self, system: &str) -> Vec<RequiredRight> {
        let rights = self.0.values().flatten().filter(|right| right.system == system);
        let need = |right: &Right| RequiredRight {
            right: right.clone(),
            grants: vec![right.grant.clone()],
            by: RequestedBy::default(),
        };
        rights.map(need).collect()
    }

    pub(super) fn policy(&self) -> String {
        policy(&Stanza::all(&self.needs(Vault::NAME)))
    }

    pub(super) fn roles(&self) -> Vec<Value> {
        Role::all(NAME, &self.needs(Cluster::NAME)).iter().map(Role::object).collect()
    }

    /// Those that were used by whoever has them, from now on: one that stands for many when all of those were; besides, what
    /// was used and is none of them. A look that was denied used none: what cannot do without it fails.
    pub(super) async fn used(self, pair: Arc<Pair>, holder: &Holder) -> impl Fn() -> BTreeSet<String> + use<> {
        let (token, jwt) = (holder.token.clone(), holder.jwt.clone());
        let absent = self.absent(&pair).await;
        move || {
            let is_there = |path: &str| !absent.contains(path);
            let mut used = wire::at_vault(&carried_out(pair.vault_proxy.seen()), token.expose_secret(), is_there);
            used.extend(wire::at_kubernetes(&carried_out(pair.kubernetes_proxy.seen()), jwt.expose_secret()));
            self.of(&used)
        }
    }

    fn of(&self, used: &BTreeSet<String>) -> BTreeSet<String> {
        let is_used = |right: &Right| used.iter().any(|used| is(&right.what, used));
        let whole = self.0.iter().filter(|(_, spelled)| spelled.iter().all(is_used)).map(|(what, _)| what.clone());
        let unasked = |used: &&String| !self.0.values().flatten().any(|right| is(&right.what, used));
        whole.chain(used.iter().filter(unasked).cloned()).collect()
    }

    /// The paths of Vault that are to be made and are not there.
    async fn absent(&self, pair: &Pair) -> BTreeSet<String> {
        let made = self.0.values().flatten().filter_map(|right| right.what.strip_prefix("`create` on `"));
        let mut absent = BTreeSet::new();
        for path in made.filter_map(|path| path.strip_suffix('`')) {
            if pair.vault.get(path).await.is_none() {
                absent.insert(path.to_owned());
            }
        }
        absent
    }
}

/// Without the looks that were denied.
fn carried_out(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.retain(|seen| seen.writes() || seen.status != 403);
    seen
}

/// Whether a right is the one that was used; `+` in the place of a segment is any one.
fn is(right: &str, used: &str) -> bool {
    let alike = |(right, used): (&str, &str)| right == used || right.trim_matches('`') == "+";
    right.split('/').count() == used.split('/').count() && right.split('/').zip(used.split('/')).all(alike)
}
