//! The step `kubernetes-auth`: Vault's Kubernetes auth method, mounted and configured.
//!
//! It owns the mount at one path and its config (`sys/auth/<mount>`, `auth/<mount>/config`). Vault replaces a config as a
//! whole and gives its reviewer JWT never back: the state holds a digest, the mark in the mount's description remembers
//! it, and a write fetches the JWT again.

mod api_service;
mod config;
mod decide;
mod document;
mod import;
mod jwt;
mod kept;
mod kubeconfig_server;
mod leftovers;
mod making;
mod marked;
mod owner;
mod pem;
mod place;
mod prove;
mod reads;
mod requests;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod transition;
mod url;

use trustpath_core::{Answers, At, Decision, Fact, Handle, Intent, Kind, Leg, Managed, Proof, Reads, Result, Seen};
use trustpath_platform::{AuthMount, ClientReviewer, Cluster, ReviewerSecret, Vault, VaultServer};

use self::{
    config::{KIND, KubernetesAuth, ReviewerChoice},
    import::MountImport,
    leftovers::OldMounts,
    state::State,
};

/// The facts that the step takes.
pub(crate) type Taken = (VaultServer, Option<ReviewerSecret>);

inventory::submit! {
    Kind::managed::<KubernetesAuth>(KIND, "Vault's Kubernetes auth method, mounted and configured").finding(&OldMounts).importing(AuthMount::NAME, &MountImport)
}

impl KubernetesAuth {
    fn auth_mount(&self, (server, _): &Taken) -> AuthMount {
        AuthMount { path: self.mount.to_string(), namespace: server.namespace.clone() }
    }
}

impl Managed for KubernetesAuth {
    const SYSTEMS: &'static [&'static str] = &[Vault::NAME, Cluster::NAME];
    type State = State;
    type Takes = Taken;
    type Gives = (AuthMount, Option<ClientReviewer>);

    fn gives(&self, facts: &Taken) -> Self::Gives {
        (self.auth_mount(facts), (self.reviewer == ReviewerChoice::Client).then_some(ClientReviewer {}))
    }

    fn reads(&self, at: At<'_, Taken>, intent: Intent, seen: Option<&Seen<State>>) -> Reads {
        self.all_reads(at, intent, seen)
    }

    fn state(&self, _: At<'_, Taken>, answers: &Answers) -> Result<Option<State>> {
        self.observed(answers)
    }

    fn decide(&self, at: At<'_, Taken>, intent: Intent, seen: &Seen<State>) -> Result<Decision<State>> {
        if seen.answers.is_empty() {
            return Ok(Decision::to(Some(self.unseen(at.cx.graph(), self.source(at.facts).is_some())), false));
        }
        match (intent, &seen.state) {
            (Intent::Remove, Some(now)) => self.removal(at, &seen.answers, now),
            (_, now) => Ok(self.wants((at.cx, at.cx.consent().adopt), &self.making(at, seen)?, now.as_ref())?),
        }
    }

    fn route(&self, at: At<'_, Taken>, from: Option<&State>, to: Option<&State>) -> Result<Vec<Leg<State>>> {
        Ok(self.legs(at.facts, from, to))
    }

    fn proof(&self, at: At<'_, Taken>, seen: &Seen<State>) -> Result<Proof> {
        self.proven(at, seen)
    }
}
