//! The role as a step.

use async_trait::async_trait;
use serde_json::{Map, Value};
use trustpath_core::{Around, At, Class, Evidence, Managed, Problem, Released, Result, Wanted};
use trustpath_platform::{AuthMount, RoleRef, Vault, error::Kind};

use crate::{
    config::KubernetesRole,
    decide::{self, Facts},
    prove,
    state::RoleState,
};

/// Whether the mount bears the mark of this graph: then so do its roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MountIsOurs(bool);

impl KubernetesRole {
    fn path(&self, mount: &AuthMount) -> String {
        Vault::path(["auth", &mount.path, "role", self.name.as_str()])
    }

    async fn vault(&self, at: At<'_, Facts>) -> Result<Vault> {
        Ok(at.cx.handle::<Vault>().await?.within(at.facts.0.namespace.as_deref()))
    }
}

#[async_trait]
impl Managed for KubernetesRole {
    type State = RoleState;
    type Around = MountIsOurs;
    type Takes = Facts;
    type Gives = RoleRef;

    fn gives(&self, (mount, ..): &Facts) -> RoleRef {
        let audience = self.audience.as_ref().map(|audience| audience.as_str().to_owned());
        RoleRef { mount: mount.clone(), name: self.name.as_str().to_owned(), audience }
    }

    /// A mount that is not there yet has no roles: 404, too.
    async fn observe(&self, at: At<'_, Facts>) -> Result<Option<RoleState>> {
        let answer: Option<Map<String, Value>> = self.vault(at).await?.read(&self.path(&at.facts.0)).await?;
        Ok(answer.map(RoleState::answered).transpose().map_err(unlike_a_role)?)
    }

    async fn survey(&self, at: At<'_, Facts>, _: Around) -> Result<MountIsOurs> {
        let mark = match self.vault(at).await?.mounts().await {
            Ok(mounts) => mounts.auth_at(&at.facts.0.path).and_then(|mount| mount.mark()),
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(MountIsOurs(mark.is_some_and(|mark| mark.graph == at.cx.graph())))
    }

    fn desired(&self, at: At<'_, Facts>, _: &MountIsOurs, now: Option<&RoleState>) -> Result<Wanted<RoleState>> {
        decide::desired(self, at.facts, now)
    }

    fn ours(&self, _: At<'_, Facts>, around: &MountIsOurs, _: &RoleState) -> bool {
        around.0
    }

    fn released(&self, _: At<'_, Facts>, _: &MountIsOurs, _: &RoleState) -> Result<Released<RoleState>> {
        Ok(Released::all())
    }

    async fn write(&self, at: At<'_, Facts>, now: Option<&RoleState>, to: Option<&RoleState>) -> Result<()> {
        let (vault, path) = (self.vault(at).await?, self.path(&at.facts.0));
        match to {
            None => vault.delete(&path).await?,
            Some(to) => drop(vault.write_settling(&path, &to.body(now)).await?),
        }
        Ok(())
    }

    async fn prove(&self, at: At<'_, Facts>, state: &RoleState) -> Result<Evidence> {
        prove::prove(self, at, &self.vault(at).await?, state).await
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
