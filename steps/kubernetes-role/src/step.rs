//! The role as a step.

use async_trait::async_trait;
use serde_json::{Map, Value};
use trustpath_core::{
    Act, Around, At, Class, Evidence, Handle, Managed, Note, Problem, Released, Result, Right, Wanted,
};
use trustpath_platform::{AuthMount, Cluster, RoleRef, Vault, error::Kind, vault::Family};

use crate::{
    config::KubernetesRole,
    decide::{self, Facts},
    owner::{self, Owner},
    prove,
    state::RoleState,
};

/// What has to be known besides the role itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// Before it is removed, and not made.
    removes: bool,
    /// Whose the mount is, and so its roles.
    owner: Owner,
    /// Whether the server is one that knows `token_strictly_bind_ip`.
    binds_addresses: bool,
}

impl KubernetesRole {
    pub(crate) fn path(&self, mount: &AuthMount) -> String {
        Vault::path(["auth", &mount.path, "role", self.name.as_str()])
    }

    async fn vault(&self, at: At<'_, Facts>) -> Result<Vault> {
        Ok(at.cx.handle::<Vault>().await?.within(at.facts.0.namespace.as_deref()))
    }
}

#[async_trait]
impl Managed for KubernetesRole {
    type State = RoleState;
    type Around = Surroundings;
    type Takes = Facts;
    type Gives = RoleRef;

    fn systems(&self) -> &'static [&'static str] {
        &[Vault::NAME, Cluster::NAME]
    }

    fn gives(&self, (mount, ..): &Facts) -> RoleRef {
        let audience = self.audience.as_ref().map(|audience| audience.as_str().to_owned());
        RoleRef { mount: mount.clone(), name: self.name.as_str().to_owned(), audience }
    }

    /// A mount that is not there yet has no roles: 404, too.
    async fn observe(&self, at: At<'_, Facts>) -> Result<Option<RoleState>> {
        let answer: Option<Map<String, Value>> = self.vault(at).await?.read(&self.path(&at.facts.0)).await?;
        Ok(answer.map(RoleState::answered).transpose().map_err(unlike_a_role)?)
    }

    async fn survey(&self, at: At<'_, Facts>, around: Around) -> Result<Surroundings> {
        let vault = self.vault(at).await?;
        let mark = match vault.mounts().await {
            Ok(mounts) => mounts.auth_at(&at.facts.0.path).and_then(|mount| mount.mark()),
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        let owner = owner::of(at.cx, mark).await?;
        Ok(Surroundings {
            removes: around == Around::Removing,
            owner,
            binds_addresses: vault.family() == Family::OpenBao,
        })
    }

    fn desired(&self, at: At<'_, Facts>, around: &Surroundings, now: Option<&RoleState>) -> Result<Wanted<RoleState>> {
        let mut wanted = decide::desired(self, at.facts, now)?;
        if wanted.state.token_strictly_bind_ip && !around.binds_addresses {
            wanted.notes.push(Note::Warning(FORGOTTEN.into()));
        }
        Ok(wanted)
    }

    /// Before a removal, that of another cluster too: `released` says whose it is.
    fn ours(&self, _: At<'_, Facts>, around: &Surroundings, _: &RoleState) -> bool {
        match around.owner {
            Owner::Ours | Owner::Unnamed => true,
            Owner::OtherCluster(_) => around.removes,
            Owner::Other => false,
        }
    }

    fn released(&self, at: At<'_, Facts>, around: &Surroundings, now: &RoleState) -> Result<Released<RoleState>> {
        Ok(match around.owner.keep_because(&at.facts.0.path) {
            Some(why) => Released::kept(now.clone(), why),
            None => Released::all(),
        })
    }

    /// What serves another cluster needs nothing of this one.
    fn retains(&self, _: At<'_, Facts>, around: &Surroundings, _: &RoleState) -> bool {
        !matches!(around.owner, Owner::OtherCluster(_))
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

    fn rights(&self, at: At<'_, Facts>, act: Act<'_, RoleState>) -> Vec<Right> {
        self.needs(at.facts, act)
    }
}

const FORGOTTEN: &str = "only OpenBao knows `token_strictly_bind_ip`: this server takes it and forgets it";

fn unlike_a_role(error: serde_json::Error) -> Problem {
    Problem::new(
        Class::Conflict,
        "trustpath::kubernetes_role::unlike",
        "what is there is no role of a Kubernetes auth mount",
    )
    .because(error)
    .help("see whether another auth method is mounted at this path: `vault auth list`")
}
