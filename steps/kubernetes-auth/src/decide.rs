//! What the mount and its config should be, whose they are, and what destroy leaves. Pure.

use std::collections::BTreeMap;

use trustpath_core::{Class, Problem, Released, Wanted};
use trustpath_platform::text::{clean, listed};

use crate::{
    config::KubernetesAuth,
    owner::{self, Claim, Owner},
    pem,
    state::{Config, Mount, MountMark, Reviewer, State, TYPE},
    surroundings::{Found, Making, Removing},
    target::{Target, same_host},
};

impl KubernetesAuth {
    pub(crate) fn decide(
        &self,
        claim: Claim<'_>,
        around: &Making,
        now: Option<&State>,
    ) -> Result<Wanted<State>, Problem> {
        self.check_description()?;
        if let Some(now) = now.filter(|now| now.mount.kind != TYPE) {
            return Err(other_type(self.mount.as_str(), &now.mount.kind));
        }
        let target = self.target(around)?;
        let check = |now| owner::check(self.mount.as_str(), claim, &around.cluster, now, &target);
        let taken_over = now.map(check).transpose()?.flatten();
        let provisional = target.reviewer == Reviewer::NotYet;
        let notes = target.notes.iter().cloned().chain(taken_over).collect();
        let mut state = self.state(now, target);
        if now.is_none_or(|now| *now != state || now.in_doubt().is_some() || is_to_be_marked(claim, around, now)) {
            let (graph, cluster) = (claim.graph.to_owned(), Some(around.cluster.clone()));
            let reviewer = state.reviewer().digest().cloned();
            state.mount.mark = Some(MountMark { graph, cluster, reviewer, notes: BTreeMap::new() });
        }
        state.at_hand.extend(match &around.reviewer {
            Found::Jwt { digest, .. } => Some(digest.clone()),
            Found::Nowhere | Found::NotYet => None,
        });
        Ok(Wanted { state, provisional, notes })
    }

    /// What there is, with what is managed as it should be. The mark stays as it is.
    fn state(&self, now: Option<&State>, target: Target) -> State {
        let config = self.config(now.and_then(|now| now.config.as_ref()), target);
        let mut state = now.cloned().unwrap_or_else(|| {
            let mount = Mount { kind: TYPE.to_owned(), ..Mount::default() };
            State { mount, config: None, accessor: String::new(), at_hand: Vec::new(), roles: Vec::new() }
        });
        if let Some(description) = &self.description {
            state.mount.description.clone_from(description);
        }
        self.tune.onto(&mut state.mount.tune);
        state.config = Some(config);
        state
    }

    fn config(&self, now: Option<&Config>, target: Target) -> Config {
        let Target { host, ca, pem_keys, reviewer, disable_local_ca_jwt, .. } = target;
        let mut config = now.cloned().unwrap_or_default();
        if !same_host(&config.kubernetes_host, &host) {
            config.kubernetes_host = host;
        }
        if !pem::same(&config.kubernetes_ca_cert, &ca) {
            config.kubernetes_ca_cert = ca;
        }
        if let Some(keys) = pem_keys.filter(|keys| !same_keys(&config.pem_keys, keys)) {
            config.pem_keys = keys;
        }
        if let Some(issuer) = &self.issuer {
            config.issuer.clone_from(issuer);
        }
        config.disable_local_ca_jwt = disable_local_ca_jwt.unwrap_or(config.disable_local_ca_jwt);
        config.disable_iss_validation = self.disable_iss_validation.unwrap_or(config.disable_iss_validation);
        let annotations = self.use_annotations_as_alias_metadata;
        config.use_annotations_as_alias_metadata = annotations.unwrap_or(config.use_annotations_as_alias_metadata);
        config.reviewer = reviewer;
        config
    }

    fn check_description(&self) -> Result<(), Problem> {
        let description = self.description.as_deref().unwrap_or_default();
        if !description.contains("[trustpath ") {
            return Ok(());
        }
        let message = "`description` holds a mark, which the program writes by itself";
        Err(Problem::new(Class::Config, "trustpath::kubernetes_auth::description", message)
            .help("leave `[trustpath …]` out of it"))
    }

