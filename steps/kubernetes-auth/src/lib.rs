//! The step `kubernetes-auth`: Vault's Kubernetes auth method, mounted and configured.
//!
//! It owns the mount at one path and its config (`sys/auth/<mount>`, `auth/<mount>/config`). Vault replaces a config as a
//! whole and gives its reviewer JWT never back: the state holds a digest, the mark in the mount's description remembers
//! it, and a write fetches the JWT again.

mod config;
mod decide;
mod description;
mod jwt;
mod observe;
mod owner;
mod pem;
mod prove;
mod rights;
mod source;
mod state;
mod surroundings;
mod survey;
mod target;
#[cfg(test)]
mod tests;
mod undo;
mod way;
mod write;

use async_trait::async_trait;
use trustpath_core::{
    Act, Around, At, Context, Evidence, Handle, Kind, Managed, Released, Result, Right, Undo, Wanted,
};
use trustpath_platform::{AuthMount, Cluster, ReviewerSecret, RoleRef, Vault, VaultServer};

use owner::{Claim, Owner};

pub use config::{
    Ca, Host, KubernetesAuth, MountPath, PemKey, Reviewer as ReviewerChoice, SecretRef, Source, TokenType, Tune,
    Visibility,
};
pub use jwt::Claims;
pub use state::{Config, Digest, Mount, MountMark, Reviewer, State};
pub use surroundings::{Found, Making, Place, Removing, Surroundings, Text};

impl KubernetesAuth {
    /// The roles that the steps which need this one make on the mount, each with its step.
    fn own_roles<'a>(&self, cx: &'a Context) -> impl Iterator<Item = (&'a str, &'a str)> {
        let roles = cx.needing().with_givers::<RoleRef>();
        let here = roles.filter(|(_, role)| role.mount.path == self.mount.as_str());
        here.map(|(step, role)| (step, role.name.as_str()))
    }
}

/// The facts that the step takes.
pub(crate) type Taken = (VaultServer, Option<ReviewerSecret>);

inventory::submit! {
    Kind::managed::<KubernetesAuth>("kubernetes-auth", "Vault's Kubernetes auth method, mounted and configured")
}

#[async_trait]
impl Managed for KubernetesAuth {
    type State = State;
    type Around = Surroundings;
    type Takes = Taken;
    type Gives = AuthMount;

    fn systems(&self) -> &'static [&'static str] {
        &[Vault::NAME, Cluster::NAME]
    }

    fn gives(&self, (server, _): &Taken) -> AuthMount {
        AuthMount { path: self.mount.to_string(), namespace: server.namespace.clone() }
    }

    async fn observe(&self, at: At<'_, Taken>) -> Result<Option<State>> {
        self.look(at).await
    }

    async fn survey(&self, at: At<'_, Taken>, around: Around) -> Result<Surroundings> {
        match around {
            Around::Making => Ok(Surroundings::Making(Box::new(self.survey_making(at).await?))),
            Around::Removing => Ok(Surroundings::Removing(self.survey_removing(at).await?)),
        }
    }

    fn desired(&self, at: At<'_, Taken>, around: &Surroundings, now: Option<&State>) -> Result<Wanted<State>> {
        match around {
            Surroundings::Making(around) => Ok(self.decide(Claim::of(at.cx), around, now)?),
            Surroundings::Removing(_) => Err(decide::wrong_survey().into()),
        }
    }

    /// Before a removal, that of another cluster too: `released` says whose it is.
    fn ours(&self, at: At<'_, Taken>, around: &Surroundings, now: &State) -> bool {
        match around {
            Surroundings::Making(around) => self.is_ours(at.cx.graph(), around, now),
            Surroundings::Removing(_) => now.mount.mark.as_ref().is_some_and(|mark| mark.graph == at.cx.graph()),
        }
    }

    fn released(&self, at: At<'_, Taken>, around: &Surroundings, now: &State) -> Result<Released<State>> {
        match around {
            Surroundings::Removing(around) => Ok(self.release(Claim::of(at.cx), around, self.own_roles(at.cx), now)),
            Surroundings::Making(_) => Err(decide::wrong_survey().into()),
        }
    }

    /// What serves another cluster needs nothing of this one.
    fn retains(&self, at: At<'_, Taken>, around: &Surroundings, left: &State) -> bool {
        let Surroundings::Removing(Removing { cluster, .. }) = around else { return true };
        !matches!(owner::of(at.cx.graph(), cluster, &left.mount), Owner::OtherCluster(_))
    }

    fn goes_with(&self, at: At<'_, Taken>) -> Vec<String> {
        self.own_roles(at.cx).map(|(step, _)| step.to_owned()).collect()
    }

    fn undoable(&self, from: Option<&State>, to: Option<&State>) -> Undo {
        self.undo(from, to)
    }

    fn waypoints(&self, from: Option<&State>, to: Option<&State>) -> Result<Vec<Option<State>>> {
        Ok(way::waypoints(from, to))
    }

    async fn write(&self, at: At<'_, Taken>, now: Option<&State>, to: Option<&State>) -> Result<()> {
        self.send(at, now, to).await
    }

    async fn prove(&self, at: At<'_, Taken>, state: &State) -> Result<Evidence> {
        self.evidence(at, state).await
    }

    fn rights(&self, at: At<'_, Taken>, act: Act<'_, State>) -> Vec<Right> {
        self.needs(at.facts, act)
    }
}
