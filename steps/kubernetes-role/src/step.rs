//! The role as a step.

use trustpath_core::{Answers, At, Decision, Handle, Intent, Leg, Managed, Proof, Reads, Result, Seen};
use trustpath_platform::{
    Cluster, Login, StoreAuth, Vault,
    kubernetes::ClusterUid,
    mark::Owner,
    vault::{Family, ServerFamily, backend::Content},
};

use crate::{
    config::KubernetesRole,
    decide::{POLICIES, Taken, texts},
    policies, prove, warnings,
};

impl KubernetesRole {
    /// With the tokens to log in with, for which nothing has to be seen first.
    fn with_tokens(&self, at: At<'_, Taken>, reads: Reads) -> Reads {
        let tokens = self.tokens(at, self.audience(), &at.facts.1).into_iter().enumerate();
        tokens.fold(reads, |reads, (nth, token)| reads.and(format!("token {nth}"), token))
    }

    /// The policies that the role gives; before it was seen, those that it should give.
    fn policies(&self, facts: &Taken, seen: Option<&Seen<Content>>) -> Vec<String> {
        let there = seen.and_then(|seen| seen.state.as_ref()).map(|role| texts(role, POLICIES));
        there.unwrap_or_else(|| texts(&self.document(facts).desired(None), POLICIES))
    }
}

impl Managed for KubernetesRole {
    const SYSTEMS: &'static [&'static str] = &[Vault::NAME, Cluster::NAME];
    type State = Content;
    type Takes = Taken;
    type Gives = Login;

    fn gives(&self, (mount, ..): &Taken) -> Login {
        let audience = self.audience.as_ref().map(|audience| audience.as_str().to_owned());
        let role = self.name.as_str().to_owned();
        let store = StoreAuth::by_service_account("kubernetes", ("mountPath", mount), &role, &["serviceAccountRef"]);
        Login { mount: mount.clone(), role, audience, store: Some(store) }
    }

    /// A mount that is not there yet has no roles: 404, too.
    fn reads(&self, at: At<'_, Taken>, intent: Intent, seen: Option<&Seen<Content>>) -> Reads {
        let mount = &at.facts.0;
        let reads = self.document(at.facts).read(mount, Reads::none());
        let with_owner = |reads| mount.read_mark(reads).and("cluster", ClusterUid);
        match intent {
            Intent::Undo => reads,
            Intent::Verify => {
                self.with_tokens(at, policies::read(reads, mount.namespace.as_deref(), &self.policies(at.facts, seen)))
            }
            Intent::Remove => with_owner(reads),
            Intent::Make => with_owner(reads).and("family", ServerFamily),
        }
    }

    fn state(&self, at: At<'_, Taken>, answers: &Answers) -> Result<Option<Content>> {
        Ok(answers.get("role")?.map(|role| self.document(at.facts).observed(role)))
    }

    fn decide(&self, at: At<'_, Taken>, intent: Intent, seen: &Seen<Content>) -> Result<Decision<Content>> {
        let (mount, now) = (&at.facts.0, seen.state.as_ref());
        let cluster: Option<String> = seen.answers.get("cluster")?;
        let owner = Owner::of(mount.mark(&seen.answers)?.as_ref(), at.cx.graph(), cluster.as_deref());
        if intent == Intent::Remove {
            let kept = now.and_then(|now| owner.keeps(&mount.path, now));
            return Ok(kept.unwrap_or_else(|| Decision::to(None, owner != Owner::Other)));
        }
        let wanted = self.desired(at.facts, now)?;
        self.check_reviewer(at, &wanted)?;
        let family: Option<Family> = seen.answers.get("family")?;
        let notes = warnings::of(&wanted, at.facts, family);
        Ok(Decision::to(Some(wanted), owner.is_here()).noting(notes))
    }

    fn route(&self, at: At<'_, Taken>, from: Option<&Content>, to: Option<&Content>) -> Result<Vec<Leg<Content>>> {
        let (mount, document) = (&at.facts.0, self.document(at.facts));
        Ok(vec![match to {
            Some(role) => Leg { to: to.cloned(), request: document.change(mount, from, role) },
            None => Leg::new(None, document.removal(mount)),
        }])
    }

    fn proof(&self, at: At<'_, Taken>, seen: &Seen<Content>) -> Result<Proof> {
        prove::prove(self, at, seen)
    }
}

#[cfg(test)]
mod tests;