    /// Whether the mount is this graph's and this cluster's. Where its mark names no cluster, its config decides.
    pub(crate) fn is_ours(&self, graph: &str, around: &Making, now: &State) -> bool {
        let is_here = |config| self.target(around).is_ok_and(|target| owner::other_cluster(config, &target).is_none());
        match owner::of(graph, &around.cluster, &now.mount) {
            Owner::Ours => true,
            Owner::Unnamed => now.config.as_ref().is_none_or(is_here),
            Owner::OtherCluster(_) | Owner::Other => false,
        }
    }

    /// What is left of a mount that bears the mark of this graph, whose `own` roles go before it does.
    pub(crate) fn release<'a>(
        &self,
        claim: Claim<'_>,
        around: &Removing,
        own: impl Iterator<Item = (&'a str, &'a str)>,
        now: &State,
    ) -> Released<State> {
        let own: Vec<_> = own.map(|(_, role)| role).collect();
        match self.keep_because(owner::of(claim.graph, &around.cluster, &now.mount), &around.roles, &own) {
            Some(why) => Released::kept(now.clone(), why),
            None => Released::all(),
        }
    }

    fn keep_because(&self, owner: Owner<'_>, roles: &Result<Vec<String>, String>, own: &[&str]) -> Option<String> {
        let mount = &self.mount;
        let roles = match (owner, roles) {
            (Owner::OtherCluster(uid), _) => {
                return Some(format!(
                    "the mount `{mount}` serves another cluster of this graph (kube-system {})",
                    clean(uid)
                ));
            }
            (Owner::Unnamed, _) => {
                return Some(format!(
                    "the mark of the mount `{mount}` does not name the cluster that it serves: `trustpath apply` adds it where it is \
                     this one"
                ));
            }
            (Owner::Ours | Owner::Other, Err(why)) => {
                return Some(format!("the roles of the mount `{mount}` may not be listed: {why}"));
            }
            (Owner::Ours | Owner::Other, Ok(roles)) => roles,
        };
        let is_own = |role: &&String| own.iter().any(|own| own.eq_ignore_ascii_case(role));
        let others: Vec<_> = roles.iter().filter(|role| !is_own(role)).map(|role| clean(role)).collect();
        let has = || format!("the mount `{mount}` has roles that are not this graph's: {}", listed(&others));
        (!others.is_empty()).then(has)
    }
}

/// Whether the mark is this graph's, and lacks this cluster.
fn is_to_be_marked(claim: Claim<'_>, around: &Making, now: &State) -> bool {
    matches!(owner::of(claim.graph, &around.cluster, &now.mount), Owner::Unnamed | Owner::OtherCluster(_))
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kubernetes_host: String::new(),
            kubernetes_ca_cert: String::new(),
            pem_keys: Vec::new(),
            disable_local_ca_jwt: false,
            disable_iss_validation: true,
            issuer: String::new(),
            use_annotations_as_alias_metadata: false,
            reviewer: Reviewer::None,
            other: BTreeMap::new(),
        }
    }
}

fn same_keys(now: &[String], keys: &[String]) -> bool {
    let each =
        |some: &[String], others: &[String]| some.iter().all(|key| others.iter().any(|other| pem::same(key, other)));
    now.len() == keys.len() && each(now, keys) && each(keys, now)
}

fn other_type(mount: &str, kind: &str) -> Problem {
    let message =
        format!("at `{mount}` there is an auth mount of the type `{}`", trustpath_platform::text::clean(kind));
    Problem::new(Class::Conflict, "trustpath::kubernetes_auth::other_type", message)
        .help(format!("choose another path, with `mount = \"{mount}-…\"` in the graph file"))
}

pub(crate) fn wrong_survey() -> Problem {
    Problem::new(Class::Internal, "trustpath::kubernetes_auth::survey", "what was looked at is for a removal")
        .help("this is a defect; please report it")
}
