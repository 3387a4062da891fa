//! The role as a step.

use serde_json::{Map, Value};
use trustpath_core::{Answers, At, Class, Decision, Handle, Intent, Leg, Managed, Problem, Proof, Reads, Result, Seen};
use trustpath_platform::{
    AuthMount, Cluster, Login, StoreAuth, Vault,
    vault::{Body, Family, Get, ServerFamily, VaultRequest},
};

use crate::{
    config::{Bound, KubernetesRole},
    decide::{self, Facts},
    login::token_for,
    owner, policies, prove,
    state::RoleState,
    warnings,
};

impl KubernetesRole {
    fn path(&self, mount: &AuthMount) -> String {
        Vault::path(["auth", &mount.path, "role", self.name.as_str()])
    }

    /// With the tokens to log in with, for which nothing has to be seen first.
    fn tokens(&self, (_, accounts, _): &Facts, reads: Reads) -> Reads {
        let audience = self.audience.as_ref().map(Bound::as_str).unwrap_or_default();
        let tokens = accounts.iter().map(|account| token_for(account, audience)).enumerate();
        tokens.fold(reads, |reads, (nth, token)| reads.and(format!("token {nth}"), token))
    }

    /// The policies that the role gives; before it was seen, those that it should give.
    fn policies(&self, facts: &Facts, seen: Option<&Seen<RoleState>>) -> Vec<String> {
        let state = match seen.and_then(|seen| seen.state.as_ref()) {
            Some(state) => Some(state.clone()),
            None => decide::desired(self, facts, None).ok(),
        };
        state.map(|state| state.token_policies).unwrap_or_default()
    }
}

impl Managed for KubernetesRole {
    const SYSTEMS: &'static [&'static str] = &[Vault::NAME, Cluster::NAME];
    type State = RoleState;
    type Takes = Facts;
    type Gives = Login;

    fn gives(&self, (mount, ..): &Facts) -> Login {
        let audience = self.audience.as_ref().map(|audience| audience.as_str().to_owned());
        let role = self.name.as_str().to_owned();
        let store = StoreAuth::by_service_account("kubernetes", ("mountPath", mount), &role, &["serviceAccountRef"]);
        Login { mount: mount.clone(), role, audience, store: Some(store) }
    }

    /// A mount that is not there yet has no roles: 404, too.
    fn reads(&self, at: At<'_, Facts>, intent: Intent, seen: Option<&Seen<RoleState>>) -> Reads {
        let (mount, ..) = at.facts;
        let namespace = mount.namespace.as_deref();
        let reads = Reads::none().and("role", Get::new(namespace, self.path(mount)));
        match intent {
            Intent::Undo => reads,
            Intent::Verify => self.tokens(at.facts, policies::read(reads, namespace, &self.policies(at.facts, seen))),
            Intent::Remove => owner::read(at, reads, seen.map(|seen| &seen.answers)),
            Intent::Make => owner::read(at, reads, seen.map(|seen| &seen.answers)).and("family", ServerFamily),
        }
    }

    fn state(&self, _: At<'_, Facts>, answers: &Answers) -> Result<Option<RoleState>> {
        let answer: Option<Map<String, Value>> = answers.get("role")?;
        Ok(answer.map(RoleState::answered).transpose().map_err(unlike_a_role)?)
    }

    fn decide(&self, at: At<'_, Facts>, intent: Intent, seen: &Seen<RoleState>) -> Result<Decision<RoleState>> {
        let owner = owner::of(at, &seen.answers)?;
        let now = seen.state.as_ref();
        if intent == Intent::Remove {
            return Ok(owner::removal(&owner, &at.facts.0.path, now));
        }
        let wanted = decide::desired(self, at.facts, now)?;
        let family: Option<Family> = seen.answers.get("family")?;
        let notes = warnings::of(&wanted, at.facts, family);
        Ok(Decision::to(Some(wanted), owner.is_here()).noting(notes))
    }

    fn route(
        &self,
        at: At<'_, Facts>,
        from: Option<&RoleState>,
        to: Option<&RoleState>,
    ) -> Result<Vec<Leg<RoleState>>> {
        let (mount, ..) = at.facts;
        let (namespace, path) = (mount.namespace.as_deref(), self.path(mount));
        let body = to.map(|to| Body::from_iter(to.body(from)));
        let request = match (from, body) {
            (_, None) => VaultRequest::delete(namespace, path),
            (None, Some(body)) => VaultRequest::create(namespace, path, body),
            (Some(_), Some(body)) => VaultRequest::update(namespace, path, body).settling(),
        };
        Ok(vec![Leg::new(to.cloned(), request)])
    }

    fn proof(&self, at: At<'_, Facts>, seen: &Seen<RoleState>) -> Result<Proof> {
        prove::prove(self, at, seen)
    }
}

fn unlike_a_role(error: serde_json::Error) -> Problem {
    Problem::new(
        Class::Conflict,
        "trustpath::kubernetes_role::unlike",
        "what is there is no role of a Kubernetes auth mount",
    )
    .because(error)
    .help("see whether another auth method is mounted at this path: `vault auth list`")
}

#[cfg(test)]
mod tests;
