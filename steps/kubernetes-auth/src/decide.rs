//! What the mount and its config should be, whose they are, and what destroy leaves. Pure.

use std::collections::BTreeMap;

use trustpath_core::{Class, Problem, Released, Wanted};
use trustpath_platform::text::listed;

use crate::{
    config::KubernetesAuth,
    pem,
    state::{Config, Mount, MountMark, Reviewer, State, TYPE},
    surroundings::{Found, Making, Surroundings},
    target::Target,
};

impl KubernetesAuth {
    pub(crate) fn decide(&self, graph: &str, around: &Making, now: Option<&State>) -> Result<Wanted<State>, Problem> {
        self.check_description()?;
        if let Some(now) = now.filter(|now| now.mount.kind != TYPE) {
            return Err(other_type(self.mount.as_str(), &now.mount.kind));
        }
        let target = self.target(around)?;
        if let Some(config) = now.filter(|now| !is_ours(graph, now)).and_then(|now| now.config.as_ref()) {
            same_cluster(self.mount.as_str(), config, &target)?;
        }
        let provisional = target.reviewer == Reviewer::NotYet;
        let notes = target.notes.clone();
        let mut state = self.state(now, target);
        if now.is_none_or(|now| *now != state || now.in_doubt().is_some()) {
            let reviewer = state.reviewer().digest().cloned();
            state.mount.mark = Some(MountMark { graph: graph.to_owned(), reviewer, notes: BTreeMap::new() });
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

    pub(crate) fn release(&self, around: &Surroundings, now: &State) -> Released<State> {
        let mount = &self.mount;
        match around {
            // One role is this graph's own, which goes before the mount does: the removal looks again.
            Surroundings::Removing(Ok(roles)) if roles.len() > 1 => {
                let why =
                    format!("the mount `{mount}` has the roles {}: not all of them are this graph's", listed(roles));
                Released::kept(now.clone(), why)
            }
            Surroundings::Removing(Err(why)) => {
                Released::kept(now.clone(), format!("the roles of the mount `{mount}` may not be listed: {why}"))
            }
            Surroundings::Removing(Ok(_)) | Surroundings::Making(_) => Released::all(),
        }
    }
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

/// Whether the mount bears the mark of this graph.
pub(crate) fn is_ours(graph: &str, now: &State) -> bool {
    now.mount.mark.as_ref().is_some_and(|mark| mark.graph == graph)
}

fn same_keys(now: &[String], keys: &[String]) -> bool {
    let each =
        |some: &[String], others: &[String]| some.iter().all(|key| others.iter().any(|other| pem::same(key, other)));
    now.len() == keys.len() && each(now, keys) && each(keys, now)
}

/// Whether two URLs are the same address.
fn same_host(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let url = url::Url::parse(text).ok()?;
        let host = url.host_str()?.trim_end_matches('.').to_owned();
        let host = host.strip_suffix(".cluster.local").map(str::to_owned).unwrap_or(host);
        Some((url.scheme().to_owned(), host, url.port_or_known_default(), url.path().trim_end_matches('/').to_owned()))
    };
    one == other || plain(one).is_some_and(|one| Some(one) == plain(other))
}

/// A config that is not ours may be taken over only where it is about the same cluster.
fn same_cluster(mount: &str, now: &Config, target: &Target) -> Result<(), Problem> {
    let both = !now.kubernetes_ca_cert.is_empty() && !target.ca.is_empty();
    let differs = if !same_host(&now.kubernetes_host, &target.host) {
        format!("asks the API server at {}, and this graph's is {}", shown(&now.kubernetes_host), target.host)
    } else if both && pem::disjoint(&now.kubernetes_ca_cert, &target.ca) {
        "trusts another CA than this graph's".to_owned()
    } else {
        return Ok(());
    };
    let message = format!("the auth mount `{mount}` serves another cluster: it {differs}");
    Err(Problem::new(Class::Conflict, "trustpath::kubernetes_auth::other_cluster", message).help(format!(
        "give this cluster a mount of its own, with `mount = \"{mount}-…\"` in the graph file; if it is the same cluster \
         after all, set `kubernetes_host` and `ca` to what the mount has"
    )))
}

fn shown(host: &str) -> String {
    trustpath_platform::text::clean(host)
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
